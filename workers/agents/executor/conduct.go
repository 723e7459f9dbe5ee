package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// outcome is how an attempt ended; without a state it has not.
type outcome struct {
	state   State
	message string
	result  string
	code    *int
	signal  string
	changes []files.Change
}

func failed(err error) outcome { return outcome{state: Failed, message: err.Error()} }

// begin runs the attempt in a goroutine of its own.
func (e *Executor) begin(a *attempt) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(e.run))
	a.cancel = cancel
	if a.cause != nil {
		cancel(a.cause)
	}
	e.work.Go(func() {
		defer cancel(nil)
		e.conduct(ctx, a)
		e.finished(a)
	})
}

// conduct takes the attempt to its end, in a way that depends on how far it is.
func (e *Executor) conduct(ctx context.Context, a *attempt) {
	j := &job{e: e, a: a, logs: e.logs.open(a.Task, a.Attempt)}
	var out outcome
	lines := int64(-1) // those of an earlier life are not counted
	switch {
	case a.begun != nil:
		out = j.clearUp(ctx)
		j.logs.close()
	default:
		out = j.first(ctx)
		lines = j.logs.close()
	}
	if out.state == "" {
		return // left to the agent's next life
	}
	e.end(a, j, out, lines)
}

// first runs an attempt that has not begun, if there is nothing against it.
func (j *job) first(ctx context.Context) outcome {
	a := j.a
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		return outcome{} // it will begin in the agent's next life
	case a.expired(time.Now()):
		return outcome{state: Expired, message: errExpired.Error() + " before it began: " + a.Deadline.UTC().Format(time.RFC3339)}
	case ctx.Err() != nil:
		return outcome{state: Cancelled, message: context.Cause(ctx).Error() + " before it began"}
	}
	act, ok := j.e.actions[a.Action]
	if !ok {
		return failed(errors.New("unknown action"))
	}
	if err := errors.Join(a.check(), act.refuse(a.Assignment)); err != nil {
		return failed(err)
	}
	j.act = act
	mark := newBegun()
	if err := j.note(entry{Begun: mark}); err != nil {
		return failed(err)
	}
	a.begun = mark
	j.report(Started)
	ctx, cancel := context.WithTimeoutCause(ctx, act.limits.timeout, fmt.Errorf("%w after %v", errTimeout, act.limits.timeout))
	defer cancel()
	return j.judge(ctx, j.run(ctx))
}

// judge says why an attempt failed that was ended early.
func (j *job) judge(ctx context.Context, out outcome) outcome {
	cause := context.Cause(ctx)
	if out.state == OK || cause == nil {
		return out
	}
	out.state = Failed
	switch {
	case errors.Is(cause, errCancelled), errors.Is(cause, errSuperseded):
		out.state = Cancelled
	case errors.Is(cause, errStopped):
		out.state = Interrupted
	}
	if out.message == "" || errors.Is(cause, context.Canceled) {
		out.message = cause.Error()
	} else {
		out.message = cause.Error() + "; " + out.message
	}
	return out
}

// run does what the action is.
func (j *job) run(ctx context.Context) outcome {
	switch j.act.name {
	case updateAction:
		return j.updateFiles(ctx)
	case databaseAction:
		return j.updateDatabase(ctx)
	}
	return j.runProgram(ctx)
}

// end writes the end down and reports it.
func (e *Executor) end(a *attempt, j *job, out outcome, lines int64) {
	r := Report{
		Task: a.Task, Attempt: a.Attempt, State: out.state, Percent: j.percentNow(), Message: brief(out.message), Result: brief(out.result),
		Code: out.code, Signal: out.signal, Changes: out.changes, Lines: lines, Ended: time.Now(),
	}
	if a.begun != nil {
		r.Began = a.begun.Time
	}
	if r.State == OK {
		r.Percent = 100
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	position, err := e.journal.add(entry{Task: a.Task, Attempt: a.Attempt, Ended: &r})
	if err == nil {
		err = e.journal.sync(position)
	}
	if err != nil {
		e.fail(err) // the next life finds out how it ended
		return
	}
	a.ended = &r
	e.reports.put(r)
	e.log.Info("attempt ended", "task", a.Task, "attempt", a.Attempt, "action", a.Action, "target", a.Target, "state", r.State, "message", r.Message)
}
