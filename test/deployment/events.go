package deployment

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// Events is the stream of events as another process of the control plane sees it.
type Events struct {
	t      testing.TB
	js     jetstream.JetStream
	stream jetstream.Stream
}

func newEvents(t testing.TB, nc *nats.Conn) *Events {
	t.Helper()
	js := testkit.JetStream(t, nc)
	stream, err := js.Stream(t.Context(), protocol.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	return &Events{t: t, js: js, stream: stream}
}

// Events is the stream in the server's embedded NATS, which trusts who has the
// keys of the vault.
func (s *Server) Events(log *Log) *Events {
	s.t.Helper()
	secrets, err := vault.Open(log.Pool, s.keyFile())
	if err != nil {
		s.t.Fatal(err)
	}
	authority, err := busauth.New(s.t.Context(), busauth.Config{Store: log.Store, Vault: secrets})
	if err != nil {
		s.t.Fatal(err)
	}
	nc, err := nats.Connect(s.Running().NATSURL, nats.Timeout(testkit.Patience), authority.AsControl(), authority.PinnedBus())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	return newEvents(s.t, nc)
}

// follow gives each of n messages to f, the first of them that of the position,
// as they come.
func (e *Events) follow(from, n int64, f func(jetstream.Msg)) {
	e.t.Helper()
	consumer, err := e.stream.OrderedConsumer(e.t.Context(), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: uint64(from),
	})
	if err != nil {
		e.t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		e.t.Fatal(err)
	}
	defer messages.Stop()
	for range n {
		m, err := messages.Next(jetstream.NextMaxWait(testkit.Patience))
		if err != nil {
			e.t.Fatalf("the stream's messages from %d on: %v", from, err)
		}
		f(m)
	}
}

// await returns when the stream has the event of the position.
func (e *Events) await(position int64) {
	e.t.Helper()
	e.follow(position, 1, func(jetstream.Msg) {})
}

// WantAll wants each message of the stream to be the event of its sequence, up to
// the log's head.
func (e *Events) WantAll(log *Log) {
	e.t.Helper()
	head := log.Head()
	events, err := log.Store.Read(e.t.Context(), 0, int(head))
	if err != nil || int64(len(events)) != head {
		e.t.Fatalf("%d events of %d: %v", len(events), head, err)
	}
	at := 0
	e.follow(1, head, func(m jetstream.Msg) {
		meta, err := m.Metadata()
		want := events[at]
		if err != nil || meta.Sequence.Stream != uint64(want.Position) || !strings.Contains(string(m.Data()), want.ID.String()) {
			e.t.Fatalf("message %+v is not event %d, %s: %v", meta, want.Position, want.ID, err)
		}
		at++
	})
	info, err := e.stream.Info(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	if state := info.State; state.LastSeq != uint64(head) || state.Msgs != uint64(head) {
		e.t.Errorf("the stream has %d messages up to %d; the log %d events", state.Msgs, state.LastSeq, head)
	}
}
