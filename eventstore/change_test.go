package eventstore_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Each event says how many of its change follow, and how many of those are of its context;
// so any position leads to all of its change.
func TestEventsOfAChange(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	execute(t, s, notes(1))
	execute(t, s, note(noted{}, booked{}, noted{}, booked{}, booked{})) // 2 to 6
	execute(t, s, notes(2))                                             // 7, 8
	want := []struct {
		more, own   int
		first, last domain.Position
	}{{0, 0, 1, 1}, {4, 1, 2, 6}, {3, 2, 2, 6}, {2, 0, 2, 6}, {1, 1, 2, 6}, {0, 0, 2, 6}, {1, 1, 7, 8}, {0, 0, 7, 8}}
	for i, e := range wholeLog(t, s) {
		if w := want[i]; e.More != w.more || e.MoreOwn != w.own || e.ChangeEnd() != w.last {
			t.Errorf("event %d: %d and %d more, to %d; want %+v", i+1, e.More, e.MoreOwn, e.ChangeEnd(), w)
		}
		change, err := s.ReadChange(t.Context(), e.Position)
		if err != nil || len(change) == 0 || change[0].Position != want[i].first || change[len(change)-1].Position != want[i].last {
			t.Errorf("the change of %d: %+v, %v", i+1, change, err)
		}
	}
	for _, p := range []domain.Position{-1, 0, 9, 10} {
		if change, err := s.ReadChange(t.Context(), p); err != nil || len(change) > 0 {
			t.Errorf("the change of %d: %+v, %v", p, change, err)
		}
	}
}

// A page has whole changes, also one that is larger than the page.
func TestPagesOfWholeChanges(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	for _, n := range []int{2, 7, 3} {
		execute(t, s, notes(n))
	}
	for _, c := range []struct {
		after domain.Position
		limit int
		last  domain.Position
		end   bool
	}{{0, 1, 2, false}, {0, 2, 2, false}, {0, 5, 2, false}, {2, 3, 9, false}, {4, 2, 9, false}, {0, 9, 9, false}, {0, 12, 12, false}, {0, 13, 12, true}, {12, 5, 12, true}} {
		events, end, err := s.ReadChanges(t.Context(), c.after, c.limit)
		last := c.after
		if len(events) > 0 {
			last = events[len(events)-1].Position
		}
		if err != nil || last != c.last || end != c.end || len(events) != int(last-c.after) {
			t.Errorf("%d after %d: to %d, end %v, %v; want %d, %v", c.limit, c.after, last, end, err, c.last, c.end)
		}
	}
}
