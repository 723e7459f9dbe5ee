package executor

import (
	"cmp"
	"slices"
)

// Pending is an attempt that the executor has taken on, and whose end the control
// plane has not acknowledged.
type Pending struct {
	Task    string
	Attempt int64
	// Waiting: the attempt has not begun, and is not about to.
	Waiting bool
	// End is how the attempt ended, nil if it has not.
	End *Report
}

// Pending lists all pending attempts, ordered by number.
func (e *Executor) Pending() []Pending {
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting := make(map[*attempt]bool, len(e.queue))
	for _, a := range e.queue {
		waiting[a] = a.begun == nil
	}
	var all []Pending
	for _, a := range e.attempts {
		if !a.acknowledged {
			all = append(all, Pending{Task: a.Task, Attempt: a.Attempt, Waiting: waiting[a], End: a.ended})
		}
	}
	slices.SortFunc(all, func(a, b Pending) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return all
}

// Knows says whether the executor has ever taken the attempt on, as far as its
// journal goes back.
func (e *Executor) Knows(task string, attempt int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.attempts[key{task, attempt}] != nil
}
