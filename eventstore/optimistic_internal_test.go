package eventstore

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A batch is committed without a look only if the head, the commands and the
// conditions are as assumed; otherwise nothing of it is written.
func TestAssumptions(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s, err := Open(t.Context(), Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := s.writer
	if err := w.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer w.disconnect()
	make1 := func(conditions ...condition) *entry {
		e := entryOf("x")
		e.keyed, e.conditions = true, conditions
		return e
	}
	first := make1()
	if err := w.commit([]*entry{first}, nil); err != nil {
		t.Fatal(err)
	}
	if a := <-first.done; a.err != nil || w.assume([]*entry{make1()}) == nil {
		t.Fatalf("the writer does not know the head after %+v", a)
	}
	known, ahead, extendAt := make1(), w.head, w.extendAt
	known.commandID = first.commandID
	ahead.Position += 5
	for _, c := range []struct {
		name string
		e    *entry
		head storedHead
		ok   bool
	}{
		{"a command that was carried out", known, w.head, false},
		{"a condition that is broken", make1(on("x", 0)), w.head, false},
		{"a broken condition on a type", make1(on("x", 0, "U", "T")), w.head, false},
		{"a head that is not there", make1(), ahead, false},
		{"conditions that hold", make1(on("x", 1), on("x", 0, "U"), on("y", 0)), w.head, true},
	} {
		w.head, w.inspections, w.extendAt = c.head, 0, extendAt
		p := w.assume([]*entry{c.e})
		if p == nil {
			t.Fatalf("%s: not planned", c.name)
		}
		if o := transact(w.conn, w.compareAndWrite(p)); c.ok != (o.err == nil) || !c.ok && !o.disproved(p) {
			t.Errorf("%s: %v after %d statements", c.name, o.err, o.completed)
		}
		w.abort()
		var n int
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM log.events WHERE id = $1", c.e.events[0].ID).Scan(&n); err != nil || (n == 1) != c.ok {
			t.Errorf("%s: %d events, %v", c.name, n, err)
		}
	}
}

// The end of a connection is noticed before a batch is trusted to it.
func TestQuiet(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s, err := Open(t.Context(), Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := s.writer
	if err := w.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer w.disconnect()
	if !quiet(w.conn.PgConn().Conn()) {
		t.Error("an idle connection is not trusted")
	}
	if _, err := pool.Exec(t.Context(), "SELECT pg_terminate_backend($1, 5000)", w.conn.PgConn().PID()); err != nil {
		t.Fatal(err)
	}
	if quiet(w.conn.PgConn().Conn()) {
		t.Error("a terminated connection is trusted")
	}
}

// on is the condition that there be no event with the tag, of one of the types, after a position.
func on(tag domain.Tag, after domain.Position, types ...string) condition {
	return condition{tag: tag, hash: hashTag(tag), types: newTypeSet(types), after: after}
}
