package ops

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// Order is the action that a task has its host carry out.
type Order struct {
	Action  string `json:"action"`
	Target  string `json:"target"`
	Version string `json:"version,omitempty"`
	Content string `json:"content"`
}

// TaskCreated says that a task was planned for a machine.
type TaskCreated struct {
	// ID is the small number of lists, Task the 32 hex digits that name the task.
	ID      int64  `json:"id"`
	Task    string `json:"task"`
	Machine int64  `json:"machine"`
	// IP is the address that the client named the machine by.
	IP          string        `json:"ip"`
	Creator     domain.UserID `json:"creator"`
	CreatorName string        `json:"creator_name"`
	Order       Order         `json:"order"`
	Description string        `json:"description"`
}

// TaskDeleted says that a task was removed from the lists.
type TaskDeleted struct {
	Task    string `json:"task"`
	Machine int64  `json:"machine"`
}

// TaskRestored says that a task is in the lists again, as it was when it was removed: with the
// attempts that it had.
type TaskRestored struct {
	ID      int64  `json:"id"`
	Task    string `json:"task"`
	Machine int64  `json:"machine"`
}

// Mode says which way an attempt goes.
type Mode string

// The modes.
const (
	ModeUpdate Mode = "update"
	ModeRevert Mode = "revert"
)

// AttemptAccepted says that a task is to be executed or reverted by its machine.
// The event's position is the attempt's number.
type AttemptAccepted struct {
	Task    string `json:"task"`
	Machine int64  `json:"machine"`
	Mode    Mode   `json:"mode"`
	// Of is the attempt that a revert undoes, 0 for an update.
	Of           domain.Position `json:"of,omitempty"`
	Executor     domain.UserID   `json:"executor"`
	ExecutorName string          `json:"executor_name"`
	Order        Order           `json:"order"`
	// Deadline is the time until which the attempt may begin.
	Deadline time.Time `json:"deadline"`
}

// CancelRequested says that somebody wants the attempt to end.
type CancelRequested struct {
	Task    string          `json:"task"`
	Machine int64           `json:"machine"`
	Attempt domain.Position `json:"attempt"`
}

// AttemptStarted says that the host has begun the attempt.
type AttemptStarted struct {
	Task    string          `json:"task"`
	Machine int64           `json:"machine"`
	Attempt domain.Position `json:"attempt"`
}

// AttemptProgressed says how far the host is, in percent.
type AttemptProgressed struct {
	Task    string          `json:"task"`
	Machine int64           `json:"machine"`
	Attempt domain.Position `json:"attempt"`
	Percent int             `json:"percent"`
}

// AttemptFinished says how the attempt ended, as its host reported.
type AttemptFinished struct {
	Task    string          `json:"task"`
	Machine int64           `json:"machine"`
	Attempt domain.Position `json:"attempt"`
	Outcome AttemptState    `json:"outcome"`
	// Result is the host's text, at most MaxResult bytes.
	Result string `json:"result,omitempty"`
	// Lines is how many lines of output the attempt had.
	Lines int64 `json:"lines,omitempty"`
}

// AttemptPresumed says which end the control plane presumes without a report of the
// host. A report of the end, should it come, replaces it.
type AttemptPresumed struct {
	Task    string          `json:"task"`
	Machine int64           `json:"machine"`
	Attempt domain.Position `json:"attempt"`
	Outcome AttemptState    `json:"outcome"`
}

// MaxResult bounds the result text that enters the log, in bytes.
const MaxResult = 4096

// EventType implements [domain.Event].
func (TaskCreated) EventType() string       { return "TaskCreated" }
func (TaskDeleted) EventType() string       { return "TaskDeleted" }
func (TaskRestored) EventType() string      { return "TaskRestored" }
func (AttemptAccepted) EventType() string   { return "AttemptAccepted" }
func (CancelRequested) EventType() string   { return "CancelRequested" }
func (AttemptStarted) EventType() string    { return "AttemptStarted" }
func (AttemptProgressed) EventType() string { return "AttemptProgressed" }
func (AttemptFinished) EventType() string   { return "AttemptFinished" }
func (AttemptPresumed) EventType() string   { return "AttemptPresumed" }

// SubjectKey implements [domain.Event].
func (e TaskCreated) SubjectKey() int64       { return e.Machine }
func (e TaskDeleted) SubjectKey() int64       { return e.Machine }
func (e TaskRestored) SubjectKey() int64      { return e.Machine }
func (e AttemptAccepted) SubjectKey() int64   { return e.Machine }
func (e CancelRequested) SubjectKey() int64   { return e.Machine }
func (e AttemptStarted) SubjectKey() int64    { return e.Machine }
func (e AttemptProgressed) SubjectKey() int64 { return e.Machine }
func (e AttemptFinished) SubjectKey() int64   { return e.Machine }
func (e AttemptPresumed) SubjectKey() int64   { return e.Machine }

// Tags implements [domain.Event].
func (e TaskCreated) Tags() []domain.Tag {
	return []domain.Tag{TagTaskID(e.ID), TagTask(e.Task)}
}
func (e TaskDeleted) Tags() []domain.Tag  { return []domain.Tag{TagTask(e.Task)} }
func (e TaskRestored) Tags() []domain.Tag { return []domain.Tag{TagTask(e.Task)} }
func (e AttemptAccepted) Tags() []domain.Tag {
	return []domain.Tag{TagTask(e.Task), TagHostWork(e.Machine)}
}
func (e CancelRequested) Tags() []domain.Tag   { return []domain.Tag{TagTask(e.Task)} }
func (e AttemptStarted) Tags() []domain.Tag    { return []domain.Tag{TagTask(e.Task)} }
func (e AttemptProgressed) Tags() []domain.Tag { return []domain.Tag{TagTask(e.Task)} }
func (e AttemptFinished) Tags() []domain.Tag {
	return []domain.Tag{TagTask(e.Task), TagHostWork(e.Machine)}
}
func (e AttemptPresumed) Tags() []domain.Tag {
	return []domain.Tag{TagTask(e.Task), TagHostWork(e.Machine)}
}
