package eventstore

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A batch is committed unseen only if the head, the commands and the conditions
// are as presumed; otherwise nothing of it is written.
func TestPresumption(t *testing.T) {
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
	if err := w.insist([]*entry{first}, nil); err != nil {
		t.Fatal(err)
	}
	if a := <-first.done; a.err != nil || !w.presumes() {
		t.Fatalf("the writer does not know the head after %+v", a)
	}
	known, ahead, extendAt := make1(), w.head, w.extendAt
	known.commandID = first.commandID
	ahead.Position += 5
	for _, c := range []struct {
		name  string
		e     *entry
		head  storedHead
		front *flight
		ok    bool
	}{
		{"a command that was carried out", known, w.head, nil, false},
		{"a condition that is broken", make1(on("x", 0)), w.head, nil, false},
		{"a broken condition on a type", make1(on("x", 0, "U", "T")), w.head, nil, false},
		{"a head that is not there", make1(), ahead, nil, false},
		{"behind a batch that was not committed", make1(), w.head, &flight{mark: "4"}, false}, // that of the line before
		{"conditions that hold", make1(on("x", 1), on("x", 0, "U"), on("y", 0)), w.head, nil, true},
	} {
		w.head, w.wary, w.extendAt = c.head, 0, extendAt
		f := w.launch(w.prepare([]*entry{c.e}, c.front), nil)
		if f == nil {
			t.Fatalf("%s: not sent unseen", c.name)
		}
		<-f.landed
		if c.ok != (f.err == nil) || !c.ok && !f.refuted() {
			t.Errorf("%s: %v after %d statements", c.name, f.err, f.succeeded)
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
	return conditionOn(tag, hashTag(tag), newTypeSet(types), after)
}
