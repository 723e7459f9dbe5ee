package eventstore_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// The database itself refuses to change what was appended, on the parent and on
// every partition, also for a session that plays replica.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s := run(t, pool, func(c *eventstore.Config) { c.PartitionSize = 4 })
	for range 10 {
		execute(t, s, note(noted{On: []domain.Tag{"x"}}))
	}
	rows, err := pool.Query(t.Context(), `SELECT oid::regclass::text FROM pg_class
		WHERE relnamespace = 'log'::regnamespace AND relkind IN ('r', 'p') AND relname ~ '^(events|event_tags)'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 2+2*4 {
		t.Fatalf("tables %v, %v", tables, err)
	}
	statements := []string{"UPDATE log.head SET position = position - 1", "UPDATE log.head SET log = gen_random_uuid()", "DELETE FROM log.head", "TRUNCATE log.head"}
	for _, table := range tables {
		statements = append(statements, "DELETE FROM "+table, "TRUNCATE "+table, "UPDATE "+table+" SET position = position")
	}
	for _, role := range []string{"origin", "replica"} {
		for _, statement := range statements {
			err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), "SET LOCAL session_replication_role = "+role); err != nil {
					t.Fatal(err)
				}
				_, err := tx.Exec(t.Context(), statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s as %s: %v", statement, role, err)
			}
		}
	}
	if n := len(wholeLog(t, s)); n != 10 {
		t.Errorf("%d events left", n)
	}
}

// Partitions are ready two ahead, also for a batch larger than a partition, and
// a process that opens the log with another size goes on from the same bounds.
func TestPartitions(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	for _, size := range []int64{3, 5, 2} {
		s := run(t, pool, func(c *eventstore.Config) { c.PartitionSize = size })
		for n := range 9 {
			events := make([]domain.Event, n+1)
			for i := range events {
				events[i] = noted{On: []domain.Tag{"x"}}
			}
			execute(t, s, note(events...))
			var ahead int
			if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM log.partitions, log.head WHERE lower > position").Scan(&ahead); err != nil {
				t.Fatal(err)
			}
			if ahead < 2 {
				t.Errorf("size %d, batch of %d: %d partitions ahead", size, n+1, ahead)
			}
		}
		c := countOf("x")
		execute(t, s, deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) { return nil, h.Load(c) }))
		if n := len(wholeLog(t, s)); n != c.n {
			t.Errorf("%d events, %d by tag", n, c.n)
		}
	}
	var gaps int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FROM log.partitions p
		WHERE lower > 1 AND NOT EXISTS (SELECT FROM log.partitions q WHERE q.upper = p.lower)`).Scan(&gaps)
	if err != nil || gaps != 0 {
		t.Errorf("%d gaps between partitions, %v", gaps, err)
	}
}
