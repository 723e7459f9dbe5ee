package v1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	headerLastEventID = "Last-Event-ID"
	mimeEventStream   = "text/event-stream"
	// lastEvent takes the place of the line in the id of a stream's last event.
	lastEvent = "end"
)

// logRequest is what of a task's output is asked for.
type logRequest struct {
	task opsmodel.Task
	// attempt is 0 for a task that was never executed.
	attempt domain.Position
	after   int64
	// done: the client has had the whole of it.
	done bool
}

// of names the output.
func (r *logRequest) of() AttemptOutput {
	return AttemptOutput{Machine: r.task.Machine, Task: r.task.Name, Attempt: r.attempt}
}

// over says whether the attempt has ended, as the task says.
func (r *logRequest) over(t opsmodel.Task) bool {
	return r.attempt != t.Attempt.Number || !t.State.Open()
}

// limitOfStream: a stream goes on as long as its client follows.
func limitOfStream(r *http.Request) time.Duration {
	if wantsEvents(r) {
		return 0
	}
	return api.DefaultRequestTimeout
}

// showTaskLog shows the output of an attempt of a task: as a stream of events to
// who accepts that, else a page of it.
func (a *API) showTaskLog(c echo.Context) error {
	r, err := a.readLogRequest(c)
	if err != nil {
		return err
	}
	if a.Output == nil {
		return errNoOutput
	}
	if r.done {
		return c.NoContent(http.StatusNoContent) // by which an EventSource stops
	}
	if wantsEvents(c.Request()) {
		return a.followLog(c, r)
	}
	return a.pageOfLog(c, r)
}

func wantsEvents(r *http.Request) bool {
	return strings.Contains(r.Header.Get(echo.HeaderAccept), mimeEventStream)
}

// logFilter is what of a task's output a query asks for.
type logFilter struct{ attempt, after *int64 }

func readLogFilter(q *api.Params) logFilter {
	return logFilter{q.Integer("attempt"), q.Integer("after")}
}

func (a *API) readLogRequest(c echo.Context) (*logRequest, error) {
	q := api.ReadQuery(c.Request())
	asked := readLogFilter(q)
	attempt, after := asked.attempt, asked.after
	if after != nil && *after < 0 {
		q.Refuse("after", "不能是负数！")
	}
	if q.Err != nil {
		return nil, q.Err
	}
	task, err := a.taskOfPath(c)
	if err != nil {
		return nil, err
	}
	r := &logRequest{task: task, attempt: task.Attempt.Number}
	if attempt != nil {
		r.attempt = domain.Position(*attempt)
	}
	if after != nil {
		r.after = *after
	}
	if id := c.Request().Header.Get(headerLastEventID); id != "" {
		if err := r.resume(id); err != nil {
			return nil, err
		}
	}
	return r, a.checkAttempt(c.Request().Context(), r)
}

// taskOfPath returns the task that the path names.
func (a *API) taskOfPath(c echo.Context) (opsmodel.Task, error) {
	name := c.Param("id")
	if !ops.IsTaskID(name) {
		return opsmodel.Task{}, domain.NotFound("Task %s 不存在！", api.PrintableName(strings.ToValidUTF8(name, "")))
	}
	task, err := a.Ops.Task(c.Request().Context(), name)
	if errors.Is(err, query.ErrNotFound) {
		return task, domain.NotFound("Task %s 不存在！", name)
	}
	return task, err
}

// resume goes on behind the event that a client had last, "<attempt>:<line>".
func (r *logRequest) resume(id string) error {
	before, after, _ := strings.Cut(id, ":")
	attempt, ok := api.ParseInteger(before)
	if ok && after == lastEvent {
		r.attempt, r.done = domain.Position(attempt), true
		return nil
	}
	line, fine := api.ParseInteger(after)
	if !ok || !fine || attempt < 0 || line < 0 {
		return domain.Invalid(headerLastEventID, "必须是收到的最后一个事件的id！")
	}
	r.attempt, r.after = domain.Position(attempt), line
	return nil
}

// checkAttempt refuses a number that is none of the task's attempts. The read
// model knows the newest, the log all.
func (a *API) checkAttempt(ctx context.Context, r *logRequest) error {
	if r.attempt == r.task.Attempt.Number {
		return nil
	}
	if r.attempt > 0 && r.attempt < r.task.Attempt.Number {
		events, err := a.Store.Read(ctx, r.attempt-1, 1)
		if err != nil {
			return fmt.Errorf("read the acceptance of attempt %d: %w", r.attempt, err)
		}
		if len(events) == 1 && events[0].Position == r.attempt && events[0].Type == (ops.AttemptAccepted{}).EventType() &&
			slices.Contains(events[0].Tags, ops.TagTask(r.task.Name)) {
			return nil
		}
	}
	return domain.NotFound("Attempt %d 不存在！", r.attempt)
}

// lineID is the id of the event of a line.
func lineID(attempt domain.Position, line int64) string {
	return strconv.FormatInt(int64(attempt), 10) + ":" + strconv.FormatInt(line, 10)
}
