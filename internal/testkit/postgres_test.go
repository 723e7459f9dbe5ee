package testkit_test

import (
	"context"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Each test has a migrated database of its own.
func TestPostgres(t *testing.T) {
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testkit.Postgres(t)
			var rows int
			if err := pool.QueryRow(context.Background(), "SELECT count(*) FROM log.events").Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if rows != 0 {
				t.Errorf("%d events in a fresh database", rows)
			}
			if _, err := pool.Exec(context.Background(), "CREATE SCHEMA own"); err != nil {
				t.Errorf("the database is shared: %v", err)
			}
		})
	}
}
