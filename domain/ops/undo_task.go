package ops

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoTaskCreated removes a task that was never executed.
type UndoTaskCreated struct{ event TaskCreated }

// NewUndoTaskCreated returns the command for an event.
func NewUndoTaskCreated(e TaskCreated) UndoTaskCreated { return UndoTaskCreated{event: e} }

// Decide implements [domain.Command].
func (c UndoTaskCreated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return removeTask(h, env, c.event.Task, func(t *taskFold) bool { return t.State != StateCreated })
}

// RestoreTask brings a deleted task back, as it was when it was deleted.
type RestoreTask struct {
	event TaskDeleted
	at    domain.Position
}

// NewRestoreTask returns the command for a deletion at a position.
func NewRestoreTask(e TaskDeleted, at domain.Position) RestoreTask {
	return RestoreTask{event: e, at: at}
}

// Decide implements [domain.Command].
func (c RestoreTask) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	task, err := loadUndoneTask(h, env, c.event.Task, access.CodeAddTask)
	if err != nil {
		return nil, err
	}
	if task.Exists || task.Changed != c.at && !task.Changed.Pending() {
		return nil, domain.Changed(task.Changed, "task %s was restored since", task.task)
	}
	return []domain.Event{TaskRestored{ID: task.ID, Task: task.task, Machine: task.Machine}}, nil
}

// UndoTaskRestored removes a task again that was brought back, and was not executed since.
type UndoTaskRestored struct {
	event TaskRestored
	at    domain.Position
}

// NewUndoTaskRestored returns the command for an event at a position.
func NewUndoTaskRestored(e TaskRestored, at domain.Position) UndoTaskRestored {
	return UndoTaskRestored{event: e, at: at}
}

// Decide implements [domain.Command].
func (c UndoTaskRestored) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return removeTask(h, env, c.event.Task, func(t *taskFold) bool { return t.Attempt.Number > c.at || t.State.Open() })
}

// removeTask removes a task that was not executed since.
func removeTask(h domain.History, env domain.Env, name string, executed func(*taskFold) bool) ([]domain.Event, error) {
	task, err := loadUndoneTask(h, env, name, access.CodeDeleteTask)
	switch {
	case err != nil:
		return nil, err
	case !task.Exists:
		return nil, domain.Changed(task.Changed, "task %s is gone", task.task)
	case executed(task):
		return nil, domain.Changed(task.Changed, "task %s was executed since", task.task)
	}
	return []domain.Event{TaskDeleted{Task: task.task, Machine: task.Machine}}, nil
}

// loadUndoneTask returns a task, there or gone, if the actor has the permission.
func loadUndoneTask(h domain.History, env domain.Env, name string, code int) (*taskFold, error) {
	actor, task := access.NewActor(env.Actor), newTaskFold(name)
	if err := h.Load(actor, task); err != nil {
		return nil, err
	}
	return task, actor.RequireCode(code)
}
