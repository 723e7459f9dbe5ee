package opsmodel

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Task is a task with its name of 32 hex digits.
type Task struct {
	Name string
	ops.Task
}

func (t *Task) columns() []table.Column {
	a := &t.Attempt
	return []table.Column{
		table.Col("id", table.Number, &t.ID),
		table.Col("task", table.Text|table.Fixed, &t.Name),
		table.Col("machine", table.Number|table.Fixed, &t.Machine),
		table.Col("ip", table.Text|table.Fixed, &t.IP),
		table.Col("creator", table.Number|table.Fixed, &t.Creator),
		table.Col("creator_name", table.Text|table.Fixed, &t.CreatorName),
		table.Col("action", table.Text|table.Fixed, &t.Order.Action),
		table.Col("target", table.Text|table.Fixed, &t.Order.Target),
		table.Col("version", table.Text|table.Fixed, &t.Order.Version),
		table.Col("content", table.Text|table.Fixed, &t.Order.Content),
		table.Col("description", table.Text|table.Fixed, &t.Description),
		table.Col("created", table.Time|table.Fixed, moment{&t.Created}),
		table.Col("state", table.Text, &t.State),
		table.Col("executor", table.Text, &t.Executor),
		table.Col("started", table.OptionalTime, moment{&t.Started}),
		table.Col("reverted", table.OptionalTime, moment{&t.Reverted}),
		table.Col("attempt", table.Number, &a.Number),
		table.Col("mode", table.Text, &a.Mode),
		table.Col("percent", table.Number, &a.Percent),
		table.Col("lines", table.Number, &a.Lines),
		table.Col("begun", table.Flag, &a.Begun),
		table.Col("presumed", table.Flag, &a.Presumed),
		table.Col("cancelling", table.Flag, &a.Cancelling),
		table.Col("deadline", table.OptionalTime, moment{&a.Deadline}),
		table.Col("executed", table.Number, &t.Executed),
		table.Col("result", table.Text, &t.Result),
		table.Col("changed", table.Number, &t.Changed),
	}
}

// read are the columns of a task that is read. There is no row of one that does not exist.
func (t *Task) read() []table.Column {
	t.Exists = true
	return t.columns()
}

// moment is the place of a time in UTC; the zero time is null.
type moment struct{ at *time.Time }

// Scan implements [sql.Scanner].
func (m moment) Scan(value any) error {
	*m.at = time.Time{}
	if at, ok := value.(time.Time); ok {
		*m.at = at.UTC()
	}
	return nil
}

// Value implements [driver.Valuer].
func (m moment) Value() (driver.Value, error) {
	if m.at.IsZero() {
		return nil, nil
	}
	return *m.at, nil
}

// blockSize is how many ids of tasks are counted together.
const blockSize = 1000

// As tests of a truth they fit the indexes that are for them, and no index by state.
const (
	isOpen    = `(state IN ('queued', 'running', 'revert_queued', 'reverting')) IS TRUE`
	isWaiting = `(state IN ('queued', 'revert_queued')) IS TRUE`
)

// tasks: a task's row changes a few times in its life, and of its index entries those of
// its state and of open attempts. Half-filled pages let most changes stay on their page. What a
// task was has all of its texts once more.
var tasks = table.Keeping(table.Table[*Task]{
	Name: "tasks", Key: "id", Storage: "fillfactor = 60",
	Columns: func(t **Task) []table.Column {
		if *t == nil {
			*t = &Task{}
		}
		return (*t).read()
	},
	Indexes: []string{
		"ALTER TABLE {schema}.tasks ADD UNIQUE (task)",
		"CREATE INDEX tasks_open ON {schema}.tasks (machine, attempt) WHERE " + isOpen,
		"CREATE INDEX tasks_due ON {schema}.tasks (deadline) WHERE " + isWaiting,
		// Each filter of the list finds the ids of its tasks in an index alone.
		"CREATE INDEX tasks_of_machine ON {schema}.tasks (machine, id)",
		"CREATE INDEX tasks_at ON {schema}.tasks (ip, id)",
		"CREATE INDEX tasks_of_creator ON {schema}.tasks (lower(creator_name), id) INCLUDE (creator_name)",
		"CREATE INDEX tasks_of_action ON {schema}.tasks (action, id)",
		"CREATE INDEX tasks_to_do ON {schema}.tasks (action, target, id)",
		"CREATE INDEX tasks_on ON {schema}.tasks (target, id)",
		"CREATE INDEX tasks_in_state ON {schema}.tasks (state, id)",
		"CREATE INDEX tasks_since ON {schema}.tasks (created, id)",
	},
}, "CREATE INDEX ON {schema}.tasks_past (task, block)").ListedWhole()

// block is how many of blockSize ids are of live tasks.
type block struct{ block, live int64 }

var blocks = table.Table[block]{Name: "task_blocks", Key: "block", Storage: "fillfactor = 50", Columns: func(b *block) []table.Column {
	return []table.Column{table.Col("block", table.Number, &b.block), table.Col("live", table.Tally, &b.live)}
}}

// stateCount is how many live tasks are in a state.
type stateCount struct {
	state ops.State
	tasks int64
}

var taskStates = table.Table[stateCount]{Name: "task_states", Key: "state", Storage: "fillfactor = 50", Columns: func(s *stateCount) []table.Column {
	return []table.Column{table.Col("state", table.Text, &s.state), table.Col("tasks", table.Tally, &s.tasks)}
}}

// actionCount is how many live tasks have an action.
type actionCount struct {
	action string
	tasks  int64
}

var taskActions = table.Table[actionCount]{Name: "task_actions", Key: "action", Storage: "fillfactor = 50", Columns: func(a *actionCount) []table.Column {
	return []table.Column{table.Col("action", table.Text, &a.action), table.Col("tasks", table.Tally, &a.tasks)}
}}

var (
	taskColumns = table.Names((&Task{}).columns())

	scanTask = query.Row((*Task).read)

	oneTask = `SELECT ` + taskColumns + ` FROM ` + tasks.In("ops") + ` t WHERE task = $1`

	openTasks = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE machine = $1 AND ` + isOpen + ` ORDER BY attempt`

	dueTasks = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE deadline <= $1 AND ` + isWaiting + ` ORDER BY deadline LIMIT $2`

	runningTasks = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE machine = ANY ($1::bigint[]) AND ` + isOpen + ` AND begun`

	openAttempts = `SELECT machine, attempt FROM ops.tasks WHERE greatest(started, reverted) < $1 AND ` + isOpen
)

// Task returns a task by its name, or [query.ErrNotFound].
func (r *Reader) Task(ctx context.Context, name string) (Task, error) {
	return query.Only(ctx, r.pool, scanTask, oneTask, name)
}

// Open returns the tasks of a machine that have an open attempt, by attempt.
func (r *Reader) Open(ctx context.Context, machine int64) ([]Task, error) {
	return query.All(ctx, r.pool, scanTask, openTasks, machine)
}

// Due returns up to limit tasks whose attempt was not begun by its deadline.
func (r *Reader) Due(ctx context.Context, now time.Time, limit int) ([]Task, error) {
	return query.All(ctx, r.pool, scanTask, dueTasks, now, limit)
}

// Running returns the tasks of some machines whose open attempt has begun.
func (r *Reader) Running(ctx context.Context, machines []int64) ([]Task, error) {
	return query.All(ctx, r.pool, scanTask, runningTasks, machines)
}

// OpenAttempt is an open attempt and its machine.
type OpenAttempt struct {
	Machine int64
	Attempt domain.Position
}

// OpenBefore returns the open attempts that were accepted before a time.
func (r *Reader) OpenBefore(ctx context.Context, at time.Time) ([]OpenAttempt, error) {
	return query.All(ctx, r.pool, pgx.RowToStructByPos[OpenAttempt], openAttempts, at)
}
