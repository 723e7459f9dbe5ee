package deployment

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Bus is an outside NATS server, which everybody may use, and which comes back at
// the same address.
type Bus struct {
	t      testing.TB
	cfg    embeddednats.Config
	server *embeddednats.Server
}

// StartBus starts a server, which ends with the test.
func StartBus(t testing.TB) *Bus {
	t.Helper()
	b := &Bus{t: t, cfg: embeddednats.Config{Listen: testkit.Address(t), Dir: t.TempDir()}}
	b.start()
	return b
}

// URL names a user, since the server has users of its own.
func (b *Bus) URL() string { return strings.Replace(b.server.URL(), "//", "//anybody@", 1) }

func (b *Bus) start() {
	b.t.Helper()
	server, err := embeddednats.Start(b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(server.Stop)
	b.server = server
}

// Restart ends all connections.
func (b *Bus) Restart() {
	b.t.Helper()
	b.server.Stop()
	b.start()
}

// Events is the stream of events.
func (b *Bus) Events() *Events {
	b.t.Helper()
	nc, err := b.server.Connect()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(nc.Close)
	return newEvents(b.t, nc)
}

// Forget has the stream keep its last message alone, once it has all up to a position.
func (b *Bus) Forget(upTo int64) {
	b.t.Helper()
	events := b.Events()
	events.await(upTo)
	for _, most := range []int64{1, -1} {
		info, err := events.stream.Info(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		info.Config.MaxMsgs = most
		if _, err := events.js.UpdateStream(b.t.Context(), info.Config); err != nil {
			b.t.Fatal(err)
		}
	}
}
