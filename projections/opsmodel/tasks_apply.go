package opsmodel

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/rowset"
)

// blockSize is how many ids of tasks are counted together.
const blockSize = 1000

const (
	// A task's row changes a few times in its life, and never its index entries but
	// those of open attempts: half-filled pages let most changes stay on their page.
	createTasks = `CREATE TABLE {schema}.tasks (
			id bigint PRIMARY KEY, task text NOT NULL UNIQUE, machine bigint NOT NULL, ip text NOT NULL,
			creator bigint NOT NULL, creator_name text NOT NULL,
			action text NOT NULL, target text NOT NULL, version text NOT NULL, content text NOT NULL,
			description text NOT NULL, created timestamptz NOT NULL,
			state text NOT NULL, executor text NOT NULL, started timestamptz, reverted timestamptz,
			attempt bigint NOT NULL, mode text NOT NULL, percent int NOT NULL, lines bigint NOT NULL,
			begun boolean NOT NULL, presumed boolean NOT NULL, cancelling boolean NOT NULL, deadline timestamptz,
			executed bigint NOT NULL, result text NOT NULL, changed bigint NOT NULL
		) WITH (fillfactor = 60);
		CREATE INDEX tasks_open ON {schema}.tasks (machine, attempt) WHERE ` + isOpen + `;
		CREATE INDEX tasks_due ON {schema}.tasks (deadline) WHERE ` + isWaiting

	isOpen    = `state IN ('queued', 'running', 'revert_queued', 'reverting')`
	isWaiting = `state IN ('queued', 'revert_queued')`

	createBlocks = `CREATE TABLE {schema}.task_blocks (block bigint PRIMARY KEY, live bigint NOT NULL) WITH (fillfactor = 50)`

	taskColumns = `id, task, machine, ip, creator, creator_name, action, target, version, content, description, created,
		state, executor, started, reverted, attempt, mode, percent, lines, begun, presumed, cancelling, deadline, executed, result, changed`

	loadTasks = `SELECT ` + taskColumns + ` FROM {schema}.tasks WHERE task = ANY ($1::text[])`

	addTasks = `INSERT INTO {schema}.tasks (` + taskColumns + `) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[],
			$5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[],
			$13::text[], $14::text[], $15::timestamptz[], $16::timestamptz[], $17::bigint[], $18::text[], $19::int[], $20::bigint[],
			$21::boolean[], $22::boolean[], $23::boolean[], $24::timestamptz[], $25::bigint[], $26::text[], $27::bigint[])`

	changeTasks = `UPDATE {schema}.tasks t SET state = n.state, executor = n.executor, started = n.started, reverted = n.reverted,
			attempt = n.attempt, mode = n.mode, percent = n.percent, lines = n.lines, begun = n.begun, presumed = n.presumed,
			cancelling = n.cancelling, deadline = n.deadline, executed = n.executed, result = n.result, changed = n.changed
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::text[], $8::int[], $9::bigint[],
			$10::boolean[], $11::boolean[], $12::boolean[], $13::timestamptz[], $14::bigint[], $15::text[], $16::bigint[])
			AS n(id, state, executor, started, reverted, attempt, mode, percent, lines, begun, presumed, cancelling, deadline, executed, result, changed)
		WHERE t.id = n.id`

	removeTasks = `DELETE FROM {schema}.tasks WHERE task = ANY ($1::text[])`

	countTasks = `INSERT INTO {schema}.task_blocks AS b (block, live) SELECT * FROM unnest($1::bigint[], $2::bigint[])
		ON CONFLICT (block) DO UPDATE SET live = b.live + excluded.live`
)

// taskOf names the task that an event is about.
func taskOf(e domain.Event) (string, bool) {
	switch e := e.(type) {
	case ops.TaskCreated:
		return e.Task, true
	case ops.TaskDeleted:
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
	// live is by how much the number of live tasks of a block changes.
	live map[int64]int64
}

func newTaskRows() *taskRows {
	return &taskRows{Set: rowset.New[string, *Task]("task"), live: map[int64]int64{}}
}

// load adds the query for the rows that the events are about, but for those of new tasks.
func (t *taskRows) load(out *pgx.Batch, schema string, events []domain.Recorded) {
	var names []string
	met := map[string]bool{}
	for _, r := range events {
		name, ok := taskOf(r.Event)
		if !ok || met[name] {
			continue
		}
		met[name] = true
		if _, isNew := r.Event.(ops.TaskCreated); !isNew {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	out.Queue(projections.InSchema(schema, loadTasks), names).Query(func(rows pgx.Rows) error {
		tasks, err := pgx.CollectRows(rows, scanTask)
		for i := range tasks {
			t.Loaded(tasks[i].Name, &tasks[i])
		}
		return err
	})
}

func (t *taskRows) apply(name string, r domain.Recorded) error {
	if _, isNew := r.Event.(ops.TaskCreated); isNew {
		task := &Task{Name: name}
		task.Apply(r)
		t.live[task.ID/blockSize]++
		return t.Add(name, task)
	}
	task, err := t.Find(name)
	if err != nil {
		return err
	}
	if task.Apply(r); !task.Exists {
		t.live[task.ID/blockSize]--
		t.Drop(name)
		return nil
	}
	t.Put(name, task)
	return nil
}

func (t *taskRows) write(out *pgx.Batch, schema string) {
	added, altered, dropped := t.Writes()
	if len(added) > 0 {
		out.Queue(projections.InSchema(schema, addTasks), addedColumns(added)...)
	}
	if len(altered) > 0 {
		out.Queue(projections.InSchema(schema, changeTasks), changedColumns(altered)...)
	}
	if len(dropped) > 0 {
		out.Queue(projections.InSchema(schema, removeTasks), dropped)
	}
	var blocks, deltas []int64
	for block, delta := range t.live { // which may be 0: whatever the batches, a block that had a task has a row
		blocks, deltas = append(blocks, block), append(deltas, delta)
	}
	if len(blocks) > 0 {
		out.Queue(projections.InSchema(schema, countTasks), blocks, deltas)
	}
}

// addedColumns are the arrays of addTasks.
func addedColumns(rows []*Task) []any {
	return append([]any{
		projections.Column(rows, func(t *Task) int64 { return t.ID }),
		projections.Column(rows, func(t *Task) string { return t.Name }),
		projections.Column(rows, func(t *Task) int64 { return t.Machine }),
		projections.Column(rows, func(t *Task) string { return t.IP }),
		projections.Column(rows, func(t *Task) int64 { return int64(t.Creator) }),
		projections.Column(rows, func(t *Task) string { return t.CreatorName }),
		projections.Column(rows, func(t *Task) string { return t.Order.Action }),
		projections.Column(rows, func(t *Task) string { return t.Order.Target }),
		projections.Column(rows, func(t *Task) string { return t.Order.Version }),
		projections.Column(rows, func(t *Task) string { return t.Order.Content }),
		projections.Column(rows, func(t *Task) string { return t.Description }),
		projections.Column(rows, func(t *Task) time.Time { return t.Created }),
	}, stateColumns(rows)...)
}

// changedColumns are the arrays of changeTasks.
func changedColumns(rows []*Task) []any {
	return append([]any{
		projections.Column(rows, func(t *Task) int64 { return t.ID }),
	}, stateColumns(rows)...)
}

// stateColumns are the arrays of what changes in a task's life, with which those of
// addTasks and changeTasks end.
func stateColumns(rows []*Task) []any {
	return []any{
		projections.Column(rows, func(t *Task) string { return string(t.State) }),
		projections.Column(rows, func(t *Task) string { return t.Executor }),
		projections.Column(rows, func(t *Task) *time.Time { return orNull(t.Started) }),
		projections.Column(rows, func(t *Task) *time.Time { return orNull(t.Reverted) }),
		projections.Column(rows, func(t *Task) int64 { return int64(t.Attempt.Number) }),
		projections.Column(rows, func(t *Task) string { return string(t.Attempt.Mode) }),
		projections.Column(rows, func(t *Task) int { return t.Attempt.Percent }),
		projections.Column(rows, func(t *Task) int64 { return t.Attempt.Lines }),
		projections.Column(rows, func(t *Task) bool { return t.Attempt.Begun }),
		projections.Column(rows, func(t *Task) bool { return t.Attempt.Presumed }),
		projections.Column(rows, func(t *Task) bool { return t.Attempt.Cancelling }),
		projections.Column(rows, func(t *Task) *time.Time { return orNull(t.Attempt.Deadline) }),
		projections.Column(rows, func(t *Task) int64 { return int64(t.Executed) }),
		projections.Column(rows, func(t *Task) string { return t.Result }),
		projections.Column(rows, func(t *Task) int64 { return int64(t.Changed) }),
	}
}

// orNull stores a time that never was as null.
func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
