package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// An agent sleeps, or is cut off, while the stream forgets what it has not seen;
// or it is killed with messages that were delivered but neither applied nor
// acknowledged. It skips nothing and brings nothing out of order: named ends with
// what was acknowledged.
func TestAgentAsleepPastRetention(t *testing.T) {
	t.Parallel()
	bus := startNATS(t)
	serve := newServing(t, "serve", "--nats-url", bus.url())
	w := newWorkloadOn(startAround(t, serve, "--nats-url", bus.url()), 3, 4)
	// Those that it dies in come first: it starts from a snapshot, which would heal the others.
	for _, nap := range []struct {
		name   string
		cut    bool
		forgot bool
		awake  func()
	}{
		{"it dies with messages that are still there", false, false, w.restartAgent},
		{"it dies with messages that are forgotten", false, true, w.restartAgent},
		{"it has its messages, and they are still there", false, false, w.wakeAgent},
		{"it has its messages, but they are forgotten", false, true, w.wakeAgent},
		{"it has none, and they are forgotten", true, true, w.wakeAgent},
	} {
		w.burst(2)
		w.live()
		w.pauseAgent()
		if nap.cut {
			bus.restart() // ends the agent's connection, and with it what it had asked for
		}
		w.burst(4)
		w.clients[0].renameView() // fits whatever was missed before
		if nap.forgot {
			bus.forget(w.last())
		}
		began := time.Now()
		nap.awake()
		w.live()
		t.Logf("%s: all is live %s later", nap.name, time.Since(began).Round(time.Millisecond))
	}
	w.check()
}

// natsServer is an outside NATS server, which comes back at the same address.
type natsServer struct {
	t      *testing.T
	cfg    embeddednats.Config
	server *embeddednats.Server
}

func startNATS(t *testing.T) *natsServer {
	t.Helper()
	b := &natsServer{t: t, cfg: embeddednats.Config{Listen: testkit.Address(t), Dir: t.TempDir()}}
	b.start()
	return b
}

// url names a user, since everybody may use this server.
func (b *natsServer) url() string { return strings.Replace(b.server.URL(), "//", "//anybody@", 1) }

func (b *natsServer) start() {
	b.t.Helper()
	server, err := embeddednats.Start(b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(server.Stop)
	b.server = server
}

func (b *natsServer) restart() {
	b.t.Helper()
	b.server.Stop()
	b.start()
}

// stream gives f the stream of events.
func (b *natsServer) stream(f func(jetstream.JetStream, *jetstream.StreamInfo)) {
	b.t.Helper()
	nc, err := b.server.Connect()
	if err != nil {
		b.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(testkit.Patience))
	if err != nil {
		b.t.Fatal(err)
	}
	stream, err := js.Stream(b.t.Context(), protocol.StreamEvents)
	if err != nil {
		b.t.Fatal(err)
	}
	f(js, stream.CachedInfo())
}

// forget has the stream keep its last message alone, once it has all up to last.
func (b *natsServer) forget(last int64) {
	b.t.Helper()
	eventually(b.t, "the stream has it", func() (has bool) {
		b.stream(func(js jetstream.JetStream, info *jetstream.StreamInfo) {
			if has = int64(info.State.LastSeq) >= last; !has {
				return
			}
			for _, most := range []int64{1, -1} {
				info.Config.MaxMsgs = most
				if _, err := js.UpdateStream(b.t.Context(), info.Config); err != nil {
					b.t.Fatal(err)
				}
			}
		})
		return has
	})
}

// burst returns when every client has had that many more writes acknowledged.
func (w *workload) burst(writes int64) {
	w.t.Helper()
	var wg sync.WaitGroup
	for _, c := range w.clients {
		wg.Go(func() {
			for enough := c.acks.Load() + writes; c.acks.Load() < enough && !w.t.Failed(); {
				c.step()
			}
		})
	}
	wg.Wait()
}
