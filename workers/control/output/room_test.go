package output

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/testkit"
)

// withRoom is a store whose NATS has that much room on its disk.
func withRoom(t *testing.T, room int64) *world {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		JetStream: true, StoreDir: t.TempDir(), JetStreamMaxStore: room, JetStreamMaxMemory: 1 << 20, DontListen: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Timeout(testkit.Patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w := &world{t: t, nc: nc, js: testkit.JetStream(t, nc)}
	w.store = New(Config{NC: nc, JS: w.js})
	return w
}

// A disk with less room than is wanted holds as much as it can.
func TestLittleRoom(t *testing.T) {
	t.Parallel()
	w := withRoom(t, 100<<20)
	for range 2 { // the second look finds it as it should be
		if err := w.store.ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.store.stream.Info(t.Context())
	if err != nil || info.Config.MaxBytes != 64<<20 {
		t.Fatalf("%v: the stream holds %d", err, info.Config.MaxBytes)
	}
	if share := w.store.perHost(); share != 1<<20 {
		t.Errorf("a host's share is %d", share)
	}
	w.print(8, 1, 3)
	w.expect(w.open(8, 0), span(1, 3)...)
}

func TestNoRoom(t *testing.T) {
	t.Parallel()
	if err := withRoom(t, 10<<20).store.ensure(t.Context()); !noRoom(err) {
		t.Errorf("want that there is no room, got %v", err)
	}
}

// A larger disk is used when it is there, and what was kept stays.
func TestMoreRoomLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{MaxBytes: 32 << 20})
	w.print(8, 1, 3)
	w.store.cfg.MaxBytes = 64 << 20
	if err := w.store.ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if size := w.store.size.Load(); size != 64<<20 {
		t.Errorf("the stream holds %d", size)
	}
	w.expect(w.open(8, 0), span(1, 3)...)
}
