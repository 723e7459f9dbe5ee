package eventstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func entryOf(tags ...domain.Tag) *entry {
	id := newID()
	e := &entry{commandID: id, done: make(chan answer, 1), events: []protocol.Envelope{{
		ID: newID(), Type: "T", Context: domain.ContextDNS, Schema: 1, Data: []byte("{}"), Tags: tags, CommandID: id,
	}}}
	if err := e.index(); err != nil {
		panic(err)
	}
	return e
}

// storeOf opens a store whose writer does not run yet.
func storeOf(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Pool: testkit.Postgres(t), Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// runOnce lets the writer do what waits, and nothing else.
func runOnce(t *testing.T, s *Store) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// An entry that the server refuses fails alone, and one whose caller has gone
// is not appended.
func TestOneBadEntryFailsAlone(t *testing.T) {
	t.Parallel()
	s := storeOf(t)
	good, bad, gone, last := entryOf("a"), entryOf("b"), entryOf("c"), entryOf("d")
	bad.events[0].Data = []byte(`{"broken`) // past the checks
	for _, e := range []*entry{good, bad, gone, last} {
		s.box.put(e)
	}
	if !gone.abandon() {
		t.Fatal("a waiting entry could not be taken back")
	}
	runOnce(t, s)
	if a := <-bad.done; a.err == nil || errors.Is(a.err, ErrUnavailable) {
		t.Errorf("bad: %v", a.err)
	}
	for i, e := range []*entry{good, last} {
		if a := <-e.done; a.err != nil || a.events[0].Position != domain.Position(i+1) {
			t.Errorf("good: %+v", a)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head.Position != 2 {
		t.Errorf("head %+v, %v", head, err)
	}
	if s.box.put(entryOf("e")) {
		t.Error("the mailbox is open after Run")
	}
}

// Inside a batch an earlier entry's events break a later one's condition, but
// not its own, and not one that reads other types.
func TestPlanConflicts(t *testing.T) {
	t.Parallel()
	batch := []*entry{entryOf("x"), entryOf("x"), entryOf("y"), entryOf("y"), entryOf("x")}
	batch[0].conditions = []condition{on("x", 0)}
	batch[1].conditions = []condition{on("x", 0, "Other", "T")}
	batch[2].conditions = []condition{on("x", 0, "Other")}
	batch[3].conditions = []condition{on("z", 0)}
	seen := inspection{conflicts: map[int32]bool{3: true}}
	p := makePlan(batch, seen, time.Now())
	for i, wins := range []bool{true, false, true, false, true} {
		if got := p.answers[i].err == nil; got != wins {
			t.Errorf("entry %d: %v", i, p.answers[i].err)
		}
	}
	if len(p.events) != 3 || p.head.Position != 3 {
		t.Errorf("%d events to position %d", len(p.events), p.head.Position)
	}
	if batch[0].events[0].Position != 0 {
		t.Error("planning changed the entry, which may be planned again")
	}
}

// A loser's events break nobody's condition.
func TestPlanLosersDoNotCount(t *testing.T) {
	t.Parallel()
	batch := []*entry{entryOf("x"), entryOf("x")}
	batch[1].conditions = []condition{on("x", 0)}
	p := makePlan(batch, inspection{conflicts: map[int32]bool{0: true}}, time.Now())
	if p.answers[0].err == nil || p.answers[1].err != nil {
		t.Errorf("answers: %v, %v", p.answers[0].err, p.answers[1].err)
	}
}

// One command id is taken once in a batch, and not at all when it is known.
func TestPlanCommands(t *testing.T) {
	t.Parallel()
	known, id := uuid.New(), uuid.New()
	batch := []*entry{entryOf("a"), entryOf("b"), entryOf("c"), entryOf("d")}
	for i, commandID := range []uuid.UUID{known, id, id, id} {
		batch[i].keyed, batch[i].commandID, batch[i].fingerprint = true, commandID, []byte("f")
	}
	batch[3].fingerprint = []byte("other")
	p := makePlan(batch, inspection{known: map[uuid.UUID]storedCommand{known: {id: known, first: 7}}}, time.Now())
	if p.answers[0].stored == nil || p.answers[0].stored.first != 7 {
		t.Errorf("known: %+v", p.answers[0])
	}
	if p.answers[1].err != nil || !errors.Is(p.answers[2].err, errConflict) || !errors.Is(p.answers[3].err, ErrFingerprint) {
		t.Errorf("answers: %v, %v, %v", p.answers[1].err, p.answers[2].err, p.answers[3].err)
	}
	if len(p.events) != 1 || len(p.keyed) != 1 || p.keyed[0].first != 1 {
		t.Errorf("%d events, commands %+v", len(p.events), p.keyed)
	}
}

// Time stands still rather than running back, in whole microseconds.
func TestPlanTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.Local)
	for _, c := range []struct{ head, want time.Time }{
		{now.Add(-time.Hour), now.UTC().Truncate(time.Microsecond)},
		{now.Add(time.Hour).UTC(), now.Add(time.Hour).UTC()},
	} {
		p := makePlan([]*entry{entryOf()}, inspection{head: storedHead{Head: Head{RecordedAt: c.head}}}, now)
		if !p.events[0].RecordedAt.Equal(c.want) || !p.head.RecordedAt.Equal(c.want) {
			t.Errorf("head %s, now %s: recorded at %s", c.head, now, p.events[0].RecordedAt)
		}
	}
}

// A batch holds no more than its bounds, but always one entry.
func TestMailboxBounds(t *testing.T) {
	t.Parallel()
	m := newMailbox()
	for range maxBatchCommands + 1 {
		m.put(&entry{})
	}
	for range 3 {
		m.put(&entry{events: make([]protocol.Envelope, maxBatchEvents-1)})
	}
	for range 2 {
		m.put(&entry{bytes: maxBatchBytes})
	}
	var sizes []int
	for batch := m.take(); len(batch) > 0; batch = m.take() {
		sizes = append(sizes, len(batch))
		select {
		case <-m.wake:
		default:
			if len(m.waiting) > 0 {
				t.Fatal("entries are left, and the writer is not woken")
			}
		}
	}
	want := []int{maxBatchCommands, 2, 1, 2, 1}
	if len(sizes) != len(want) {
		t.Fatalf("batches of %v, want %v", sizes, want)
	}
	for i := range want {
		if sizes[i] != want[i] {
			t.Fatalf("batches of %v, want %v", sizes, want)
		}
	}
}
