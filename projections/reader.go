package projections

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that a resource is not there, or not any more.
var ErrNotFound = errors.New("not found")

// Reader answers questions from the read models. Every method reads one
// consistent state; two calls may read different ones.
//
// Lists are newest first, by descending id, and come with the number of rows
// that the filter lets through; a page past the end is empty.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns a Reader on the given database, whose tables the models'
// Create has made. The pool stays the caller's.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// listing is how one list is read.
type listing[T any] struct {
	query
	// columns and from make up the page: one row for each id of the table w.
	columns, from string
	// ids is a table (with alias t) whose rows, restricted by the query, are the list.
	ids string
	// total is a query for the number of rows where that is known; empty means to count.
	total string
	scan  func(*T) []any
}

// read returns one page and the total.
func (l *listing[T]) read(ctx context.Context, r *Reader, page Page) ([]T, int, error) {
	rows, err := r.pool.Query(ctx, l.sql(page), l.args...)
	if err != nil {
		return nil, 0, err
	}
	return collectPage(rows, l.scan)
}

// sql is a single statement, so that page and total are of the same snapshot;
// its first column is the total. The wanted ids are found first: what else a row
// shows is only fetched for the page's own rows. Who must count has seen all
// ids, and need not search again for those of the page.
func (l *listing[T]) sql(page Page) string {
	matching := "SELECT t.id FROM " + l.ids + l.clause()
	with, total := "", l.total
	if total == "" {
		with, total = "WITH t AS MATERIALIZED ("+matching+") ", "SELECT count(*) FROM t"
		matching = "SELECT t.id FROM t"
	}
	wanted := matching + " ORDER BY t.id DESC LIMIT " + l.arg(page.Size) + " OFFSET " + l.arg(page.offset())
	return with + "SELECT n.total, p.* FROM (SELECT (" + total + ")::bigint AS total) n" +
		" LEFT JOIN (SELECT " + l.columns + " FROM (" + wanted + ") w JOIN " + l.from + ") p ON true ORDER BY p.id DESC"
}

// collectPage reads rows of (total, id, …). Past the end there is one row, whose id is null.
func collectPage[T any](rows pgx.Rows, scan func(*T) []any) ([]T, int, error) {
	defer rows.Close()
	list, total := []T{}, 0
	for rows.Next() {
		var id *int64
		head := make([]any, len(rows.FieldDescriptions()))
		head[0], head[1] = &total, &id
		if err := rows.Scan(head...); err != nil {
			return nil, 0, err
		}
		if id == nil {
			continue
		}
		var row T
		if err := rows.Scan(append([]any{nil}, scan(&row)...)...); err != nil {
			return nil, 0, err
		}
		list = append(list, row)
	}
	return list, total, rows.Err()
}

// first returns the only row of a one-row page, or ErrNotFound.
func first[T any](rows []T, _ int, err error) (T, error) {
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return rows[0], nil
}
