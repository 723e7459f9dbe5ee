package projections

import (
	"context"
	"errors"
	"strings"

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
	// with are WITH queries that the other parts mention.
	with string
	// few is a query for all ids of the list, which is better than to search ids in
	// their order while there are no more than upTo; it comes with a total.
	few  string
	upTo int
	// hashed: rows of different tables are matched by hashing, also where the
	// planner, which knows nothing of how many a caller's grants are, expects few.
	// A look-up for each row is then written as a LATERAL with OFFSET 0.
	hashed bool
	scan   func(*T) []any
}

// joinByHash holds for the transaction that it is part of.
const joinByHash = "SELECT set_config('enable_nestloop', 'off', true)"

// read returns one page and the total.
func (l *listing[T]) read(ctx context.Context, r *Reader, page Page) ([]T, int, error) {
	sql := l.sql(page)
	if !l.hashed {
		rows, err := r.pool.Query(ctx, sql, l.args...)
		if err != nil {
			return nil, 0, err
		}
		return CollectPage(rows, l.scan)
	}
	var list []T
	var total int
	var batch pgx.Batch // which is a transaction, and one round trip
	batch.Queue(joinByHash)
	batch.Queue(sql, l.args...).Query(func(rows pgx.Rows) (err error) {
		list, total, err = CollectPage(rows, l.scan)
		return err
	})
	if err := r.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, 0, err
	}
	return list, total, nil
}

// sql is a single statement, so that page and total are of the same snapshot;
// its first column is the total. The wanted ids are found first: what else a row
// shows is only fetched for the page's own rows. Who must count has seen all
// ids, and need not search again for those of the page.
func (l *listing[T]) sql(page Page) string {
	var with []string
	if l.with != "" {
		with = append(with, l.with)
	}
	matching, total := "SELECT t.id FROM "+l.ids+l.clause(), l.total
	if total == "" {
		with = append(with, "t AS MATERIALIZED ("+matching+")")
		matching, total = "SELECT t.id FROM t", "SELECT count(*) FROM t"
	}
	with = append(with, "n AS MATERIALIZED (SELECT ("+total+")::bigint AS total)")
	part := " ORDER BY t.id DESC LIMIT " + l.arg(page.Size) + " OFFSET " + l.arg(page.offset())
	wanted := matching + part
	if l.few != "" {
		// Which of the two is only known when the total is; the other is not run.
		upTo := l.arg(l.upTo)
		wanted = "(" + matching + " AND (SELECT total FROM n) > " + upTo + part + ") UNION ALL (SELECT t.id FROM (" + l.few + ") t WHERE (SELECT total FROM n) <= " + upTo + part + ")"
	}
	return "WITH " + strings.Join(with, ", ") + " SELECT n.total, p.* FROM n" +
		" LEFT JOIN (SELECT " + l.columns + " FROM (" + wanted + ") w JOIN " + l.from + ") p ON true ORDER BY p.id DESC"
}

// CollectPage reads rows of (total, id, …) and closes them. Past the end there is
// one row, whose id is null. scan returns where a row's columns after total go.
func CollectPage[T any](rows pgx.Rows, scan func(*T) []any) ([]T, int, error) {
	defer rows.Close()
	list, total := []T{}, 0
	for rows.Next() {
		if raw := rows.RawValues(); raw[1] == nil {
			if err := rows.Scan(append([]any{&total}, make([]any, len(raw)-1)...)...); err != nil {
				return nil, 0, err
			}
			continue
		}
		var row T
		if err := rows.Scan(append([]any{&total}, scan(&row)...)...); err != nil {
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
