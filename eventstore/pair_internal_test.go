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
	"github.com/opsledger/opsledger/protocol"
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

// writer returns the writer of a third process, which does only what it is told and
// has appended one event.
func (p *pair) writer() *writer {
	p.t.Helper()
	s, err := Open(p.t.Context(), Config{Pool: p.pool, Codec: testkit.Codec()})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.writer.disconnect(); s.Close() })
	if err := s.writer.commit([]*entry{entryOf("k")}, nil); err != nil {
		p.t.Fatal(err)
	}
	return s.writer
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

// hold takes the head's lock, so that whatever is sent waits until the returned
// function lets it go.
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
	p.waiting(1)
}

// waiting waits until so many transactions wait for a lock.
func (p *pair) waiting(want int) {
	p.t.Helper()
	testkit.Eventually(p.t, "they wait for the lock", func() bool {
		rows, err := p.pool.Query(p.t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
		if err != nil {
			p.t.Fatal(err)
		}
		n, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
		if err != nil {
			p.t.Fatal(err)
		}
		return n == want
	})
}

// log wants the entries' events in the log, in this order, and nothing else after a position.
func (p *pair) log(after domain.Position, entries ...*entry) {
	p.t.Helper()
	stored, err := p.a.Read(p.t.Context(), after, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	same := slices.EqualFunc(stored, entries, func(s protocol.Envelope, e *entry) bool { return s.ID == e.events[0].ID })
	if !same {
		p.t.Errorf("the log has %d events after %d, or others than the %d wanted", len(stored), after, len(entries))
	}
}

// appended wants the entries to be told that they are in the log right after a
// position, and nothing else to be there.
func (p *pair) appended(after domain.Position, entries ...*entry) {
	p.t.Helper()
	for i, e := range entries {
		if a := <-e.done; a.err != nil || a.events[0].Position != after+domain.Position(i+1) {
			p.t.Errorf("entry %d: %+v", i, a)
		}
	}
	p.log(after, entries...)
}

// What arrives while a batch is being committed takes that one's events for a part of
// the log.
func TestArrivedDuringACommit(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.add(p.a)
	release := p.hold()
	first, second, loser := entryOf("x"), entryOf("y"), entryOf("z")
	second.conditions = []condition{on("x", 2, "T")}
	loser.conditions = []condition{on("x", 1, "T")} // the first one breaks it
	p.send(p.a, first)
	p.a.box.put(second)
	p.a.box.put(loser)
	select {
	case a := <-first.done:
		t.Errorf("answered before the commit: %+v", a)
	default:
	}
	release()
	if a := <-loser.done; !errors.Is(a.err, errConflict) {
		t.Errorf("a broken condition: %+v", a)
	}
	p.appended(1, first, second)
}

// When the server finds that another process has appended, the batch is planned anew,
// and the next ones are committed with a look.
func TestAfterAnotherProcess(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w := p.writer()
	p.add(p.b)
	e := entryOf("x")
	if err := w.append([]*entry{e}); err != nil {
		t.Fatal(err)
	}
	if w.inspections != inspectedAfterMistake {
		t.Errorf("the writer looks first for %d batches, want %d", w.inspections, inspectedAfterMistake)
	}
	p.appended(2, e)
}

// failingCommit is a trigger that lets the commit of an event with the tag fail.
const failingCommit = `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
	CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON log.events DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.tags = 'fails') EXECUTE FUNCTION fail()`

// A commit fails at its very end: what arrived meanwhile is planned on what is there.
func TestAfterACommitThatFails(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	if _, err := p.pool.Exec(t.Context(), failingCommit); err != nil {
		t.Fatal(err)
	}
	p.add(p.a)
	release := p.hold()
	first, second := entryOf("fails"), entryOf("y")
	second.conditions = []condition{on("fails", 1, "T")}
	p.send(p.a, first)
	p.a.box.put(second)
	release()
	if a := <-first.done; !errors.Is(a.err, ErrUnavailable) {
		t.Errorf("what could not be committed: %+v", a)
	}
	p.appended(1, second)
}

// When the connection breaks at either end while a batch is being committed, its fate
// is looked up, and it is in the log once.
func TestConnectionLostDuringACommit(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*pair) error{
		"the server's end": func(p *pair) error {
			const end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
			_, err := p.pool.Exec(p.t.Context(), end)
			return err
		},
		"our end": func(p *pair) error { return p.a.writer.conn.PgConn().Conn().Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			p.add(p.a)
			release := p.hold()
			first, second := entryOf("x"), entryOf("y")
			p.send(p.a, first)
			p.a.box.put(second)
			if err := cut(p); err != nil {
				t.Fatal(err)
			}
			release()
			p.appended(1, first, second)
		})
	}
}

// The session of a lost connection is ended before anything is looked up: what was
// sent there could still be committed. Another session with its number is left alone.
func TestOldSessionIsEnded(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	w := p.writer()
	for _, c := range []struct {
		later time.Duration
		ended bool
	}{{time.Microsecond, false}, {0, true}} {
		old, err := pgx.ConnectConfig(t.Context(), w.config)
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close(context.Background())
		w.disconnect()
		if err := old.QueryRow(t.Context(), ownSession).Scan(&w.session.pid, &w.session.since); err != nil {
			t.Fatal(err)
		}
		w.session.since = w.session.since.Add(c.later)
		if err := w.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := old.Ping(t.Context()); (err != nil) != c.ended {
			t.Errorf("started %s later: %v", c.later, err)
		}
	}
}
