package query

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/projections/table"
)

// List is how one list is read: newest first, by descending id, with the number of
// rows that the conditions let through. A page past the end is empty.
type List[T any] struct {
	Conditions
	// At is the moment that the list is of.
	At Moment
	// Columns are a row's, the id first, and From where they are read: one row for
	// each id of the table w.
	Columns func(*T) []table.Column
	From    string
	// IDs is a table (with alias t) whose rows, restricted by the conditions, are the list.
	IDs string
	// Total is a query for the number of rows where that is known; empty means to count.
	Total string
	// With are WITH queries that the other parts mention.
	With string
	// Few is a query for all ids of the list, which is better than to search ids in
	// their order while there are no more than UpTo; it comes with a Total.
	Few  string
	UpTo int
	// Newest is a query for the ids of the list, in any order, of which the first ones are not
	// left out: as many as its argument says. It comes with a Total, and is better where an order
	// of the whole is not at hand.
	Newest func(first string) string
	// Hashed: rows of different tables are matched by hashing, also where the
	// planner, which knows nothing of how many a caller's grants are, expects few.
	// A look-up for each row is then written as a LATERAL with OFFSET 0.
	Hashed bool
}

// joinByHash holds for the transaction that it is part of.
const joinByHash = "SELECT set_config('enable_nestloop', 'off', true)"

// generic holds for the transaction that it is part of: its statements are planned once for each
// connection, and not for each of their arguments.
const generic = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"

// tune says how the statement that follows in the batch is planned. In the past it names twice as
// many tables and is planned longer than it is carried out, to no end: what it is about is found by
// keys, whatever the arguments.
func (l *List[T]) tune(batch *pgx.Batch) {
	if l.Hashed {
		batch.Queue(joinByHash)
	}
	if l.At.Past() {
		batch.Queue(generic)
	}
}

// Read returns one page and the total.
func (l *List[T]) Read(ctx context.Context, pool *pgxpool.Pool, page Page) (list []T, total int, err error) {
	var batch pgx.Batch // which is a transaction, and one round trip
	l.tune(&batch)
	sql, args := l.SQL(page)
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		list, total, err = Collect(rows, l.Columns)
		return err
	})
	if err := pool.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, 0, err
	}
	return list, total, nil
}

// Before returns the newest rows with ids below a number, and counts nothing.
func (l *List[T]) Before(ctx context.Context, pool *pgxpool.Pool, before int64, limit int) (list []T, err error) {
	l.Where("t.id < ?", before)
	var batch pgx.Batch
	l.tune(&batch)
	sql := "SELECT " + table.Names(l.Columns(new(T))) + " FROM (SELECT t.id FROM " + l.IDs + l.Clause() +
		" ORDER BY t.id DESC LIMIT " + l.Arg(limit) + ") w JOIN " + l.From + " ORDER BY 1 DESC"
	sql, args := l.At.Of(sql, l.args...)
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, Row(l.Columns))
		return err
	})
	return list, pool.SendBatch(ctx, &batch).Close()
}

// SQL is a single statement, so that page and total are of the same snapshot; its
// first column is the total. The wanted ids are found first: what else a row shows
// is only fetched for the page's own rows. Who must count has seen all ids, and
// need not search again for those of the page.
func (l *List[T]) SQL(page Page) (sql string, args []any) {
	var with []string
	if l.With != "" {
		with = append(with, l.With)
	}
	matching, total := "SELECT t.id FROM "+l.IDs+l.Clause(), l.Total
	if total == "" {
		with = append(with, "t AS MATERIALIZED ("+matching+")")
		matching, total = "SELECT t.id FROM t", "SELECT count(*) FROM t"
	}
	with = append(with, "n AS MATERIALIZED (SELECT ("+total+")::bigint AS total)")
	part := " ORDER BY t.id DESC LIMIT " + l.Arg(page.Size) + " OFFSET " + l.Arg(page.Offset())
	wanted := matching + part
	if l.Newest != nil {
		wanted = "SELECT t.id FROM (" + l.Newest(l.Arg(page.Reach())) + ") t" + part
	}
	if l.Few != "" {
		// Which of the two is only known when the total is; the other is not run.
		upTo := l.Arg(l.UpTo)
		wanted = "(" + matching + " AND (SELECT total FROM n) > " + upTo + part + ") UNION ALL" +
			" (SELECT t.id FROM (" + l.Few + ") t WHERE (SELECT total FROM n) <= " + upTo + part + ")"
	}
	return l.At.Of("WITH "+strings.Join(with, ", ")+" SELECT n.total, p.* FROM n LEFT JOIN (SELECT "+table.Names(l.Columns(new(T)))+
		" FROM ("+wanted+") w JOIN "+l.From+") p ON true ORDER BY 2 DESC", l.args...)
}

// Collect reads rows of (total, id, …) and closes them. Past the end there is one
// row, whose id is null.
func Collect[T any](rows pgx.Rows, columns func(*T) []table.Column) ([]T, int, error) {
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
		if err := rows.Scan(append([]any{&total}, table.Places(columns(&row))...)...); err != nil {
			return nil, 0, err
		}
		list = append(list, row)
	}
	return list, total, rows.Err()
}
