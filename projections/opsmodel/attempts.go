package opsmodel

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// Attempt is one execution, or one revert, of a task, from its acceptance to its end.
type Attempt struct {
	Number domain.Position
	Task   string
	Mode   ops.Mode
	// Executor is the user who had the attempt accepted.
	Executor string
	Accepted time.Time
	// Started is when the log first had it from the host that the attempt was begun, Ended
	// when it had the end, reported or presumed; zero for not yet.
	Started, Ended time.Time
	Percent        int
	State          ops.AttemptState
	// Result is what the host said of the end.
	Result string
}

func (a *Attempt) columns() []table.Column {
	return []table.Column{
		table.Col("number", table.Number, &a.Number),
		table.Col("task", table.Text|table.Fixed, &a.Task),
		table.Col("mode", table.Text|table.Fixed, &a.Mode),
		table.Col("executor", table.Text|table.Fixed, &a.Executor),
		table.Col("accepted", table.Time|table.Fixed, moment{&a.Accepted}),
		table.Col("started", table.OptionalTime, moment{&a.Started}),
		table.Col("ended", table.OptionalTime, moment{&a.Ended}),
		table.Col("percent", table.Number, &a.Percent),
		table.Col("state", table.Text, &a.State),
		table.Col("result", table.Text, &a.Result),
	}
}

// attempts: a row changes a few times and no index entry of it ever does.
var attempts = table.Keeping(table.Table[Attempt]{
	Name: "attempts", Key: "number", Storage: "fillfactor = 60", Columns: (*Attempt).columns,
	Indexes: []string{"CREATE INDEX ON {schema}.attempts (task, number)"},
}, "CREATE INDEX ON {schema}.attempts_past (task, block)")

var attemptsOfTask = `SELECT ` + table.Names((&Attempt{}).columns()) + ` FROM ` + attempts.In("ops") + ` a
	WHERE task = $1 AND number < $2 ORDER BY number DESC LIMIT $3`

// Attempts returns attempts of a task that are older than the given one, newest first, at
// most limit of them.
func (r *Reader) Attempts(ctx context.Context, task string, before domain.Position, limit int) ([]Attempt, error) {
	return query.All(ctx, r.pool, query.Row((*Attempt).columns), attemptsOfTask, task, before, limit)
}

// attemptOf names the attempt that an event is about, but for the one that begins it.
func attemptOf(e domain.Event) (domain.Position, bool) {
	switch e := e.(type) {
	case ops.AttemptStarted:
		return e.Attempt, true
	case ops.AttemptProgressed:
		return e.Attempt, true
	case ops.AttemptFinished:
		return e.Attempt, true
	case ops.AttemptPresumed:
		return e.Attempt, true
	default:
		return 0, false
	}
}

// attemptRows are the attempts that a batch of events is about.
type attemptRows struct {
	*rowset.Set[domain.Position, Attempt]
	// ofTask are those of this batch and those that were loaded for a deletion, by task.
	ofTask map[string][]domain.Position
	// gone are those that went with a task when it was deleted last, of tasks that are to come back.
	gone map[string][]Attempt
}

// lastOfAttempts are the attempts that went with tasks.
var lastOfAttempts = `SELECT ` + table.Names((&Attempt{}).columns()) + ` FROM {schema}.attempts_past a
	WHERE task = ANY ($1) AND until = (SELECT max(t.until) FROM {schema}.tasks_past t WHERE t.task = a.task) ORDER BY number`

func newAttemptRows() *attemptRows {
	return &attemptRows{
		Set:    rowset.NewVersioned("attempt", func(a Attempt) domain.Position { return a.Number }, nil),
		ofTask: map[string][]domain.Position{}, gone: map[string][]Attempt{},
	}
}

// load adds the queries for the attempts that the events are about: all of a task that
// is deleted.
func (a *attemptRows) load(out *pgx.Batch, schema string, events []domain.Recorded) {
	var numbers rowset.Keys[domain.Position]
	var deleted rowset.Keys[string]
	for _, r := range events {
		if number, ok := attemptOf(r.Event); ok {
			numbers.Add(number)
		}
		if gone, ok := r.Event.(ops.TaskDeleted); ok {
			deleted.Add(gone.Task)
		}
	}
	table.Load(out, schema, attempts.Now(), "number", numbers.List, "", a.LoadedVersion)
	table.Load(out, schema, attempts.Now(), "task", deleted.List, "", func(v rowset.Version[Attempt]) {
		a.ofTask[v.Row.Task] = append(a.ofTask[v.Row.Task], v.Row.Number)
		a.LoadedVersion(v)
	})
	if back := restoredBy(events); len(back) > 0 {
		out.Queue(table.InSchema(schema, lastOfAttempts), back).Query(func(rows pgx.Rows) error {
			gone, err := pgx.CollectRows(rows, query.Row((*Attempt).columns))
			for _, row := range gone {
				a.gone[row.Task] = append(a.gone[row.Task], row)
			}
			return err
		})
	}
}

// apply takes the next event. One about an attempt of a task that is gone changes
// nothing.
func (a *attemptRows) apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ops.AttemptAccepted:
		a.ofTask[e.Task] = append(a.ofTask[e.Task], r.Position)
		a.Put(Attempt{
			Number: r.Position, Task: e.Task, Mode: e.Mode, Executor: e.ExecutorName, Accepted: r.At, State: ops.Queued,
		})
		return
	case ops.TaskDeleted:
		a.deleted(e.Task)
		return
	case ops.TaskRestored:
		for _, row := range a.gone[e.Task] {
			a.ofTask[e.Task] = append(a.ofTask[e.Task], row.Number)
			a.Put(row)
		}
		return
	}
	number, _ := attemptOf(r.Event)
	row, exists := a.Get(number)
	if !exists {
		return
	}
	row.apply(r)
	a.Put(row)
}

// deleted takes the attempts of a task away.
func (a *attemptRows) deleted(task string) {
	a.gone[task] = nil
	for _, number := range a.ofTask[task] {
		if row, exists := a.Get(number); exists {
			a.gone[task] = append(a.gone[task], row)
			a.Drop(number)
		}
	}
	a.ofTask[task] = nil
}

// apply follows [ops.Task.Apply]: an end that was presumed is over when the host says that
// the attempt goes on, and an end that the host reports replaces it.
func (a *Attempt) apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ops.AttemptStarted:
		if a.Started.IsZero() {
			a.Started = r.At
		}
		a.State, a.Ended = ops.Running, time.Time{}
	case ops.AttemptProgressed:
		a.Percent = e.Percent
	case ops.AttemptFinished:
		a.State, a.Ended, a.Result = e.Outcome, r.At, e.Result
		if e.Outcome == ops.Succeeded {
			a.Percent = 100
		}
	case ops.AttemptPresumed:
		a.State, a.Ended = e.Outcome, r.At
	}
}
