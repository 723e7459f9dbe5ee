package opsmodel

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections"
)

// Task is a task with its name of 32 hex digits.
type Task struct {
	Name string
	ops.Task
}

// scanTask reads a row of taskColumns.
func scanTask(row pgx.CollectableRow) (Task, error) {
	var t Task
	err := row.Scan(taskTargets(&t)...)
	return t, err
}

// taskTargets is where a row of taskColumns goes. There is no row of a task that
// does not exist.
func taskTargets(t *Task) []any {
	t.Exists = true
	return []any{
		&t.ID, &t.Name, &t.Machine, &t.IP, &t.Creator, &t.CreatorName,
		&t.Order.Action, &t.Order.Target, &t.Order.Version, &t.Order.Content, &t.Description, orZero{&t.Created},
		&t.State, &t.Executor, orZero{&t.Started}, orZero{&t.Reverted},
		&t.Attempt.Number, &t.Attempt.Mode, &t.Attempt.Percent, &t.Attempt.Lines,
		&t.Attempt.Begun, &t.Attempt.Presumed, &t.Attempt.Cancelling, orZero{&t.Attempt.Deadline},
		&t.Executed, &t.Result, &t.Changed,
	}
}

// orZero scans null as the time that never was.
type orZero struct{ at *time.Time }

// Scan implements [sql.Scanner].
func (z orZero) Scan(value any) error {
	*z.at = time.Time{}
	if at, ok := value.(time.Time); ok {
		*z.at = at.UTC()
	}
	return nil
}

const (
	// The page's first block is found in the counts of all blocks, a thousandth of
	// the tasks; from there on at most blockSize rows are skipped.
	listTasks = `WITH block AS (
			SELECT block, live, sum(live) OVER (ORDER BY block) - live AS before FROM ops.task_blocks),
		first AS (SELECT block, before FROM block WHERE before + live > $1 ORDER BY block LIMIT 1)
		SELECT n.total, p.* FROM (SELECT coalesce(sum(live), 0)::bigint AS total FROM ops.task_blocks) n
		LEFT JOIN LATERAL (
			SELECT ` + taskColumns + ` FROM ops.tasks WHERE id >= (SELECT block FROM first) * 1000
			ORDER BY id OFFSET $1 - (SELECT before FROM first) LIMIT $2) p ON true
		ORDER BY p.id`

	oneTask = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE task = $1`

	openTasks = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE machine = $1 AND ` + isOpen + ` ORDER BY attempt`

	dueTasks = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE deadline <= $1 AND ` + isWaiting + ` ORDER BY deadline LIMIT $2`

	runningTasks = `SELECT ` + taskColumns + ` FROM ops.tasks WHERE machine = ANY ($1::bigint[]) AND ` + isOpen + ` AND begun`

	openAttempts = `SELECT machine, attempt FROM ops.tasks WHERE greatest(started, reverted) < $1 AND ` + isOpen
)

// Tasks returns the tasks after the first start ones, ascending by id, at most
// count of them, and the number of all.
func (r *Reader) Tasks(ctx context.Context, start, count int) ([]Task, int, error) {
	rows, err := r.pool.Query(ctx, listTasks, start, count)
	if err != nil {
		return nil, 0, err
	}
	return projections.CollectPage(rows, taskTargets)
}

// Task returns a task by its name, or [projections.ErrNotFound].
func (r *Reader) Task(ctx context.Context, name string) (Task, error) {
	return one(ctx, r, scanTask, oneTask, name)
}

// Open returns the tasks of a machine that have an open attempt, by attempt.
func (r *Reader) Open(ctx context.Context, machine int64) ([]Task, error) {
	return all(ctx, r, scanTask, openTasks, machine)
}

// Due returns up to limit tasks whose attempt was not begun by its deadline.
func (r *Reader) Due(ctx context.Context, now time.Time, limit int) ([]Task, error) {
	return all(ctx, r, scanTask, dueTasks, now, limit)
}

// Running returns the tasks of some machines whose open attempt has begun.
func (r *Reader) Running(ctx context.Context, machines []int64) ([]Task, error) {
	return all(ctx, r, scanTask, runningTasks, machines)
}

// OpenAttempt is an open attempt and its machine.
type OpenAttempt struct {
	Machine int64
	Attempt domain.Position
}

// OpenBefore returns the open attempts that were accepted before a time.
func (r *Reader) OpenBefore(ctx context.Context, at time.Time) ([]OpenAttempt, error) {
	return all(ctx, r, pgx.RowToStructByPos[OpenAttempt], openAttempts, at)
}
