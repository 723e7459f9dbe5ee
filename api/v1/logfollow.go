package v1

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// maxFollowers is how many streams of output are open at once, of all users and of one.
	maxFollowers, maxFollowersOfUser = 256, 8
	// followCheck is how often a follower looks whether the attempt has ended, callerCheck
	// how often whether the client may still.
	followCheck, callerCheck = 300 * time.Millisecond, 50 * time.Millisecond
	// leastWait is how long a follower waits at least for lines that the host has counted.
	leastWait = 2 * time.Second
)

// follower sends one attempt's output to a client as it comes.
//
// Invariants:
//  1. Every line up to the last event's is either sent or within a range that is
//     said to be missing, in ascending order and once.
//  2. The stream ends with the event "end", once the attempt has ended; a stream
//     that ends otherwise was cut off, and can be resumed.
//  3. It ends when the client may no longer read it.
type follower struct {
	*logRequest
	api    *API
	who    *identity.User
	reader OutputReader
	out    *eventWriter
	// last is the last line that was sent or said to be missing.
	last int64
	// patience is until when lines are waited for, once the attempt is known to be over.
	patience time.Time
	// looked is when the task was looked at last.
	looked time.Time
}

// followLog streams until the attempt's end.
func (a *API) followLog(c echo.Context, r *logRequest) error {
	leave, err := a.followers.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	ctx, stop := context.WithCancel(c.Request().Context())
	defer stop()
	defer api.WhenDraining(ctx, stop)()
	reader, err := a.Output.Open(ctx, r.of(), r.after)
	if err != nil {
		return err
	}
	defer reader.Close()
	out, err := newEventWriter(ctx, c)
	if err != nil {
		return err
	}
	defer out.close()
	if c.Request().Method == http.MethodHead {
		return nil // whose client wants to know how the stream would begin
	}
	f := &follower{logRequest: r, api: a, who: api.Caller(c), reader: reader, out: out, last: r.after}
	return f.run(ctx)
}

func (f *follower) run(ctx context.Context) error {
	for {
		for f.reader.Pending() {
			if err := f.take(ctx); err != nil {
				return err
			}
		}
		if time.Since(f.looked) >= followCheck {
			task, err := f.look(ctx)
			if err != nil {
				return err
			}
			over, err := f.complete(ctx, task)
			if err != nil {
				return err
			}
			if over {
				return f.finish(task)
			}
		}
		if err := f.still(ctx); err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, callerCheck)
		err := f.take(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		if err := f.out.keepAlive(); err != nil {
			return err
		}
	}
}

// take sends the next lines.
func (f *follower) take(ctx context.Context) error {
	lines, err := f.reader.Next(ctx)
	if err != nil {
		return err
	}
	if err := f.still(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	for _, line := range lines {
		if line.Number <= f.last {
			continue
		}
		if err := f.missing(line.Number - 1); err != nil {
			return err
		}
		f.last = line.Number
		if err := f.out.event("", lineID(f.attempt, line.Number), line); err != nil {
			return err
		}
	}
	return f.out.flush()
}

// missing says that the lines up to one are missing, if any are.
func (f *follower) missing(upTo int64) error {
	if upTo <= f.last {
		return nil
	}
	gap := lineRange{f.last + 1, upTo}
	f.last = upTo
	return f.out.event("missing", lineID(f.attempt, upTo), gap)
}

// still refuses a client who may no longer read the output.
func (f *follower) still(ctx context.Context) error {
	who, err := f.api.Identity.Again(ctx, f.who)
	if err != nil {
		return err
	}
	return who.Require(access.Permitted(access.CodeGetTask))
}

// look reads the task.
func (f *follower) look(ctx context.Context) (opsmodel.Task, error) {
	f.looked = time.Now()
	task, err := f.api.Ops.Task(ctx, f.task.Name)
	if errors.Is(err, query.ErrNotFound) {
		return f.task, nil // deleted, and so over
	}
	if err == nil {
		f.task = task
	}
	return task, err
}

// complete says whether all has been sent that will ever come.
func (f *follower) complete(ctx context.Context, t opsmodel.Task) (bool, error) {
	if !f.over(t) || f.reader.Pending() {
		return false, nil
	}
	if f.attempt != t.Attempt.Number || f.last >= t.Attempt.Lines {
		return true, nil
	}
	if f.patience.IsZero() {
		late, err := f.api.lateUntil(ctx, t)
		if err != nil {
			return false, err
		}
		f.patience = time.Now().Add(max(leastWait, time.Until(late)))
	}
	return time.Now().After(f.patience), nil
}

// lateUntil returns until when lines may come that the host has counted in the task's newest
// attempt, which has ended.
func (a *API) lateUntil(ctx context.Context, t opsmodel.Task) (time.Time, error) {
	events, err := a.Store.Read(ctx, t.Changed-1, 1)
	if err != nil || len(events) == 0 {
		return time.Time{}, err
	}
	return events[0].RecordedAt.Add(a.Output.LateWithin()), nil
}

// finish says what is missing at the end, and that it is the end.
func (f *follower) finish(t opsmodel.Task) error {
	if f.attempt == t.Attempt.Number {
		if err := f.missing(t.Attempt.Lines); err != nil {
			return err
		}
	}
	err := f.out.event(lastEvent, strconv.FormatInt(int64(f.attempt), 10)+":"+lastEvent, struct {
		Attempt domain.Position `json:"attempt"`
		State   ops.State       `json:"state"`
		Lines   int64           `json:"lines"`
	}{f.attempt, t.State, f.last})
	if err != nil {
		return err
	}
	return f.out.flush()
}
