package testkit_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

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

// A database is filled once, and each test has a copy of its own.
func TestPostgresWith(t *testing.T) {
	t.Parallel()
	var fillings atomic.Int64
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, filling := testkit.PostgresWith(t, "notes", func(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
				_, err := pool.Exec(ctx, "CREATE TABLE notes (text text PRIMARY KEY)")
				return fillings.Add(1), err
			})
			if filling != 1 {
				t.Errorf("it was filled %d times", filling)
			}
			if _, err := pool.Exec(t.Context(), "INSERT INTO notes VALUES ('own')"); err != nil {
				t.Errorf("the copy is shared, or empty: %v", err)
			}
		})
	}
}
