package opsmodel

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// many is enough for a wrong plan to show; the blocks make the list's length
	// itself cheap, a thousandth of it.
	many        = 150_000
	manyOpen    = 300
	openInOne   = 3
	fillMany    = `INSERT INTO ops.tasks SELECT i, md5(i::text), 1 + i % 100, '10.0.0.1', 1, 'admin', 'update', 'web', '7', 'index.html', 'many', 'epoch', CASE WHEN i % 500 = 0 THEN (CASE WHEN i % 1000 = 0 THEN 'running' ELSE 'queued' END) ELSE 'succeeded' END, 'admin', 'epoch'::timestamptz + i * interval '1 s', NULL, i, 'update', 0, 0, i % 1000 = 0, false, false, 'epoch'::timestamptz + i * interval '1 s', 0, '', i, i FROM generate_series(1, $1::int) AS i`
	fillBlocks  = `INSERT INTO ops.task_blocks SELECT id / 1000, count(*) FROM ops.tasks GROUP BY 1`
	neverLooked = `ALTER TABLE ops.tasks SET (autovacuum_enabled = off); ALTER TABLE ops.task_blocks SET (autovacuum_enabled = off)`
)

// However long the list and whatever PostgreSQL knows of it (nothing: the tables
// were never analysed), a page costs its block and itself, and what workers ask
// costs what is open. Plans made once for all arguments do the same.
func TestPlansOfALongList(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	for _, sql := range []string{neverLooked, strings.ReplaceAll(fillMany, "$1", fmt.Sprint(many)), fillBlocks} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	const late = `'2100-01-01'::timestamptz`
	for name, q := range map[string]struct {
		sql, types, args string
		// most is how many rows of tasks may be looked at.
		most int
	}{
		"first page":    {listAscending, "int, int", "0, 10", blockSize + 10},
		"middle page":   {listAscending, "int, int", fmt.Sprintf("%d, 10", many/2+123), blockSize + 10},
		"last page":     {listAscending, "int, int", fmt.Sprintf("%d, 1000", many-1000), blockSize + 1000},
		"newest":        {listDescending, "int, int", "0, 10", blockSize + 10},
		"newest middle": {listDescending, "int, int", fmt.Sprintf("%d, 10", many/2+123), blockSize + 10},
		"past the end":  {listAscending, "int, int", fmt.Sprintf("%d, 10", 2*many), 0},
		"one task":      {oneTask, "text", "md5('77')", 1},
		"open":          {openTasks, "bigint", "1", manyOpen},
		"due":           {dueTasks, "timestamptz, int", late + ", 100", 100},
		"running":       {runningTasks, "bigint[]", "'{1,2,3}'", manyOpen},
		"open attempts": {openAttempts, "timestamptz", late, manyOpen},
	} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			plan := explain(t, pool, mode, q.sql, q.types, q.args)
			looked, bad := plan.looked("tasks")
			if bad != "" || looked > q.most {
				t.Errorf("%s, %s: %d rows of tasks looked at, at most %d wanted; %s", name, mode, looked, q.most, bad)
			}
		}
	}
}

// A filter costs what it lets through, and reads of the tasks no more than the page: the
// ids come from an index.
func TestPlansOfFilters(t *testing.T) {
	t.Parallel()
	const many, queued = 20_000, 20
	pool := serving(t)
	for _, sql := range []string{strings.ReplaceAll(fillMany, "$1", fmt.Sprint(many)), fillBlocks} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	vacuum(t, pool)
	late := time.Unix(many-100, 0)
	for name, test := range map[string]struct {
		f    TaskFilter
		most int
	}{
		"state":   {TaskFilter{State: "queued"}, queued + 10},
		"since":   {TaskFilter{Since: &late}, 101 + 10},
		"machine": {TaskFilter{MachineName: "nobody"}, 0},
		"ip":      {TaskFilter{IP: "10.9.9.9"}, 0},
		"target":  {TaskFilter{Target: "nobody"}, 0},
		"action":  {TaskFilter{Action: "hello"}, 0},
		"to do":   {TaskFilter{Action: "hello", Target: "web"}, 0},
		"creator": {TaskFilter{Creator: "nobody"}, 0},
	} {
		sql, args := test.f.list(query.Moment{}, query.Range{Count: 10, Newest: true})
		types, values := make([]string, len(args)), make([]string, len(args))
		for i, arg := range args {
			types[i], values[i] = "text", fmt.Sprintf("'%v'", arg)
			switch arg := arg.(type) {
			case int:
				types[i] = "int"
			case time.Time:
				types[i], values[i] = "timestamptz", "'"+arg.Format(time.RFC3339)+"'"
			}
		}
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			plan := explain(t, pool, mode, sql, strings.Join(types, ", "), strings.Join(values, ", "))
			if looked, bad := plan.looked("tasks"); bad != "" || looked > test.most {
				t.Errorf("%s, %s: %d rows of tasks looked at, at most %d wanted; %s", name, mode, looked, test.most, bad)
			}
		}
	}
}

// vacuum leaves statistics, and a visibility map that lets indices answer alone. One VACUUM
// may not be enough: a session that connects at that moment, to whichever database, has a
// snapshot before it belongs to a database, and rows newer than that snapshot are not yet
// visible to all.
func vacuum(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Eventually(t, "all rows of tasks are visible to all", func() bool {
		if _, err := pool.Exec(t.Context(), "VACUUM ANALYZE ops.tasks"); err != nil {
			t.Fatal(err)
		}
		var all bool
		if err := pool.QueryRow(t.Context(), "SELECT relallvisible = relpages FROM pg_class WHERE oid = 'ops.tasks'::regclass").Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	})
}

// node is a step of a plan.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Plans    []node  `json:"Plans"`
}

// looked counts the rows of a table that a plan looks at, and names a step that reads all of it.
func (n node) looked(table string) (rows int, bad string) {
	if n.Relation == table {
		rows = int((n.Rows + n.Removed) * n.Loops)
		if n.Type == "Seq Scan" && n.Loops > 0 {
			bad = "the whole table is read"
		}
	}
	for _, inner := range n.Plans {
		more, worse := inner.looked(table)
		rows += more
		bad = max(bad, worse)
	}
	return rows, bad
}

// explain carries a prepared statement out and says how it was done.
func explain(t *testing.T, pool *pgxpool.Pool, mode, sql, types, args string) node {
	t.Helper()
	var plans []struct{ Plan node }
	sql, _ = query.Moment{}.Of(sql)
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		for _, sql := range []string{"SET LOCAL plan_cache_mode = " + mode, "PREPARE asked (" + types + ") AS " + sql} {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		var text []byte
		if err := tx.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ("+args+")").Scan(&text); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), "DEALLOCATE asked"); err != nil {
			return err
		}
		return json.Unmarshal(text, &plans)
	})
	if err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}
