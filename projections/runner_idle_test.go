package projections

import (
	"log/slog"
	"testing"

	"github.com/opsledger/opsledger/protocol"
)

// A commit is in Postgres a moment before its process hears of it. What a leader
// finds there while it idles is another process's only if it does not come.
func TestWhatIdlingFindsIsForeignUnlessItComes(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	if err := Prepare(t.Context(), p.pool, p.store, &diary{}); err != nil {
		t.Fatal(err)
	}
	progress, err := NewProgress(nil, p.store.LogID())
	if err != nil {
		t.Fatal(err)
	}
	r := NewRunner(RunnerConfig{Pool: p.pool, Store: p.store, JS: p.js, Model: &diary{}, Progress: progress, Log: slog.New(slog.DiscardHandler)})
	s, err := openSession(t.Context(), p.pool, "idle")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	l := &leadership{Runner: r, session: s, locked: true}
	l.commits.listen(true)
	if err := l.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle := func() {
		t.Helper()
		if err := l.idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	commit := func() [][]protocol.Envelope {
		position := p.tell(t, told{"x"})
		<-l.commits.signal
		held := l.commits.take()
		if idle(); l.applied != position {
			t.Fatalf("idling applied up to %d, not %d", l.applied, position)
		}
		return held
	}
	for _, batch := range commit() {
		l.commits.put(batch)
	}
	if idle(); !l.foreign.IsZero() {
		t.Error("a commit of this process is taken for another's")
	}
	commit()
	if idle(); l.foreign.IsZero() {
		t.Error("a commit that did not come is taken for this process's")
	}
}
