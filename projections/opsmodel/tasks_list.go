package opsmodel

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/query"
)

// TaskFilter restricts a list of tasks; what is nil or empty does not.
type TaskFilter struct {
	// IP is the address that the task was made with, as canonical text.
	IP string
	// MachineName is the present name of the task's machine.
	MachineName    string
	Action, Target string
	State          ops.State
	// Creator is a username, which compares without case.
	Creator string
	// Since lets through what was created at that time or later, Until what was created
	// before.
	Since, Until *time.Time
}

var (
	listAscending  = listTasks("", "id >= (SELECT block FROM first) * 1000")
	listDescending = listTasks(" DESC", "id < ((SELECT block FROM first) + 1) * 1000")
)

// listTasks finds the page's first block in the counts of all blocks, a thousandth of the
// tasks; from there on at most blockSize rows are skipped. fromBlock leaves the tasks of
// that block and those behind it in the order.
func listTasks(order, fromBlock string) string {
	return `WITH block AS (
			SELECT block, live, sum(live) OVER (ORDER BY block` + order + `) - live AS before FROM ops.task_blocks),
		first AS (SELECT block, before FROM block WHERE before + live > $1 ORDER BY block` + order + ` LIMIT 1)
		SELECT n.total, p.* FROM (SELECT coalesce(sum(live), 0)::bigint AS total FROM ops.task_blocks) n
		LEFT JOIN LATERAL (
			SELECT ` + taskColumns + ` FROM ops.tasks WHERE ` + fromBlock + `
			ORDER BY id` + order + ` OFFSET $1 - (SELECT before FROM first) LIMIT $2) p ON true
		ORDER BY p.id` + order
}

// Tasks returns a part of the list of the tasks that the filter lets through, ascending by
// id unless the page says otherwise, and the number of all that it lets through.
func (r *Reader) Tasks(ctx context.Context, f TaskFilter, page query.Range) ([]Task, int, error) {
	sql, args := f.list(query.MomentOf(ctx), page)
	rows, err := query.Rows(ctx, r.pool, sql, args...)
	if err != nil {
		return nil, 0, err
	}
	return query.Collect(rows, (*Task).read)
}

// list is one statement, so that page and number are of the same state. Where no index has the
// order, who must count has seen the ids of all that match, and need not search again for those of
// the page.
func (f TaskFilter) list(at query.Moment, page query.Range) (sql string, args []any) {
	order, unfiltered := page.Order(), listAscending
	if page.Newest {
		unfiltered = listDescending
	}
	var q query.Conditions
	f.restrict(&q)
	if !q.Filtered() && !at.Past() {
		return unfiltered, []any{page.Start, page.Count}
	}
	part := " ORDER BY id" + order + " OFFSET " + q.Arg(page.Start) + " LIMIT " + q.Arg(page.Count)
	if column := f.column(); column != "" && !at.Past() {
		total := `SELECT count(*) AS total FROM ops.tasks t`
		switch column { // of which the numbers are kept
		case "t.state":
			total = `SELECT coalesce(max(tasks), 0) AS total FROM ops.task_states t`
		case "t.action":
			total = `SELECT coalesce(max(tasks), 0) AS total FROM ops.task_actions t`
		}
		return pageOf(total+q.Clause(), `SELECT t.id FROM ops.tasks t`+q.Clause()+
			" ORDER BY "+column+order+strings.Replace(part, " ORDER BY", ",", 1), order), q.Args()
	}
	return `WITH t AS MATERIALIZED (SELECT t.id FROM ` + tasks.In("ops") + ` t` + q.Clause() + `) ` +
		pageOf(`SELECT count(*) AS total FROM t`, `SELECT id FROM t`+part, order), q.Args()
}

// column is the one that the filter restricts if it restricts no other, and an index has its tasks
// in the order of their ids; else it is empty. A page of many tasks need not see all of them then.
func (f TaskFilter) column() string {
	for column, alone := range map[string]TaskFilter{
		"t.ip": {IP: f.IP}, "t.machine": {MachineName: f.MachineName}, "t.action": {Action: f.Action}, "t.target": {Target: f.Target},
		"t.state": {State: f.State}, "lower(t.creator_name)": {Creator: f.Creator},
	} {
		if f == alone {
			return column
		}
	}
	return ""
}

// pageOf reads the tasks with the wanted ids beside the number of all.
func pageOf(total, wanted, order string) string {
	return `SELECT n.total, p.* FROM (` + total + `) n
		LEFT JOIN (SELECT a.* FROM (` + wanted + `) w
			CROSS JOIN LATERAL (SELECT ` + taskColumns + ` FROM ` + tasks.In("ops") + ` t WHERE id = w.id OFFSET 0) a) p ON true
		ORDER BY p.id` + order
}

func (f TaskFilter) restrict(q *query.Conditions) {
	q.Exact("t.ip", f.IP)
	if f.MachineName != "" {
		q.Text("t.machine = (SELECT m.id FROM "+machines.In("ops")+" m WHERE m.name = ?)", f.MachineName)
	}
	q.Exact("t.action", f.Action)
	q.Exact("t.target", f.Target)
	q.Exact("t.state", string(f.State))
	if f.Creator != "" {
		q.Text("lower(t.creator_name) = lower(?)", f.Creator)
	}
	if f.Since != nil {
		q.Where("t.created >= ?", *f.Since)
	}
	if f.Until != nil {
		q.Where("t.created < ?", *f.Until)
	}
}

const (
	countStates = `SELECT state, tasks FROM ops.task_states`

	oldestQueued = `SELECT min(greatest(started, reverted)) FROM ops.tasks WHERE ` + isWaiting
)

// Counts says how many tasks there are in each state that any ever was in, and since when
// the longest waiting of those waits that their hosts have not begun; zero for none.
func (r *Reader) Counts(ctx context.Context) (inState map[ops.State]int64, oldest time.Time, err error) {
	inState = map[ops.State]int64{}
	rows, err := r.pool.Query(ctx, countStates)
	if err != nil {
		return nil, oldest, err
	}
	var c stateCount
	if _, err := pgx.ForEachRow(rows, []any{&c.state, &c.tasks}, func() error { inState[c.state] = c.tasks; return nil }); err != nil {
		return nil, oldest, err
	}
	return inState, oldest, r.pool.QueryRow(ctx, oldestQueued).Scan(moment{&oldest})
}
