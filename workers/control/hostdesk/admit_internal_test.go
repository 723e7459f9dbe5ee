package hostdesk

import (
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/protocol"
)

// What a host sends is paid for by its bytes, before anything is read.
func TestBytesCost(t *testing.T) {
	t.Parallel()
	const host, sent = 7, 100
	d := &Desk{hosts: allowance.New(ofHost, "hostdesk", slog.New(slog.DiscardHandler))}
	heard := 0
	admit := d.admit(func(*nats.Msg) {
		heard++
		d.hosts.End(host)
	})
	began := time.Now()
	for range sent {
		admit(&nats.Msg{Subject: protocol.SubjectHostReport(host), Reply: protocol.HostInboxPrefix(host) + ".x", Data: make([]byte, 1<<20)})
	}
	if most := 9 + int(2*time.Since(began).Seconds()); heard == 0 || heard > most {
		t.Errorf("%d of %d messages of 1 MiB were heard, want at most %d", heard, sent, most)
	}
}
