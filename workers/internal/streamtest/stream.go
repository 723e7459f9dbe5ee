// Package streamtest has the EVENTS stream with one agent's consumer for tests that
// write the events themselves, so that they can also lose them.
package streamtest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// Stream is seen from the control plane's side.
type Stream struct {
	t        testing.TB
	consumer string
	context  domain.Context

	NC *nats.Conn
	JS jetstream.JetStream
	// Seal seals an event's payload; nil leaves events without a seal.
	Seal func(payload []byte) string
	// Head is the last event's position, last that of each context's last one.
	Head domain.Position
	last map[domain.Context]domain.Position
}

// New makes the stream, and a consumer of this name that has the context's events.
func New(t testing.TB, server *embeddednats.Server, consumer string, c domain.Context) *Stream {
	t.Helper()
	s := &Stream{t: t, consumer: consumer, context: c}
	s.Connect(server)
	s.Make()
	s.MakeConsumer()
	return s
}

// Connect is to be called again when the server was started again.
func (s *Stream) Connect(server *embeddednats.Server) {
	s.t.Helper()
	s.NC = testkit.Connect(s.t, server)
	s.JS = testkit.JetStream(s.t, s.NC)
}

// Make makes the empty stream, again and again while the folder of a deleted one is
// still being cleared away.
func (s *Stream) Make() {
	s.t.Helper()
	s.Head, s.last = 0, map[domain.Context]domain.Position{}
	testkit.Eventually(s.t, "the stream is made", func() bool {
		_, err := s.JS.CreateStream(s.t.Context(), jetstream.StreamConfig{
			Name: protocol.StreamEvents, Subjects: []string{protocol.SubjectEvents + ".>"},
		})
		return err == nil
	})
}

// Delete deletes the stream with its consumers.
func (s *Stream) Delete() {
	s.t.Helper()
	s.check(s.JS.DeleteStream(s.t.Context(), protocol.StreamEvents))
}

// MakeConsumer makes the consumer.
func (s *Stream) MakeConsumer() {
	s.t.Helper()
	_, err := s.JS.CreateConsumer(s.t.Context(), protocol.StreamEvents, jetstream.ConsumerConfig{
		Durable: s.consumer, FilterSubject: protocol.SubjectOfContext(s.context),
		AckPolicy: jetstream.AckAllPolicy, DeliverPolicy: jetstream.DeliverAllPolicy, MaxAckPending: 65536,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{protocol.PullGroup},
	})
	s.check(err)
}

// ResetConsumer moves the consumer behind its agent's back.
func (s *Stream) ResetConsumer(to uint64) {
	s.t.Helper()
	_, err := s.JS.ResetConsumerToSequence(s.t.Context(), protocol.StreamEvents, s.consumer, to)
	s.check(err)
}

// PurgeBefore takes the events before the position out of the stream.
func (s *Stream) PurgeBefore(p domain.Position) {
	s.t.Helper()
	stream, err := s.JS.Stream(s.t.Context(), protocol.StreamEvents)
	s.check(err)
	s.check(stream.Purge(s.t.Context(), jetstream.WithPurgeSequence(uint64(p))))
}

// DNS appends n events of the dns context and returns the last one's position.
func (s *Stream) DNS(n int) domain.Position {
	s.t.Helper()
	for range n {
		s.Append(domain.ContextDNS, s.record())
	}
	return s.Head
}

func (s *Stream) record() domain.Event {
	return dns.RecordAdded{ID: int64(s.Head), ZoneID: 3, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", Value: "192.0.2.1"}}
}

// Part appends an event of the dns context which more events of its change follow, own of
// them of the same context.
func (s *Stream) Part(more, own int) {
	s.t.Helper()
	s.append(domain.ContextDNS, s.record(), more, own)
}

// Access appends n events of the access context.
func (s *Stream) Access(n int) {
	s.t.Helper()
	for range n {
		s.Append(domain.ContextAccess, access.UserRegistered{ID: 1, Username: "x"})
	}
}

// Append appends an event of the context.
func (s *Stream) Append(c domain.Context, event domain.Event) {
	s.t.Helper()
	s.append(c, event, 0, 0)
}

func (s *Stream) append(c domain.Context, event domain.Event, more, own int) {
	s.t.Helper()
	d, data, err := testkit.Codec().Encode(event)
	s.check(err)
	s.Head++
	e := protocol.Envelope{
		Position: s.Head, Prev: s.last[c], ID: uuid.New(), Type: d.Name, Context: c, Schema: d.Schema(),
		Key: event.SubjectKey(), Data: data, RecordedAt: time.Now().UTC(), More: more, MoreOwn: own,
	}
	s.last[c] = s.Head
	payload, err := json.Marshal(e)
	s.check(err)
	m := nats.NewMsg(protocol.Subject(e))
	m.Data = payload
	if s.Seal != nil {
		m.Header.Set(protocol.HeaderSeal, s.Seal(payload))
	}
	_, err = s.JS.PublishMsg(s.t.Context(), m, jetstream.WithExpectLastSequence(uint64(s.Head-1)))
	s.check(err)
}

func (s *Stream) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
