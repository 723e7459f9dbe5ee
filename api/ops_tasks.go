package api

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/labstack/echo/v4"

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

func (s *server) listTasks(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	name := q.text("task_id")
	if name != nil && q.err == nil {
		row, err := s.Ops.Task(c.Request().Context(), *name)
		return opsFound(c, row, row.Changed, err, taskOnWire)
	}
	start, count := q.opsPage()
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Ops.Tasks(c.Request().Context(), start, count)
	if err != nil {
		return err
	}
	return opsRows(c, rows, total, taskOnWire)
}

func (s *server) postTask(c echo.Context) error {
	return s.opsPost(c, map[string]opsAction{"add": onData((*server).addTask)})
}

func (s *server) addTask(c echo.Context, w *write) error {
	return s.opsWrite(c, w, needs(access.CodeAddTask), func(w *write) (domain.Command, error) {
		name, err := newTaskID()
		if err != nil {
			return nil, err
		}
		return ops.NewCreateTask(name, ops.TaskInput{
			IP: w.text("ip"), Creator: w.text("creator"), Action: w.text("action"), Target: w.text("target"),
			Version: w.text("version"), Content: w.text("content"), Description: w.text("description"),
		})
	}, createdTask)
}

// createdTask names the task that a write created, also when it is repeated.
func createdTask(receipt eventstore.Receipt) any {
	info := struct {
		TaskID string `json:"task_id"`
	}{}
	for _, r := range receipt.Events {
		if e, ok := r.Event.(ops.TaskCreated); ok {
			info.TaskID = e.Task
		}
	}
	return info
}

// newTaskID returns 32 random hex digits.
func newTaskID() (string, error) {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(id[:]), nil
}

func (s *server) deleteTask(c echo.Context) error {
	w, name, err := s.opsDelete(c, "task_id")
	if err != nil {
		return err
	}
	return s.opsWrite(c, w, needs(access.CodeDeleteTask), func(w *write) (domain.Command, error) {
		return ops.NewDeleteTask(name, w.ifMatch)
	}, says("delete task ok"))
}
