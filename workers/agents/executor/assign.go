package executor

import (
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
)

// ErrStale says that an attempt will not run, because a newer attempt of its task is
// known, or because the attempt is older than the journal goes back.
var ErrStale = errors.New("stale attempt")

// Assign takes an attempt on. When it returns nil, the attempt is in the journal on
// the disk and its end will be reported. If the attempt is not valid, this is
// reported as its failure; only an attempt without a proper task and number is an
// error.
func (e *Executor) Assign(a Assignment) error {
	if err := checkIdentity(a.Task, a.Attempt); err != nil {
		return err
	}
	if len(a.Content) > longestContent {
		a.Content = a.Content[:longestContent+1] // check refuses it for its length
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.attempts[key{a.Task, a.Attempt}]; known != nil {
		if known.ended != nil {
			e.reports.put(*known.ended)
		}
		return nil
	}
	if err := e.checkFencing(a.Task, a.Attempt); err != nil {
		return err
	}
	at := &attempt{Assignment: a}
	if err := e.accept(at); err != nil {
		return err
	}
	e.supersede(a)
	e.queue = append(e.queue, at)
	e.reports.put(Report{Task: a.Task, Attempt: a.Attempt, State: ops.Queued})
	e.schedule()
	return nil
}

func (e *Executor) checkFencing(task string, attempt int64) error {
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

// supersede ends older attempts of the task, which the control plane has given up.
func (e *Executor) supersede(newer Assignment) {
	for k, a := range e.attempts {
		if k.task == newer.Task && k.attempt < newer.Attempt && a.ended == nil {
			e.stop(a, errSuperseded)
		}
	}
}

// Cancel ends an attempt: an attempt that waits does not begin; an attempt that runs
// is asked to end and killed if it does not. An attempt that is not known yet will
// not begin either. The end is reported as usual. An attempt that has ended keeps
// its end.
func (e *Executor) Cancel(task string, number int64) error {
	if err := checkIdentity(task, number); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempts[key{task, number}]
	if a == nil {
		if err := e.checkFencing(task, number); err != nil {
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

// Acknowledged says that the control plane has the attempt's end, which is then not
// reported any more.
func (e *Executor) Acknowledged(task string, number int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempts[key{task, number}]
	if a == nil || a.ended == nil || a.acknowledged {
		return nil
	}
	// There is no need to wait for the disk: if the entry is lost, the end is reported
	// once more.
	if _, err := e.journal.add(entry{Task: task, Attempt: number, Acknowledged: &struct{}{}}); err != nil {
		e.fail(err)
		return err
	}
	a.acknowledged = true
	return nil
}

// fail ends Run: without a journal no attempt may go on.
func (e *Executor) fail(err error) {
	select {
	case e.failed <- err:
	default:
	}
}

// schedule begins the attempts that can begin. An attempt that waits for its target
// or task stays ahead of later attempts for the same.
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
			e.begin(a) // only to report that it does not run
		case e.working < most && e.admit(a, wanted):
			e.begin(a)
		default:
			rest = append(rest, a)
		}
	}
	e.queue = rest
}

// admit gives the attempt its target, its task and one of the places for attempts at
// work, unless another attempt has them or an earlier one waits for them.
func (e *Executor) admit(a *attempt, wanted map[string]bool) bool {
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

// release frees what admit gave the attempt.
func (e *Executor) release(a *attempt) {
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

// expire ends the queued attempts whose deadline has passed, at once and not when
// their turn comes.
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

// expired says whether it is too late for the attempt to begin.
func (a *attempt) expired(now time.Time) bool { return !a.Deadline.IsZero() && now.After(a.Deadline) }
