package ops

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// AcceptAttempt lets a task be executed, or reverted, by its machine.
type AcceptAttempt struct {
	task, executor string
	mode           Mode
	within         time.Duration
	ifMatch        *domain.Position
}

// NewAcceptAttempt checks the form of the request. The attempt must begin within
// the given time from its acceptance.
func NewAcceptAttempt(task, executor string, mode Mode, within time.Duration, ifMatch *domain.Position) (AcceptAttempt, error) {
	c := AcceptAttempt{task: task, executor: executor, mode: mode, within: within, ifMatch: ifMatch}
	if err := checkTaskID(task); err != nil {
		return c, err
	}
	if _, err := required("executor", &executor); err != nil {
		return c, err
	}
	return c, checkLine("executor", executor, maxLine)
}

// Decide implements [domain.Command].
func (c AcceptAttempt) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, named, task := access.NewActor(env.Actor), access.NewUserNamed(c.executor), newTaskFold(c.task)
	if err := h.Load(actor, named, task); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(c.code()); err != nil {
		return nil, err
	}
	if !task.Exists {
		return nil, domain.Refused("task %s does not exist", c.task).Blame("task_id")
	}
	if err := onBehalf(actor, named, "executor", c.executor); err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, task.Changed); err != nil {
		return nil, err
	}
	if err := c.allowed(task.State); err != nil {
		return nil, err
	}
	machine := newMachineFold(task.Machine)
	if err := h.Load(machine); err != nil {
		return nil, err
	}
	if !machine.exists {
		return nil, domain.Refused("the task's machine does not exist any more")
	}
	return []domain.Event{c.accept(task, named, env.Now)}, nil
}

func (c AcceptAttempt) code() int {
	if c.mode == ModeRevert {
		return access.CodeRevert
	}
	return access.CodeUpdate
}

// allowed returns an error if the task's state does not allow the attempt. An update is
// allowed unless the task has been executed, a revert only if it has been.
func (c AcceptAttempt) allowed(s State) error {
	switch {
	case s.Open():
		return domain.Refused("task is %s", s)
	case c.mode == ModeRevert && (s == StateSucceeded || s == StateRevertFailed):
		return nil
	case c.mode == ModeRevert && (s == StateReverted || s == StateUnknown || s == StateRevertUnknown):
		return domain.Refused("task is %s", s)
	case c.mode == ModeRevert:
		return domain.Refused("task has not been executed")
	case s == StateCreated || s == StateFailed || s == StateCancelled || s == StateExpired:
		return nil
	case s == StateUnknown:
		return domain.Refused("task is unknown: its host went silent; cancel it, or wait for the host")
	default:
		return domain.Refused("task has been executed")
	}
}

func (c AcceptAttempt) accept(task *taskFold, executor *access.UserNamed, now time.Time) AttemptAccepted {
	e := AttemptAccepted{
		Task: c.task, Machine: task.Machine, Mode: c.mode, Order: task.Order,
		Executor: executor.ID(), ExecutorName: executor.Name(), Deadline: now.Add(c.within).UTC().Truncate(time.Millisecond),
	}
	if c.mode == ModeRevert {
		e.Of = task.Executed
	}
	return e
}

// CancelAttempt ends the open attempt of a task. An attempt that its host has not begun
// is presumed to be cancelled at once; the host ends an attempt that runs.
type CancelAttempt struct{ task string }

// NewCancelAttempt checks the form of the task's name.
func NewCancelAttempt(task string) (CancelAttempt, error) {
	return CancelAttempt{task: task}, checkTaskID(task)
}

// Decide implements [domain.Command].
func (c CancelAttempt) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	task, err := loadTask(h, env, c.task, access.CodeUpdate)
	if err != nil {
		return nil, err
	}
	unknown := task.State == StateUnknown || task.State == StateRevertUnknown
	if !task.State.Open() && !unknown {
		return nil, domain.Refused("task is %s, there is nothing to cancel", task.State)
	}
	var events []domain.Event
	if !task.Attempt.Cancelling {
		events = append(events, CancelRequested{Task: c.task, Machine: task.Machine, Attempt: task.Attempt.Number})
	}
	if unknown || !task.Attempt.Begun {
		events = append(events, AttemptPresumed{
			Task: c.task, Machine: task.Machine, Attempt: task.Attempt.Number, Outcome: Cancelled,
		})
	}
	return events, nil
}
