package opsapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// taskBody is a task on the wire. Times are unix seconds, 0 for never.
type taskBody struct {
	ID          int64     `json:"id"`
	TaskID      string    `json:"task_id"`
	Creator     string    `json:"creator"`
	IP          string    `json:"ip"`
	Action      string    `json:"action"`
	CreateTime  int64     `json:"create_time"`
	Content     string    `json:"content"`
	Description string    `json:"description"`
	Executor    string    `json:"executor"`
	StartTime   int64     `json:"start_time"`
	RevertTime  int64     `json:"revert_time"`
	Status      int       `json:"status"`
	Percent     int       `json:"percent"`
	Revert      int       `json:"revert"`
	Target      string    `json:"target"`
	Version     string    `json:"version"`
	State       ops.State `json:"state"`
	Result      string    `json:"result"`
}

func taskOnWire(t opsmodel.Task) taskBody {
	return taskBody{
		ID: t.ID, TaskID: t.Name, Creator: t.CreatorName, IP: t.IP, Action: t.Order.Action, CreateTime: unixOrZero(t.Created),
		Content: t.Order.Content, Description: t.Description, Executor: t.Executor,
		StartTime: unixOrZero(t.Started), RevertTime: unixOrZero(t.Reverted),
		Status: t.State.Status(), Percent: t.Attempt.Percent, Revert: t.State.Revert(),
		Target: t.Order.Target, Version: t.Order.Version, State: t.State, Result: t.Result,
	}
}

// unixOrZero is a time in unix seconds, 0 for the time that never was.
func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (a *API) listTasks() rows[opsmodel.Task, taskBody] {
	return rows[opsmodel.Task, taskBody]{
		key: "task_id", filters: api.Reads(taskFilter), one: a.Ops.Task, all: a.tasks,
		item:    func(_ echo.Context, row opsmodel.Task) taskBody { return taskOnWire(row) },
		changed: func(row opsmodel.Task) domain.Position { return row.Changed },
	}
}

// tasks lists the tasks that the query's filters let through. An address is matched in its
// canonical form.
func (a *API) tasks(ctx context.Context, q *api.Params, part query.Range) ([]opsmodel.Task, int, error) {
	f := taskFilter(q)
	if q.Err != nil {
		return nil, 0, nil
	}
	return a.Ops.Tasks(ctx, f, part)
}

func taskFilter(q *api.Params) opsmodel.TaskFilter {
	f := opsmodel.TaskFilter{
		MachineName: api.Given(q.Text("machine_name")), Action: api.Given(q.Text("action")), Target: api.Given(q.Text("target")),
		Creator: api.Given(q.Text("creator")), State: ops.State(api.Given(q.Text("state"))),
		Since: q.Moment("since", nil), Until: q.Moment("until", nil),
	}
	if q.Text("ip") != nil {
		f.IP = address(q, "ip")
	}
	if f.State != "" && !slices.Contains(ops.States(), f.State) {
		q.Refuse("state", "must be one of %s", joined(ops.States()))
	}
	return f
}

func joined(states []ops.State) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func (a *API) postTask() api.Write {
	return byAction(map[string]api.Write{"add": onData(api.Write{
		Right: needs(access.CodeAddTask), Command: a.createTask, Reply: createdTask, Keys: api.Reads(taskInput), Unversioned: true,
	})})
}

func (a *API) createTask(w *api.Request) (domain.Command, error) {
	c, err := ops.NewCreateTask(newTaskID(), taskInput(w.Params))
	if err != nil || w.Err != nil {
		return c, err
	}
	return c, a.offeredAt(w.Context(), c.IP(), c.Order())
}

func taskInput(p *api.Params) ops.TaskInput {
	return ops.TaskInput{
		IP: p.Text("ip"), Creator: p.Text("creator"), Action: p.Text("action"), Target: p.Text("target"),
		Version: p.Text("version"), Content: p.Text("content"), Description: p.Text("description"),
	}
}

// createdTask names the task that a write created, also when it is repeated.
func createdTask(_ *api.Request, receipt eventstore.Receipt) (any, error) {
	info := struct {
		TaskID string `json:"task_id"`
	}{}
	for _, r := range receipt.Events {
		if e, ok := r.Event.(ops.TaskCreated); ok {
			info.TaskID = e.Task
		}
	}
	return info, nil
}

// newTaskID returns 32 random hex digits.
func newTaskID() string {
	var id [16]byte
	// Read fills the id or, without an entropy source, ends the program.
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

func (a *API) deleteTask() api.Route {
	return deletion(pathTask, "task_id", access.CodeDeleteTask, "delete task ok", func(w *api.Request, task string) (domain.Command, error) {
		return ops.NewDeleteTask(task, w.IfMatch)
	})
}
