package opsapi

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/opsmodel"
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

func (a *API) listTasks() echo.HandlerFunc {
	return rows[opsmodel.Task, taskBody]{
		key: "task_id", one: a.Ops.Task, all: a.Ops.Tasks, item: taskOnWire,
		changed: func(row opsmodel.Task) domain.Position { return row.Changed },
	}.reply
}

func (a *API) postTask() api.Write {
	return byAction(map[string]api.Write{"add": onData(api.Write{Right: needs(access.CodeAddTask), Command: createTask, Reply: createdTask})})
}

func createTask(w *api.Request) (domain.Command, error) {
	return ops.NewCreateTask(newTaskID(), ops.TaskInput{
		IP: w.Text("ip"), Creator: w.Text("creator"), Action: w.Text("action"), Target: w.Text("target"),
		Version: w.Text("version"), Content: w.Text("content"), Description: w.Text("description"),
	})
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

func (a *API) deleteTask() api.Write {
	return permitted(access.CodeDeleteTask, "delete task ok", func(w *api.Request) (domain.Command, error) {
		return ops.NewDeleteTask(argument(w, "task_id"), w.IfMatch)
	})
}
