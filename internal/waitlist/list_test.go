package waitlist

import (
	"math/rand/v2"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// answers takes what has been answered.
func answers(w *Waiter[string]) []string {
	var all []string
	for {
		select {
		case a := <-w.Answer():
			all = append(all, a)
		default:
			return all
		}
	}
}

// Whatever the order of joining and leaving: each waiter is answered once, when
// its position is reached, or never, when it has left.
func TestWhoIsAnswered(t *testing.T) {
	t.Parallel()
	const waiters, positions = 1000, 100
	var l List[string]
	all := map[*Waiter[string]]domain.Position{}
	for range waiters {
		p := domain.Position(rand.IntN(positions) + 1)
		all[l.Join(p)] = p
	}
	left := map[*Waiter[string]]bool{}
	for w := range all { // in no order
		if len(left) == waiters/3 {
			break
		}
		w.Leave()
		left[w] = true
	}
	const reached = positions / 2
	for p := range domain.Position(reached + 1) {
		l.Reach(p, "reached")
	}
	l.Reach(reached-1, "late")
	waiting := 0
	for w, p := range all {
		got := answers(w)
		switch {
		case left[w] || p > reached:
			if len(got) != 0 {
				t.Errorf("position %d, left %v: answered %v", p, left[w], got)
			}
		case len(got) != 1 || got[0] != "reached":
			t.Errorf("position %d: answered %v", p, got)
		}
		if !left[w] && p > reached {
			waiting++
		}
	}
	if l.Len() != waiting {
		t.Errorf("%d wait, want %d", l.Len(), waiting)
	}
	l.AnswerAll("all")
	for w, p := range all {
		w.Leave() // who is out already
		if got := answers(w); (len(got) == 1) != (!left[w] && p > reached) {
			t.Errorf("position %d, left %v: answered %v", p, left[w], got)
		}
	}
	if l.Len() != 0 {
		t.Errorf("%d wait", l.Len())
	}
}

// Who has left twice, or was answered, takes nobody else out.
func TestLeavingAgain(t *testing.T) {
	t.Parallel()
	var l List[string]
	gone, answered, stays := l.Join(5), l.Join(1), l.Join(9)
	l.Reach(1, "1")
	gone.Leave()
	gone.Leave()
	answered.Leave()
	all := l.Join(7)
	l.Reach(9, "9")
	for _, w := range []*Waiter[string]{stays, all} {
		if got := answers(w); len(got) != 1 || got[0] != "9" {
			t.Errorf("answered %v", got)
		}
	}
	again := l.Join(3)
	l.AnswerAll("x")
	l.Join(4)
	again.Leave()
	if l.Len() != 1 {
		t.Errorf("%d wait, want the one who joined after all were answered", l.Len())
	}
}
