package reporter

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/waitlist"
)

// waiters are the callers that wait for a change. A caller that is woken evaluates the
// change again.
type waiters struct {
	// ahead are those that wait until all agents are at their change's position: a
	// report wakes only those whose position is reached, however many wait.
	ahead waitlist.List[struct{}]
	// failing are those that wait for a failure to end; all agents are at their positions.
	failing waitlist.List[struct{}]
}

// waiter is one such caller.
type waiter = waitlist.Waiter[struct{}]

// join makes a caller wait until failures change, or until all agents get to the
// position.
func (w *waiters) join(position domain.Position, failing bool) *waiter {
	if failing {
		return w.failing.Join(position)
	}
	return w.ahead.Join(position)
}

// reached wakes those that wait for the position or a lower one.
func (w *waiters) reached(position domain.Position) { w.ahead.Reach(position, struct{}{}) }

// failuresChanged wakes those that wait for a failure to end.
func (w *waiters) failuresChanged() { w.failing.AnswerAll(struct{}{}) }

// all wakes all waiters.
func (w *waiters) all() {
	w.ahead.AnswerAll(struct{}{})
	w.failuresChanged()
}
