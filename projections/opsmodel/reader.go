package opsmodel

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/projections"
)

// Reader answers questions from the read model. Every method reads one
// consistent state. Lists are ascending by id.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns a Reader on the database that the model's tables are in. The
// pool stays the caller's.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// all reads every row of a query.
func all[T any](ctx context.Context, r *Reader, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := r.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// one reads the only row of a query, or returns [projections.ErrNotFound].
func one[T any](ctx context.Context, r *Reader, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, err := r.pool.Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, err
	}
	row, err := pgx.CollectOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = projections.ErrNotFound
	}
	return row, err
}
