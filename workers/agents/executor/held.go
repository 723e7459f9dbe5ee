package executor

import (
	"cmp"
	"slices"
)

// Held is an attempt that was taken on and whose end is not settled.
type Held struct {
	Task    string
	Attempt int64
	// Waiting: it has not begun, and nothing has begun to be done about it.
	Waiting bool
	// End is how it ended, nil if it has not.
	End *Report
}

// Held lists all that was taken on and is not settled, by attempt.
func (e *Executor) Held() []Held {
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting := make(map[*attempt]bool, len(e.queue))
	for _, a := range e.queue {
		waiting[a] = a.begun == nil
	}
	var all []Held
	for _, a := range e.attempts {
		if !a.settled {
			all = append(all, Held{Task: a.Task, Attempt: a.Attempt, Waiting: waiting[a], End: a.ended})
		}
	}
	slices.SortFunc(all, func(a, b Held) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return all
}

// Knows says whether the attempt was ever taken on, as far as the host remembers.
func (e *Executor) Knows(task string, attempt int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.attempts[key{task, attempt}] != nil
}
