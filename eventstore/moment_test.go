package eventstore_test

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A position leads to the end of the last change that is over by then, and a time to the last
// event of then.
func TestMoments(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	at := func(when time.Time, want domain.Position) {
		t.Helper()
		if p, err := s.PositionAt(t.Context(), when); err != nil || p != want {
			t.Errorf("at %v: position %d, %v, want %d", when, p, err, want)
		}
	}
	at(time.Now(), 0)
	for _, n := range []int{2, 1, 3, 1, 4} {
		execute(t, s, notes(n))
	}
	for p, want := range []domain.Position{0, 0, 2, 3, 3, 3, 6, 7, 7, 7, 7, 11, 11} {
		if end, err := s.EndOfChange(t.Context(), domain.Position(p)); err != nil || end != want {
			t.Errorf("by %d: %d, %v, want %d", p, end, err, want)
		}
	}
	events := wholeLog(t, s)
	for i, e := range events {
		last := e.Position
		for _, later := range events[i:] {
			if !later.RecordedAt.After(e.RecordedAt) {
				last = later.Position
			}
		}
		at(e.RecordedAt, last)
		if i > 0 && events[i-1].RecordedAt.Before(e.RecordedAt) {
			at(e.RecordedAt.Add(-time.Microsecond), e.Position-1)
		}
	}
	at(events[0].RecordedAt.Add(-time.Hour), 0)
	at(time.Now().Add(time.Hour), 11)
}
