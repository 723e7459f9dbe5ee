package ops

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// CreateTask plans a task for the machine that has an address.
type CreateTask struct {
	task, ip, creator, description string
	order                          Order
}

// NewCreateTask checks the form of a task. Its name, 32 hex digits, is made by the caller.
func NewCreateTask(task string, in TaskInput) (CreateTask, error) {
	if err := checkTaskID(task); err != nil {
		return CreateTask{}, err
	}
	c, err := in.parse()
	c.task = task
	return c, err
}

// IP is the address of the machine that the task is for, as canonical text, and Order what
// it is to do.
func (c CreateTask) IP() string   { return c.ip }
func (c CreateTask) Order() Order { return c.order }

// Allocates implements [domain.Allocator].
func (CreateTask) Allocates() []domain.Sequence { return []domain.Sequence{domain.SequenceTask} }

// Decide implements [domain.Command].
func (c CreateTask) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, named := access.NewActor(env.Actor), access.NewUserNamed(c.creator)
	machine := machineAt(c.ip)
	if err := h.Load(actor, named, machine); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(access.CodeAddTask); err != nil {
		return nil, err
	}
	if machine.HeldBy() == 0 {
		return nil, domain.Refused("ip %s is not an address of a registered machine", c.ip).Blame("ip")
	}
	if err := onBehalf(actor, named, "creator", c.creator); err != nil {
		return nil, err
	}
	return []domain.Event{TaskCreated{
		ID: env.NextID(domain.SequenceTask), Task: c.task, Machine: machine.HeldBy(), IP: c.ip,
		Creator: named.ID(), CreatorName: named.Name(), Order: c.order, Description: c.description,
	}}, nil
}

// onBehalf refuses the name of a user who does not exist, and any name but the caller's
// own unless the caller is an administrator.
func onBehalf(actor *access.Actor, named *access.UserNamed, field, name string) error {
	if named.ID() != actor.ID() && !actor.May(access.Permitted(access.CodeAdmin)) {
		return domain.Refused("%s must be the caller", field).Blame(field) // also where nobody has the name
	}
	if named.ID() == 0 {
		return domain.Refused("%s: user %s does not exist", field, name).Blame(field)
	}
	return nil
}

// DeleteTask removes a task from the lists.
type DeleteTask struct {
	task    string
	ifMatch *domain.Position
}

// NewDeleteTask checks the form of the task's name.
func NewDeleteTask(task string, ifMatch *domain.Position) (DeleteTask, error) {
	return DeleteTask{task: task, ifMatch: ifMatch}, checkTaskID(task)
}

// Decide implements [domain.Command].
func (c DeleteTask) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	task, err := loadTask(h, env, c.task, access.CodeDeleteTask)
	if err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, task.Changed); err != nil {
		return nil, err
	}
	if task.State.Open() {
		return nil, domain.Refused("task is %s, cancel it first", task.State)
	}
	return []domain.Event{TaskDeleted{Task: c.task, Machine: task.Machine}}, nil
}

// loadTask returns the task if the actor has the permission and the task exists.
func loadTask(h domain.History, env domain.Env, name string, code int) (*taskFold, error) {
	actor, task := access.NewActor(env.Actor), newTaskFold(name)
	if err := h.Load(actor, task); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(code); err != nil {
		return nil, err
	}
	if !task.Exists {
		return nil, domain.Refused("task %s does not exist", name).Blame("task_id")
	}
	return task, nil
}
