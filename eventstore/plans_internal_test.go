package eventstore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// The hot statements walk indexes, on tables whose size the planner has never
// been told: no sequential scan, no hash, no sort, whatever the log holds.
func TestPlans(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s, err := Open(t.Context(), Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := pgx.ConnectConfig(t.Context(), s.writer.config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := prepareStatements(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	for _, q := range []interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	}{conn, s.reads} {
		var on int
		if err := q.QueryRow(t.Context(), `SELECT count(*) FROM pg_settings WHERE setting = 'on'
			AND name IN ('jit', 'enable_seqscan', 'enable_hashjoin', 'enable_mergejoin')`).Scan(&on); err != nil || on > 0 {
			t.Errorf("%d planner settings are not pinned, %v", on, err)
		}
	}
	fill(t, conn, s.id)
	for name, c := range map[string]struct{ sql, args string }{
		"page":        {readPage, "500, 100"},
		"tag page":    {readTagPage, "1, 0, 'x', 100"},
		"tails":       {readTails, "'{0,1}', '{1,2}', '{0,700}', '{\"\",\"{5}\"}'"},
		"conditions":  {lastMatches, "'{0,1}', '{1,2}', '{0,700}', '{\"\",\"{5}\"}', 1000"},
		"assumptions": {checkAssumptions, fmt.Sprintf("'%s', 1000, '{1,2}', '{0,700}', '{\"\",\"{5}\"}'", s.id)},
		"commands":    {selectCommands, "'{00000000-0000-0000-0000-000000000001}'"},
		"expired":     {deleteExpired, "1000"},
		"event":       {findEvent, "17"},
		"back":        {readBack, "900, 500, 100"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, conn, c.sql, c.args)
			for _, bad := range []string{"Seq Scan", "Hash", "Merge Join", "Sort ", "JIT", "Materialize"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%s in the plan:\n%s", bad, plan)
				}
			}
			if !strings.Contains(plan, "Index") {
				t.Errorf("no index in the plan:\n%s", plan)
			}
		})
	}
	if plan := explain(t, conn, lastMatches, "'{0}', '{1}', '{0}', '{\"\"}', 700"); strings.Contains(plan, "event_tags_751") {
		t.Errorf("conditions are looked for in partitions after the head:\n%s", plan)
	}
	if plan := explain(t, conn, readPage, "500, 100"); strings.Contains(plan, "events_1_") {
		t.Errorf("a page touches partitions before its position:\n%s", plan)
	}
}

// fill appends a few events to each of several partitions, past the writer.
func fill(t *testing.T, conn *pgx.Conn, log uuid.UUID) {
	t.Helper()
	head := storedHead{log: log, Head: Head{Last: map[domain.Context]domain.Position{}}}
	for range 4 {
		e := &entry{events: make([]protocol.Envelope, 250)}
		for i := range e.events {
			e.events[i] = protocol.Envelope{ID: uuid.New(), Type: "T", Context: domain.ContextDNS, Schema: 1, Data: []byte("{}"), Tags: []domain.Tag{"x"}}
		}
		if err := e.index(); err != nil {
			t.Fatal(err)
		}
		p := makePlan([]*entry{e}, inspection{head: head}, time.Now())
		if _, err := conn.Exec(t.Context(), begin); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), extendLog, p.head.Position, 250); err != nil {
			t.Fatal(err)
		}
		if err := transact(conn, p.statements()).err; err != nil {
			t.Fatal(err)
		}
		head.Head = p.head
	}
}

// explain shows the generic plan, which is the one that the pinned settings force.
func explain(t *testing.T, conn *pgx.Conn, sql, args string) string {
	t.Helper()
	for _, statement := range []string{"DEALLOCATE ALL", "PREPARE q AS " + sql} {
		if _, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(t.Context(), fmt.Sprintf("EXPLAIN (ANALYZE, COSTS off, TIMING off) EXECUTE q(%s)", args), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
