package executor

import (
	"errors"
	"fmt"
	"time"
)

// ErrStale says that a newer attempt of the task is known, or that the attempt is
// older than what the host remembers: it will not run.
var ErrStale = errors.New("stale attempt")

// Assign takes an attempt on. When it returns nil the attempt is on the disk, or
// was already, and its end will be reported. Anything wrong with the attempt but
// its identity is reported as its failure.
func (e *Executor) Assign(a Assignment) error {
	if err := identified(a.Task, a.Attempt); err != nil {
		return err
	}
	if len(a.Content) > longestContent {
		a.Content = a.Content[:longestContent+1] // it is refused for its length
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.attempts[key{a.Task, a.Attempt}]; known != nil {
		if known.ended != nil {
			e.reports.put(*known.ended)
		}
		return nil
	}
	if err := e.fresh(a.Task, a.Attempt); err != nil {
		return err
	}
	at := &attempt{Assignment: a}
	if err := e.accept(at); err != nil {
		return err
	}
	e.supersede(a)
	e.queue = append(e.queue, at)
	e.reports.put(Report{Task: a.Task, Attempt: a.Attempt, State: Queued})
	e.schedule()
	return nil
}

func (e *Executor) fresh(task string, attempt int64) error {
	switch {
	case attempt <= e.forgotten:
		return fmt.Errorf("task %s: attempt %d is older than what this host remembers: %w", task, attempt, ErrStale)
	case attempt < e.newest[task]:
		return fmt.Errorf("task %s: attempt %d is older than %d: %w", task, attempt, e.newest[task], ErrStale)
	}
	return nil
}

// accept writes the attempt to the journal and waits for the disk.
func (e *Executor) accept(a *attempt) error {
	end, err := e.journal.add(entry{Task: a.Task, Attempt: a.Attempt, Accepted: &a.Assignment})
	if err == nil {
		err = e.journal.sync(end)
	}
	if err != nil {
		e.fail(err)
		return err
	}
	e.attempts[key{a.Task, a.Attempt}] = a
	e.newest[a.Task] = a.Attempt
	return nil
}

// supersede ends older attempts of the task: the control plane has given them up.
func (e *Executor) supersede(newer Assignment) {
	for k, a := range e.attempts {
		if k.task == newer.Task && k.attempt < newer.Attempt && a.ended == nil {
			e.stop(a, errSuperseded)
		}
	}
}

// Cancel ends an attempt: one that waits does not begin, one that runs is asked
// to end and then made to. An attempt that is not known yet will not begin either.
// Its end is reported as usual; one that has ended keeps its end.
func (e *Executor) Cancel(task string, number int64) error {
	if err := identified(task, number); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempts[key{task, number}]
	if a == nil {
		if err := e.fresh(task, number); err != nil {
			return err
		}
		a = &attempt{Assignment: Assignment{Task: task, Attempt: number}}
		if err := e.accept(a); err != nil {
			return err
		}
		e.queue = append(e.queue, a)
	}
	if a.ended != nil {
		e.reports.put(*a.ended)
		return nil
	}
	e.stop(a, errCancelled)
	e.schedule()
	return nil
}

func (e *Executor) stop(a *attempt, cause error) {
	if a.cause == nil {
		a.cause = cause
	}
	if a.cancel != nil {
		a.cancel(cause)
	}
}

// Settled says that the control plane has the attempt's end for good: it is not
// reported any more.
func (e *Executor) Settled(task string, number int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempts[key{task, number}]
	if a == nil || a.ended == nil || a.settled {
		return nil
	}
	// Not waited for: if it is lost the end is told once more.
	if _, err := e.journal.add(entry{Task: task, Attempt: number, Settled: &struct{}{}}); err != nil {
		e.fail(err)
		return err
	}
	a.settled = true
	return nil
}

// fail ends Run: without a journal nothing may be done.
func (e *Executor) fail(err error) {
	select {
	case e.failed <- err:
	default:
	}
}

// schedule begins what can begin. What waits for its target or task keeps its
// place before later attempts for the same.
func (e *Executor) schedule() {
	if e.run == nil {
		return
	}
	most := e.cfg.Settings.Concurrency
	if most <= 0 {
		most = defaultConcurrency
	}
	wanted := map[string]bool{}
	var rest []*attempt
	for _, a := range e.queue {
		switch {
		case a.cause != nil && a.begun == nil:
			e.begin(a) // only to say that it does not run
		case e.working < most && e.take(a, wanted):
			e.begin(a)
		default:
			rest = append(rest, a)
		}
	}
	e.queue = rest
}

// take gives the attempt its target, its task and a place among those that work,
// unless they are taken, or wanted by an earlier attempt.
func (e *Executor) take(a *attempt, wanted map[string]bool) bool {
	for _, k := range a.keys() {
		if e.busy[k] || wanted[k] {
			for _, k := range a.keys() {
				wanted[k] = true
			}
			return false
		}
	}
	for _, k := range a.keys() {
		e.busy[k] = true
	}
	e.working++
	a.holds = true
	return true
}

// finished gives free what the attempt had for itself.
func (e *Executor) finished(a *attempt) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a.cancel = nil
	if a.holds {
		for _, k := range a.keys() {
			delete(e.busy, k)
		}
		e.working--
		a.holds = false
	}
	e.schedule()
}

// expire ends those in the queue whose deadline has passed, without their turn.
func (e *Executor) expire(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.queue {
		if a.begun == nil && a.expired(now) {
			e.stop(a, errExpired)
		}
	}
	e.schedule()
}

// expired says whether it is too late to begin.
func (a *attempt) expired(now time.Time) bool { return !a.Deadline.IsZero() && now.After(a.Deadline) }
