package query

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/projections/table"
)

// ErrNotFound says that a resource is not there, or not any more.
var ErrNotFound = errors.New("not found")

// First returns the only row of a one-row page, or [ErrNotFound].
func First[T any](rows []T, _ int, err error) (T, error) {
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return rows[0], nil
}

// Row returns a function that reads a row of the columns.
func Row[T any](columns func(*T) []table.Column) pgx.RowToFunc[T] {
	return func(row pgx.CollectableRow) (value T, err error) {
		return value, row.Scan(table.Places(columns(&value))...)
	}
}

// All reads every row of a statement on the moment of the context.
func All[T any](ctx context.Context, pool *pgxpool.Pool, row pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := Rows(ctx, pool, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, row)
}

// Only reads the only row of a statement on the moment of the context, or returns [ErrNotFound].
func Only[T any](ctx context.Context, pool *pgxpool.Pool, row pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, err := All(ctx, pool, row, sql, args...)
	return First(rows, 0, err)
}
