package projections

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Column returns one column of the rows, for unnest.
func Column[R, V any](rows []R, value func(R) V) []V {
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

// copyFrom is the number of new rows from which on COPY, with its round trips, is
// faster than a statement that travels with the others.
const copyFrom = 200

// appended is a table that gets many rows at once.
type appended[R any] struct {
	table   string
	columns []string
	// values are int64, *int64, string or time.Time.
	values func(R) []any
}

// add stores rows that the table lacks, at once by COPY or by one statement in the batch.
func (a appended[R]) add(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, rows []R) error {
	switch {
	case len(rows) == 0:
		return nil
	case len(rows) >= copyFrom:
		source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return a.values(rows[i]), nil })
		_, err := tx.CopyFrom(ctx, pgx.Identifier{schema, a.table}, a.columns, source)
		return err
	}
	arrays, err := a.arrays(rows)
	if err != nil {
		return err
	}
	args := make([]any, len(arrays))
	for i, array := range arrays {
		args[i] = array.values()
	}
	out.Queue(a.insert(schema, arrays), args...)
	return nil
}

// arrays turns the rows by ninety degrees.
func (a appended[R]) arrays(rows []R) ([]array, error) {
	var arrays []array
	for i, row := range rows {
		values := a.values(row)
		if i == 0 {
			arrays = make([]array, len(values))
		}
		for c, value := range values {
			if i == 0 {
				if arrays[c] = arrayOf(value, len(rows)); arrays[c] == nil {
					return nil, fmt.Errorf("column %s of %s has a %T", a.columns[c], a.table, value)
				}
			}
			arrays[c].add(value)
		}
	}
	return arrays, nil
}

// insert is the statement for any number of rows, given as one array for each column.
func (a appended[R]) insert(schema string, arrays []array) string {
	places := make([]string, len(arrays))
	for i, array := range arrays {
		places[i] = "$" + strconv.Itoa(i+1) + "::" + array.sqlType()
	}
	return InSchema(schema, "INSERT INTO {schema}."+a.table+" ("+strings.Join(a.columns, ", ")+") SELECT * FROM unnest("+strings.Join(places, ", ")+")")
}

// array is one column of several rows.
type array interface {
	add(value any)
	values() any
	sqlType() string
}

// arrayOf returns an empty column for values like the given one, nil for a type
// that no table of this package has.
func arrayOf(value any, rows int) array {
	switch value.(type) {
	case int64:
		return newArray[int64]("bigint[]", rows)
	case *int64:
		return newArray[*int64]("bigint[]", rows)
	case string:
		return newArray[string]("text[]", rows)
	case time.Time:
		return newArray[time.Time]("timestamptz[]", rows)
	default:
		return nil
	}
}

type typedArray[V any] struct {
	sql  string
	list []V
}

func newArray[V any](sql string, rows int) *typedArray[V] {
	return &typedArray[V]{sql: sql, list: make([]V, 0, rows)}
}

func (a *typedArray[V]) add(value any)   { a.list = append(a.list, value.(V)) }
func (a *typedArray[V]) values() any     { return a.list }
func (a *typedArray[V]) sqlType() string { return a.sql }
