package migrations

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// RunFirst applies the first n migrations: the schema of an earlier program.
func RunFirst(ctx context.Context, pool *pgxpool.Pool, n int) error {
	list, err := load(files)
	if err != nil {
		return err
	}
	for _, m := range list[:n] {
		if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return apply(ctx, tx, m, n) }); err != nil {
			return err
		}
	}
	return nil
}
