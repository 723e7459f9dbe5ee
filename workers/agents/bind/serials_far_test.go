package bind

import (
	"fmt"
	"syscall"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// serialsBecome waits until every zone's serial at named is what the log says.
func (h *host) serialsBecome(zones ...string) {
	h.t.Helper()
	h.applied()
	h.engine.mu.Lock()
	want := numbers(h.engine.state)
	h.engine.mu.Unlock()
	for _, zone := range zones {
		for key, serial := range want {
			if key.zone != mdns.Fqdn(zone) {
				continue
			}
			if got := h.serial("127.0.0.1", zone); got != serial {
				h.t.Errorf("%s: serial %d, want %d", zone, got, serial)
			}
		}
	}
}

// A named that was away while serials went further than RFC 1982 can tell has the log's
// serials in the end.
func TestSerialsThatAreFarAwayAreReached(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	small, _ := h.zone("small.test", v)
	large, _ := h.zone("large.test", v)
	h.applied()
	h.stop()
	for _, to := range []uint32{2147483000, 4294960001} {
		for name, id := range map[string]int64{"small.test": small, "large.test": large} {
			h.history = append(h.history, domainEvents(&h.position, dns.ZoneSettingsChanged{
				ID: id, Raise: &dns.SerialRaise{Zone: name, Views: []int64{v}, To: to},
			})...)
		}
	}
	for i := range 3000 {
		r := dns.RecordData{ViewID: v, Host: fmt.Sprintf("h%d", i), Type: "TXT", TTL: 60, Value: "more than a message has room for"}
		h.history = append(h.history, domainEvents(&h.position, dns.RecordAdded{ID: h.id(), ZoneID: large, Record: r})...)
	}
	h.start()
	h.serialsBecome("small.test", "large.test")
	if h.serial("127.0.0.1", "small.test") < 4294960001 {
		t.Error("the serials were not raised")
	}
	if n := metric(t, h.engine.metrics.rewrites); n != 2 {
		t.Errorf("%v zones were replaced by a file, want 2", n)
	}
}

// A serial above the log's, which somebody gave to a zone past the agent, does not stay: it
// would be this named's alone.
func TestSerialsOfSomebodyElseDoNotStay(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	for _, serial := range []uint32{7, 4000, dns.SerialReach} {
		h.tamper(v, "a.test.", fmt.Sprintf("a.test. 600 SOA ns.a.test. x.a.test. %d 1 1 1 1", serial))
		h.until("the log's SOA is back", func(r protocol.Report) bool {
			return r.Applied == h.position && h.serial("127.0.0.1", "a.test") == uint32(h.position)
		})
		h.tamper(v, "a.test.", "own.a.test. 60 A 10.0.0.9")
		h.add(z, record(v, fmt.Sprint("h", serial), "A", "10.0.0.1"))
		h.serialsBecome("a.test")
	}

	// named loads the zone again, with what came since
	added := metric(t, h.engine.metrics.additions)
	if err := syscall.Kill(h.engine.orphan(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.add(z, record(v, "last", "A", "10.0.0.1"))
	h.serialsBecome("a.test")
	if now := metric(t, h.engine.metrics.additions); now != added {
		t.Errorf("%v zones had to be added anew", now-added)
	}
}
