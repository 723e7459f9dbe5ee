package ops

import (
	"maps"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// taskFold is the [Task] that a decision is about.
type taskFold struct {
	task string
	Task
}

// FoldTask returns a fold for queries, and the task that it brings up to date.
func FoldTask(task string) (domain.Fold, *Task) {
	f := newTaskFold(task)
	return f, &f.Task
}

func newTaskFold(task string) *taskFold { return &taskFold{task: task} }

// Item implements [domain.Fold]. Progress is no guard: only the decision about a report
// looks at it.
func (f *taskFold) Item() domain.Item {
	guards := []string{
		TaskDeleted{}.EventType(), TaskRestored{}.EventType(), AttemptAccepted{}.EventType(), CancelRequested{}.EventType(),
		AttemptStarted{}.EventType(), AttemptFinished{}.EventType(), AttemptPresumed{}.EventType(),
	}
	types := append([]string{TaskCreated{}.EventType(), AttemptProgressed{}.EventType()}, guards...)
	return domain.Item{Tag: TagTask(f.task), Types: types, Guards: guards}
}

// Snapshot implements [domain.Fold].
func (f *taskFold) Snapshot() any { return f.Task }

// Restore implements [domain.Fold].
func (f *taskFold) Restore(s any) { f.Task = s.(Task) }

// reportFold is the [Task] that a report is about. Progress is a guard here: of reports
// that are decided at the same time each has to see what the others added.
type reportFold struct {
	taskFold
	// progressed is when the newest event about the percent was recorded.
	progressed time.Time
}

// reportState is what is kept of a reportFold.
type reportState struct {
	task       Task
	progressed time.Time
}

func newReportFold(task string) *reportFold { return &reportFold{taskFold: taskFold{task: task}} }

// Item implements [domain.Fold].
func (f *reportFold) Item() domain.Item {
	item := f.taskFold.Item()
	item.Guards = append(item.Guards, AttemptProgressed{}.EventType())
	return item
}

// Apply implements [domain.Fold].
func (f *reportFold) Apply(r domain.Recorded) {
	f.taskFold.Apply(r)
	switch r.Event.(type) {
	case AttemptAccepted:
		f.progressed = time.Time{}
	case AttemptProgressed:
		f.progressed = r.At
	}
}

// Snapshot implements [domain.Fold].
func (f *reportFold) Snapshot() any { return reportState{f.Task, f.progressed} }

// Restore implements [domain.Fold].
func (f *reportFold) Restore(s any) {
	f.Task, f.progressed = s.(reportState).task, s.(reportState).progressed
}

// hostWork has the open attempts of one machine.
type hostWork struct {
	machine int64
	open    map[domain.Position]bool
}

func newHostWork(machine int64) *hostWork {
	return &hostWork{machine: machine, open: map[domain.Position]bool{}}
}

// Item implements [domain.Fold]. Only a new attempt can make a command fail that an idle
// machine allows.
func (f *hostWork) Item() domain.Item {
	return domain.Item{
		Tag:    TagHostWork(f.machine),
		Types:  []string{AttemptAccepted{}.EventType(), AttemptFinished{}.EventType(), AttemptPresumed{}.EventType()},
		Guards: []string{AttemptAccepted{}.EventType()},
	}
}

// Apply implements [domain.Fold].
func (f *hostWork) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case AttemptAccepted:
		f.open[r.Position] = true
	case AttemptFinished:
		delete(f.open, e.Attempt)
	case AttemptPresumed:
		delete(f.open, e.Attempt)
	}
}

// Snapshot implements [domain.Fold].
func (f *hostWork) Snapshot() any { return maps.Clone(f.open) }

// Restore implements [domain.Fold].
func (f *hostWork) Restore(s any) { f.open = maps.Clone(s.(map[domain.Position]bool)) }
