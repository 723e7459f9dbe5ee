package eventstore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// pair is two processes on one log.
type pair struct {
	t    *testing.T
	pool *pgxpool.Pool
	a, b *Store
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, pool: testkit.Postgres(t)}
	for _, s := range []**Store{&p.a, &p.b} {
		var err error
		if *s, err = Open(t.Context(), Config{Pool: p.pool, Codec: testkit.Codec()}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup((*s).Close)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := (*s).Run(ctx); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(func() { stop(); wg.Wait() })
	}
	return p
}

// writer returns the writer of a third process, which knows the log's one event and
// does only what it is told.
func (p *pair) writer() (*writer, *mailbox) {
	p.t.Helper()
	s, err := Open(p.t.Context(), Config{Pool: p.pool, Codec: testkit.Codec()})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.writer.disconnect(); s.Close() })
	if err := s.writer.insist([]*entry{entryOf("k")}, nil); err != nil {
		p.t.Fatal(err)
	}
	return s.writer, s.box
}

// add appends and waits.
func (p *pair) add(s *Store) {
	p.t.Helper()
	e := entryOf("x")
	s.box.put(e)
	if a := <-e.done; a.err != nil {
		p.t.Fatal(a.err)
	}
}

// hold takes the head's lock, so that whatever is sent stays in flight until the
// returned function lets it go.
func (p *pair) hold() (release func()) {
	p.t.Helper()
	tx, err := p.pool.Begin(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := tx.Exec(p.t.Context(), lockHead); err != nil {
		p.t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := tx.Rollback(context.Background()); err != nil {
			p.t.Error(err)
		}
	})
	p.t.Cleanup(release)
	return release
}

// send puts an entry and waits until its transaction waits for the head's lock.
func (p *pair) send(s *Store, e *entry) {
	p.t.Helper()
	s.box.put(e)
	p.until("it is in flight", func() bool {
		rows, err := p.pool.Query(p.t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
		if err != nil {
			p.t.Fatal(err)
		}
		n, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
		if err != nil {
			p.t.Fatal(err)
		}
		return n == 1
	})
}

func (p *pair) until(what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("not in time: %s", what)
		}
	}
}

// follows puts entries, at once, that are taken and planned while another is in flight.
func (p *pair) follows(s *Store, entries ...*entry) {
	p.t.Helper()
	s.box.mu.Lock()
	s.box.waiting = append(s.box.waiting, entries...)
	s.box.call()
	s.box.mu.Unlock()
	p.until("it is taken", func() bool { return entries[0].state.Load() == entryTaken })
}

// log wants the entries' events in the log, in this order, and nothing else after a position.
func (p *pair) log(after domain.Position, entries ...*entry) {
	p.t.Helper()
	stored, err := p.a.Read(p.t.Context(), after, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	same := slices.EqualFunc(stored, entries, func(s Envelope, e *entry) bool { return s.ID == e.events[0].ID })
	if !same {
		p.t.Errorf("the log has %d events after %d, or others than the %d wanted", len(stored), after, len(entries))
	}
}

// While a batch is in flight the next one is planned behind it, with its events as
// part of the log.
func TestPlannedInFlight(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.add(p.a)
	release := p.hold()
	first, second, loser := entryOf("x"), entryOf("y"), entryOf("z")
	second.conditions = []condition{on("x", 2, "T")}
	loser.conditions = []condition{on("x", 1, "T")} // what is in flight breaks it
	p.send(p.a, first)
	p.follows(p.a, second)
	p.a.box.put(loser)
	select {
	case a := <-first.done:
		t.Errorf("answered in flight: %+v", a)
	default:
	}
	release()
	for i, e := range []*entry{first, second} {
		if a := <-e.done; a.err != nil || a.events[0].Position != domain.Position(i+2) {
			t.Errorf("entry %d: %+v", i, a)
		}
	}
	if a := <-loser.done; !errors.Is(a.err, errConflict) {
		t.Errorf("a broken condition: %+v", a)
	}
	p.log(1, first, second)
}

// What is planned behind a flight counts its events as part of the log: the server
// will not look for them again.
func TestPlannedBehindFlight(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w, box := p.writer()
	release := p.hold()
	first, loser, winner := entryOf("x"), entryOf("y"), entryOf("y")
	loser.conditions = []condition{on("x", 1, "T")}
	planned := w.prepare([]*entry{first})
	box.put(loser)
	box.put(winner)
	var wg sync.WaitGroup
	wg.Go(func() {
		p.until("they are planned", func() bool { return winner.state.Load() == entryTaken })
		release()
	})
	next, err := w.serve(planned, box)
	wg.Wait()
	if err != nil || next.plan == nil {
		t.Fatalf("next: %+v, %v", next, err)
	}
	if !errors.Is(next.plan.answers[0].err, errConflict) || next.plan.events[0].Position != 3 {
		t.Errorf("loser: %+v, winner: %+v", next.plan.answers[0], next.plan.events)
	}
	if _, err := w.serve(next, box); err != nil {
		t.Fatal(err)
	}
	p.log(1, first, winner)
}

// When a flight finds that another process has appended, what was planned behind it
// is planned anew.
func TestFlightAfterAnother(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w, box := p.writer()
	first, second := entryOf("x"), entryOf("y")
	planned := w.prepare([]*entry{first})
	if planned.plan == nil {
		t.Fatal("not planned ahead")
	}
	p.add(p.b)
	box.put(second)
	next, err := w.serve(planned, box)
	if err != nil || next.plan != nil {
		t.Fatalf("next: %+v, %v", next, err)
	}
	if len(next.batch) == 0 { // the flight landed first
		next = w.prepare(box.take())
	}
	if _, err := w.serve(next, box); err != nil {
		t.Fatal(err)
	}
	for i, e := range []*entry{first, second} {
		if a := <-e.done; a.err != nil || a.events[0].Position != domain.Position(i+3) {
			t.Errorf("entry %d: %+v", i, a)
		}
	}
	p.log(2, first, second)
}

// A connection that breaks in flight takes nothing with it: the flight's fate is
// looked up, and both batches are in the log once.
func TestFlightLost(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.add(p.a)
	release := p.hold()
	first, second := entryOf("x"), entryOf("y")
	p.send(p.a, first)
	p.follows(p.a, second)
	const cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	if _, err := p.pool.Exec(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	release()
	for i, e := range []*entry{first, second} {
		if a := <-e.done; a.err != nil || a.events[0].Position != domain.Position(i+2) {
			t.Errorf("entry %d: %+v", i, a)
		}
	}
	p.log(1, first, second)
}
