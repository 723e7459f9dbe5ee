package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// outcome is how an attempt ended. Without a state the attempt has not ended.
type outcome struct {
	state ops.AttemptState
	// interrupted says that the agent ended before the attempt did.
	interrupted bool
	message     string
	result      string
	code        *int
	signal      string
	changes     []files.Change
}

func failed(err error) outcome { return outcome{state: ops.Failed, message: err.Error()} }

// interrupted is the end of an attempt that the agent's own end cut short.
func interrupted(message string) outcome {
	return outcome{state: ops.Failed, interrupted: true, message: message}
}

// begin runs the attempt in a goroutine of its own.
func (e *Executor) begin(a *attempt) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(e.run))
	a.cancel = cancel
	if a.cause != nil {
		cancel(a.cause)
	}
	e.work.Go(func() {
		defer cancel(nil)
		e.runAttempt(ctx, a)
		e.release(a)
	})
}

// runAttempt takes the attempt to its end: it recovers one that has begun in an
// earlier life of the agent, and runs a new one.
func (e *Executor) runAttempt(ctx context.Context, a *attempt) {
	j := &job{e: e, a: a, logs: e.logs.open(a.Task, a.Attempt)}
	var out outcome
	lines := int64(-1) // the lines of an earlier life were not counted
	switch {
	case a.begun != nil:
		out = j.recoverAttempt(ctx)
		j.logs.close()
	default:
		out = j.runNew(ctx)
		lines = j.logs.close()
	}
	if out.state == "" {
		return // the agent's next life goes on with it
	}
	e.end(a, j, out, lines)
}

// runNew runs an attempt that has not begun, unless it was cancelled, has expired or
// is not allowed.
func (j *job) runNew(ctx context.Context) outcome {
	a := j.a
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		return outcome{} // it will begin in the agent's next life
	case a.expired(time.Now()):
		return outcome{state: ops.Expired, message: errExpired.Error() + " before it began: " + a.Deadline.UTC().Format(time.RFC3339)}
	case ctx.Err() != nil:
		return outcome{state: ops.Cancelled, message: context.Cause(ctx).Error() + " before it began"}
	}
	act, ok := j.e.actions[a.Action]
	if !ok {
		return failed(errors.New("unknown action"))
	}
	if err := errors.Join(a.check(), act.refuse(a.Assignment)); err != nil {
		return failed(err)
	}
	j.act = act
	start := newStart()
	if err := j.persist(entry{Begun: start}); err != nil {
		return failed(err)
	}
	a.begun = start
	j.report(ops.Running)
	ctx, cancel := context.WithTimeoutCause(ctx, act.limits.timeout, fmt.Errorf("%w after %v", errTimeout, act.limits.timeout))
	defer cancel()
	return j.explain(ctx, j.run(ctx))
}

// explain says why an attempt failed that was ended early.
func (j *job) explain(ctx context.Context, out outcome) outcome {
	cause := context.Cause(ctx)
	if out.state == ops.Succeeded || cause == nil {
		return out
	}
	out.state = ops.Failed
	switch {
	case errors.Is(cause, errCancelled), errors.Is(cause, errSuperseded):
		out.state = ops.Cancelled
	case errors.Is(cause, errStopped):
		out.interrupted = true
	}
	if out.message == "" || errors.Is(cause, context.Canceled) {
		out.message = cause.Error()
	} else {
		out.message = cause.Error() + "; " + out.message
	}
	return out
}

// run carries the action out.
func (j *job) run(ctx context.Context) outcome {
	switch j.act.name {
	case updateAction:
		return j.updateFiles(ctx)
	case databaseAction:
		return j.updateDatabase(ctx)
	}
	return j.runProgram(ctx)
}

// end writes the end to the journal and reports it.
func (e *Executor) end(a *attempt, j *job, out outcome, lines int64) {
	r := Report{
		Task: a.Task, Attempt: a.Attempt, State: out.state, Interrupted: out.interrupted,
		Percent: j.percentNow(), Message: brief(out.message), Result: brief(out.result),
		Code: out.code, Signal: out.signal, Changes: out.changes, Lines: lines, Ended: time.Now(),
	}
	if a.begun != nil {
		r.Began = a.begun.Time
	}
	if r.State == ops.Succeeded {
		r.Percent = 100
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	position, err := e.journal.add(entry{Task: a.Task, Attempt: a.Attempt, Ended: &r})
	if err == nil {
		err = e.journal.sync(position)
	}
	if err != nil {
		e.fail(err) // the agent's next life finds out how the attempt ended
		return
	}
	a.ended = &r
	e.reports.put(r)
	e.log.Info("attempt ended", "task", a.Task, "attempt", a.Attempt, "action", a.Action, "target", a.Target, "state", r.State, "message", r.Message)
}
