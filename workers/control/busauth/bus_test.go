package busauth

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/signing"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is a log and the authority over its bus.
type world struct {
	t         *testing.T
	store     *eventstore.Store
	vault     *vault.Vault
	authority *Authority
	// stopStore ends the store, as when PostgreSQL is away.
	stopStore func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	pool := testkit.Postgres(t)
	var err error
	if w.store, err = eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec()}); err != nil {
		t.Fatal(err)
	}
	if w.vault, err = vault.Open(pool, filepath.Join(t.TempDir(), "vault.key")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = w.store.Run(ctx) })
	w.stopStore = sync.OnceFunc(func() { cancel(); running.Wait(); w.store.Close() })
	t.Cleanup(w.stopStore)
	w.authority = w.another()
	return w
}

// another is the authority of another process of the same control plane.
func (w *world) another() *Authority {
	w.t.Helper()
	a, err := New(w.t.Context(), Config{Store: w.store, Vault: w.vault})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) append(events ...domain.Event) {
	w.t.Helper()
	if _, err := w.store.Execute(w.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: testkit.Events(events)}); err != nil {
		w.t.Fatal(err)
	}
}

// enroll trusts the agents of servers 1 and 2 and of machines 1 and 2.
func (w *world) enroll() {
	w.t.Helper()
	for id := int64(1); id <= 2; id++ {
		w.append(dns.ServerEnrolled{ID: id}, ops.HostEnrolled{ID: id})
	}
}

func (w *world) credentials(who Identity) Credentials {
	w.t.Helper()
	c, err := w.authority.Credentials(w.t.Context(), who, "nats://x")
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// bus is a running server with the agents of enroll and their consumers.
type bus struct {
	*world
	server  *embeddednats.Server
	control *nats.Conn
	js      jetstream.JetStream
}

func startBus(t *testing.T) *bus { return startBusWith(t, (*signing.Signer).BusTLS) }

// startBusWith starts a bus that speaks this TLS, or in clear.
func startBusWith(t *testing.T, tlsOf func(*signing.Signer) *tls.Config) *bus {
	t.Helper()
	b := &bus{world: newWorld(t)}
	b.enroll()
	trust, err := b.authority.Trust(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.server, err = embeddednats.Start(embeddednats.Config{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: tlsOf(b.authority.Signer()), Trust: trust, Own: b.authority.AsControl(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.server.Stop)
	b.control = testkit.Connect(t, b.server)
	b.js = testkit.JetStream(t, b.control)
	b.fill()
	return b
}

// inboxPrefix is where an agent receives replies.
func inboxPrefix(who Identity) string {
	if who.Kind == KindHost {
		return protocol.HostInboxPrefix(who.ID)
	}
	return protocol.InboxPrefix(who.ID)
}

func (b *bus) agent(who Identity) *nats.Conn {
	b.t.Helper()
	return b.connect(b.credentials(who).Option(), nats.CustomInboxPrefix(inboxPrefix(who)))
}

func (b *bus) connect(options ...nats.Option) *nats.Conn {
	b.t.Helper()
	// Violations are what the tests provoke; the default handler would print them.
	options = append(options, nats.Timeout(testkit.Patience), nats.PermissionErrOnSubscribe(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	nc, err := nats.Connect(b.server.URL(), options...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(nc.Close)
	return nc
}

// fill makes the streams, three events and the agents' consumers.
func (b *bus) fill() {
	b.t.Helper()
	stream, err := b.js.CreateStream(b.t.Context(), jetstream.StreamConfig{
		Name: "EVENTS", Subjects: []string{"events.>"}, DenyDelete: true, DenyPurge: true,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.js.CreateStream(b.t.Context(), jetstream.StreamConfig{Name: protocol.StreamOutput, Subjects: []string{protocol.SubjectOutputs}}); err != nil {
		b.t.Fatal(err)
	}
	for _, name := range []string{"agent-1", "agent-2", "host-1", "host-2"} {
		if _, err := stream.CreateConsumer(b.t.Context(), jetstream.ConsumerConfig{
			Durable: name, FilterSubject: "events.dns.>", AckPolicy: jetstream.AckAllPolicy,
			PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{protocol.PullGroup},
		}); err != nil {
			b.t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := b.js.Publish(b.t.Context(), "events.dns.0.X", []byte(`{"secret":"no"}`)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// unharmed checks that the stream and the others' consumers are as they were.
func (b *bus) unharmed() {
	b.t.Helper()
	stream, err := b.js.Stream(b.t.Context(), "EVENTS")
	if err != nil {
		b.t.Fatal(err)
	}
	if got := stream.CachedInfo().State; got.Msgs != 3 || got.LastSeq != 3 {
		b.t.Errorf("the stream has %d messages up to %d, want 3", got.Msgs, got.LastSeq)
	}
	for _, name := range []string{"agent-2", "host-2"} {
		consumer, err := stream.Consumer(b.t.Context(), name)
		if err != nil {
			b.t.Fatal(err)
		}
		if info := consumer.CachedInfo(); info.Delivered.Consumer != 0 || info.AckFloor.Stream != 0 || info.NumWaiting != 0 {
			data, _ := json.Marshal(info)
			b.t.Errorf("%s was touched: %s", name, data)
		}
	}
}

func request(nc *nats.Conn, subject, payload string) (*nats.Msg, error) {
	return nc.Request(subject, []byte(payload), testkit.Patience)
}
