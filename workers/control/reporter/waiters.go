package reporter

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/waitlist"
)

// waiters are the callers that wait for a change. Who is answered looks again.
type waiters struct {
	// ahead wait until all agents are at the change's position: a report touches
	// only those that it may satisfy, however many wait.
	ahead waitlist.List[struct{}]
	// held wait for a failure to end; all agents are at their positions.
	held waitlist.List[struct{}]
}

// waiter is one such caller.
type waiter = waitlist.Waiter[struct{}]

// join lets a caller wait: held up by a failure, or until all agents get there.
func (w *waiters) join(position domain.Position, held bool) *waiter {
	if held {
		return w.held.Join(position)
	}
	return w.ahead.Join(position)
}

// reached wakes those that wait for the position or one before.
func (w *waiters) reached(position domain.Position) { w.ahead.Reach(position, struct{}{}) }

// heldUp wakes those that a failure holds up.
func (w *waiters) heldUp() { w.held.AnswerAll(struct{}{}) }

// everyone wakes all waiters.
func (w *waiters) everyone() {
	w.ahead.AnswerAll(struct{}{})
	w.heldUp()
}
