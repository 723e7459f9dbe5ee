package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/migrations"
)

// insertEvent is how a process of the version before 0009 appends an event.
const insertEvent = `INSERT INTO log.events (position, prev, id, type, context, schema, key, tags, data, actor, command_id,
		causation, correlation, recorded_at)
	VALUES ($1::bigint, $1::bigint - 1, gen_random_uuid(), 'T', 'dns', 1, 0, '', '{}', 0, gen_random_uuid(), 0, gen_random_uuid(), now())`

// An event of before, or of a process of before, came by no door; partitions that are made
// later have the columns, too.
func TestEventsOfBeforeHaveNoDoor(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testkit.EmptyPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	do := func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := migrations.RunFirst(t.Context(), pool, 8); err != nil {
		t.Fatal(err)
	}
	do("SELECT log.extend(1, 10)")
	do(insertEvent, 1)
	if err := migrations.Run(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	do("SELECT log.extend(100, 10)")
	do(insertEvent, 2)
	do(insertEvent, 100)
	var none int
	err = pool.QueryRow(t.Context(), "SELECT count(*) FROM log.events WHERE credential = 0 AND door = ''").Scan(&none)
	if err != nil || none != 3 {
		t.Errorf("%d events without a door, %v", none, err)
	}
}
