package eventstore_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// noted is an event that carries whatever tags a test wants.
type noted struct {
	ID   int64        `json:"id,omitempty"`
	Text string       `json:"text,omitempty"`
	On   []domain.Tag `json:"on"`
}

func (noted) EventType() string    { return "Noted" }
func (e noted) Tags() []domain.Tag { return e.On }
func (e noted) SubjectKey() int64  { return e.ID }

// taken says that a name is given away; its decision is guarded.
type taken struct {
	Name domain.Tag `json:"name"`
}

func (taken) EventType() string    { return "Taken" }
func (e taken) Tags() []domain.Tag { return []domain.Tag{e.Name} }
func (taken) SubjectKey() int64    { return 0 }

// booked lives in another context.
type booked struct{ noted }

func (booked) EventType() string { return "Booked" }

func testCodec() *domain.Codec {
	return domain.NewCodec([]domain.Descriptor{
		domain.Describe[noted](domain.ContextDNS), domain.Describe[taken](domain.ContextAccess), domain.Describe[booked](domain.ContextOps),
	})
}

// count is the fold of how many events have a tag.
type count struct {
	item domain.Item
	n    int
	last domain.Position
}

type counted struct {
	n    int
	last domain.Position
}

func countOf(tag domain.Tag, types ...string) *count {
	return &count{item: domain.Item{Tag: tag, Types: types}}
}

func (c *count) Item() domain.Item       { return c.item }
func (c *count) Apply(r domain.Recorded) { c.n, c.last = c.n+1, r.Position }
func (c *count) Snapshot() any           { return counted{c.n, c.last} }
func (c *count) Restore(s any)           { c.n, c.last = s.(counted).n, s.(counted).last }

// deciding makes a command of a function.
type deciding func(h domain.History, env domain.Env) ([]domain.Event, error)

func (f deciding) Decide(h domain.History, env domain.Env) ([]domain.Event, error) { return f(h, env) }

// note appends events without any condition.
func note(events ...domain.Event) domain.Command {
	return deciding(func(domain.History, domain.Env) ([]domain.Event, error) { return events, nil })
}

// take takes a name, unless it is taken.
func take(name domain.Tag) domain.Command {
	return deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
		c := countOf(name, "Taken")
		if err := h.Load(c); err != nil {
			return nil, err
		}
		if c.n > 0 {
			return nil, domain.Refused("taken")
		}
		return []domain.Event{taken{Name: name}}, nil
	})
}

// open opens a store and closes it at the test's end.
func open(t testing.TB, pool *pgxpool.Pool, change ...func(*eventstore.Config)) *eventstore.Store {
	t.Helper()
	cfg := eventstore.Config{Pool: pool, Codec: testCodec(), Bound: func(c domain.Command, _ domain.CredentialID) domain.Command { return c }}
	for _, f := range change {
		f(&cfg)
	}
	s, err := eventstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// run opens a store with a running writer, like a process of its own.
func run(t testing.TB, pool *pgxpool.Pool, change ...func(*eventstore.Config)) *eventstore.Store {
	t.Helper()
	s := open(t, pool, change...)
	testkit.Background(t, s.Run)
	return s
}

func execute(t testing.TB, s *eventstore.Store, c domain.Command) eventstore.Receipt {
	t.Helper()
	r, err := s.Execute(t.Context(), eventstore.Request{Command: c, Actor: 7, Credential: 3, Door: domain.DoorV1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wholeLog reads everything and checks what holds for every log.
func wholeLog(t testing.TB, s *eventstore.Store) []protocol.Envelope {
	t.Helper()
	var all []protocol.Envelope
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scan(t.Context(), 0, head.Position, func(page []protocol.Envelope) error {
		all = append(all, page...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	last, at := map[domain.Context]domain.Position{}, time.Time{}
	for i, e := range all {
		if e.Position != domain.Position(i+1) {
			t.Fatalf("event %d has position %d", i+1, e.Position)
		}
		if e.Prev != last[e.Context] {
			t.Errorf("event %d has prev %d, want %d", e.Position, e.Prev, last[e.Context])
		}
		if e.RecordedAt.Before(at) {
			t.Errorf("event %d was recorded before its predecessor", e.Position)
		}
		if !json.Valid(e.Data) {
			t.Errorf("event %d: bad data %s", e.Position, e.Data)
		}
		last[e.Context], at = e.Position, e.RecordedAt
	}
	if int(head.Position) != len(all) {
		t.Errorf("the head is at %d, the log has %d events", head.Position, len(all))
	}
	for c, p := range head.Last {
		if p != last[c] {
			t.Errorf("the head says %d is the last of %s, the log %d", p, c, last[c])
		}
	}
	return all
}
