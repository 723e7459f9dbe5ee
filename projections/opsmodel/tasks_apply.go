package opsmodel

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// taskOf names the task that an event is about.
func taskOf(e domain.Event) (string, bool) {
	switch e := e.(type) {
	case ops.TaskCreated:
		return e.Task, true
	case ops.TaskDeleted:
		return e.Task, true
	case ops.TaskRestored:
		return e.Task, true
	case ops.AttemptAccepted:
		return e.Task, true
	case ops.CancelRequested:
		return e.Task, true
	case ops.AttemptStarted:
		return e.Task, true
	case ops.AttemptProgressed:
		return e.Task, true
	case ops.AttemptFinished:
		return e.Task, true
	case ops.AttemptPresumed:
		return e.Task, true
	default:
		return "", false
	}
}

// taskRows are the tasks that a batch of events is about, by their names.
type taskRows struct {
	*rowset.Set[string, *Task]
	// live is by how much the number of live tasks of a block changes, inState that of
	// those in a state, withAction that of those with an action.
	live       map[int64]int64
	inState    map[ops.State]int64
	withAction map[string]int64
	// gone are tasks as they were deleted last, of those that are to come back.
	gone map[string]Task
}

func newTaskRows() *taskRows {
	return &taskRows{
		Set:  rowset.NewVersioned("task", func(t *Task) string { return t.Name }, nil),
		live: map[int64]int64{}, inState: map[ops.State]int64{}, withAction: map[string]int64{}, gone: map[string]Task{},
	}
}

// restoredBy are the tasks that events bring back.
func restoredBy(events []domain.Recorded) []string {
	var names rowset.Keys[string]
	for _, r := range events {
		if back, is := r.Event.(ops.TaskRestored); is {
			names.Add(back.Task)
		}
	}
	return names.List
}

// lastOfTasks are the last versions of tasks that are gone.
var lastOfTasks = `SELECT DISTINCT ON (task) ` + taskColumns + ` FROM {schema}.tasks_past WHERE task = ANY ($1) ORDER BY task, until DESC`

// load adds the query for the rows that the events are about, but for those of new tasks.
func (t *taskRows) load(out *pgx.Batch, schema string, events []domain.Recorded) {
	var names rowset.Keys[string]
	created := map[string]bool{}
	for _, r := range events {
		name, ok := taskOf(r.Event)
		if _, isNew := r.Event.(ops.TaskCreated); isNew {
			created[name] = true
		}
		if ok && !created[name] {
			names.Add(name)
		}
	}
	table.Load(out, schema, tasks.Now(), "task", names.List, "", t.LoadedVersion)
	if back := restoredBy(events); len(back) > 0 {
		out.Queue(table.InSchema(schema, lastOfTasks), back).Query(func(rows pgx.Rows) error {
			gone, err := pgx.CollectRows(rows, scanTask)
			for _, task := range gone {
				t.gone[task.Name] = task
			}
			return err
		})
	}
}

// apply takes the next event, and returns the task before and after it. Before it begins
// a task is what it begins as.
func (t *taskRows) apply(name string, r domain.Recorded) (was, is Task, err error) {
	if _, isNew := r.Event.(ops.TaskCreated); isNew {
		task := &Task{Name: name}
		task.Apply(r)
		t.live[task.ID/blockSize]++
		t.inState[task.State]++
		t.withAction[task.Order.Action]++
		return *task, *task, t.Add(task)
	}
	if _, isBack := r.Event.(ops.TaskRestored); isBack {
		task, known := t.gone[name]
		if !known {
			return was, is, fmt.Errorf("task %s was not deleted", name)
		}
		task.Apply(r)
		t.live[task.ID/blockSize]++
		t.inState[task.State]++
		t.withAction[task.Order.Action]++
		return task, task, t.Add(&task)
	}
	before, err := t.Find(name)
	if err != nil {
		return was, is, err
	}
	was, is = *before, *before // a version stays what it is
	t.inState[was.State]--
	if is.Apply(r); !is.Exists {
		t.live[was.ID/blockSize]--
		t.withAction[was.Order.Action]--
		t.gone[name] = was
		t.Drop(name)
		return was, was, nil
	}
	t.inState[is.State]++
	t.Put(&is)
	return was, is, nil
}

func (t *taskRows) write(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string) error {
	var counted []block
	for n, delta := range t.live { // which may be 0: whatever the batches, a block that had a task has a row
		counted = append(counted, block{n, delta})
	}
	blocks.Put(out, schema, counted)
	var states []stateCount
	for state, delta := range t.inState {
		states = append(states, stateCount{state, delta})
	}
	taskStates.Put(out, schema, states)
	var actions []actionCount
	for action, delta := range t.withAction {
		actions = append(actions, actionCount{action, delta})
	}
	taskActions.Put(out, schema, actions)
	return table.SaveVersions(ctx, tx, out, schema, tasks, t.Set)
}
