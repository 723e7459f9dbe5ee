package projections

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// column returns one column of the rows, for unnest.
func column[R, V any](rows []R, value func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// queueLoad adds a query by keys to the batch, unless there are none.
func queueLoad(out *pgx.Batch, sql string, ids []int64, each func(pgx.Rows) error) {
	if len(ids) == 0 {
		return
	}
	out.Queue(sql, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// queueDrop adds a deletion by keys to the batch, unless there are none.
func queueDrop(out *pgx.Batch, sql string, ids []int64) {
	if len(ids) > 0 {
		out.Queue(sql, ids)
	}
}

// copyFrom is the number of new rows from which on COPY, with its round trips,
// is faster than statements that travel with the others: per row it costs less
// than half.
const copyFrom = 50

// appended is a table that gets many rows at once.
type appended[R any] struct {
	table   string
	columns []string
	values  func(R) []any
}

// add stores rows that the table lacks, at once by COPY or by statements in the batch.
func (a appended[R]) add(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, rows []R) error {
	if len(rows) >= copyFrom {
		source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return a.values(rows[i]), nil })
		_, err := tx.CopyFrom(ctx, pgx.Identifier{schema, a.table}, a.columns, source)
		return err
	}
	insert := a.insert(schema)
	for _, row := range rows {
		out.Queue(insert, a.values(row)...)
	}
	return nil
}

// insert is the statement for one row.
func (a appended[R]) insert(schema string) string {
	places := make([]string, len(a.columns))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	return inSchema(schema, "INSERT INTO {schema}."+a.table+" ("+strings.Join(a.columns, ", ")+") VALUES ("+strings.Join(places, ", ")+")")
}
