package migrations_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Processes that start together migrate once; a newer database is refused.
func TestRun(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testkit.EmptyPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := migrations.Run(context.Background(), pool); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var rows int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM public.schema_migrations").Scan(&rows); err != nil || rows < 2 {
		t.Errorf("%d migrations ran, %v", rows, err)
	}
	if _, err := pool.Exec(t.Context(), "INSERT INTO public.schema_migrations (number, name) VALUES (999, 'future')"); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Run(t.Context(), pool); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a newer database: %v", err)
	}
}
