package table

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsledger/opsledger/projections/rowset"
)

// copyFrom is the number of new rows from which on COPY, with its round trips, is
// faster than a statement that travels with the others.
const copyFrom = 200

// Save adds the statements to the batch that make the table what the set is. Many
// new rows are stored at once, by COPY.
func Save[K comparable, R any](ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, t Table[R], set *rowset.Set[K, R]) error {
	added, altered, dropped := set.Writes()
	return t.save(ctx, tx, out, schema, added, altered, dropped)
}

// save drops rows before it adds others, which may have their keys: what goes by COPY is there
// before the batch is sent.
func (t Table[R]) save(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, added, altered, dropped []R) error {
	first := out
	if len(dropped) > 0 && t.copies(added) {
		first = &pgx.Batch{}
	}
	t.Delete(first, schema, dropped)
	if first != out {
		if err := tx.SendBatch(ctx, first).Close(); err != nil {
			return err
		}
	}
	t.Update(out, schema, altered)
	return t.Insert(ctx, tx, out, schema, added)
}

// copies says that rows are many enough for COPY, which cannot send lists.
func (t Table[R]) copies(rows []R) bool {
	return len(rows) >= copyFrom && !slices.ContainsFunc(t.Columns(new(R)), func(c Column) bool { return c.Type.list() })
}

// Insert stores rows that the table lacks: many of them at once by COPY, few by a
// statement in the batch.
func (t Table[R]) Insert(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, rows []R) error {
	columns := t.Columns(new(R))
	if !t.copies(rows) {
		t.queue(out, schema, rows, columns, t.insert)
		return nil
	}
	return copyRows(ctx, tx, schema, t, rows)
}

// Update adds the statement to the batch that changes rows that the table has, but
// for what is [Fixed] in them.
func (t Table[R]) Update(out *pgx.Batch, schema string, rows []R) {
	columns := slices.DeleteFunc(t.Columns(new(R)), func(c Column) bool { return c.Type.fixed() && !t.isKey(c.Name) })
	t.queue(out, schema, rows, columns, func(columns []Column, from string) string {
		var sets []string
		for _, c := range columns {
			if !t.isKey(c.Name) {
				sets = append(sets, c.Name+" = "+c.Type.received("n."+c.Name))
			}
		}
		return "UPDATE {schema}." + t.Name + " t SET " + strings.Join(sets, ", ") + from + " WHERE " + t.sameKey()
	})
}

// Put adds the statement to the batch that stores rows, whether the table has
// others of their keys or not.
func (t Table[R]) Put(out *pgx.Batch, schema string, rows []R) {
	t.queue(out, schema, rows, t.Columns(new(R)), func(columns []Column, from string) string {
		var sets []string
		for _, c := range columns {
			switch {
			case t.isKey(c.Name):
			case c.Type.base() == Tally:
				sets = append(sets, c.Name+" = t."+c.Name+" + excluded."+c.Name)
			case c.Type.base() == Series:
				sets = append(sets, c.Name+" = t."+c.Name+" || excluded."+c.Name)
			default:
				sets = append(sets, c.Name+" = excluded."+c.Name)
			}
		}
		return t.insert(columns, from) + " ON CONFLICT (" + t.Key + ") DO UPDATE SET " + strings.Join(sets, ", ")
	})
}

// Delete adds the statement to the batch that removes the rows with the keys of the given ones.
func (t Table[R]) Delete(out *pgx.Batch, schema string, rows []R) {
	keys := slices.DeleteFunc(t.Columns(new(R)), func(c Column) bool { return !t.isKey(c.Name) })
	t.queue(out, schema, rows, keys, func(_ []Column, from string) string {
		return "DELETE FROM {schema}." + t.Name + " t USING " + strings.TrimPrefix(from, " FROM ") + " WHERE " + t.sameKey()
	})
}

func (t Table[R]) insert(columns []Column, from string) string {
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = c.Type.received("n." + c.Name)
	}
	return "INSERT INTO {schema}." + t.Name + " AS t (" + Names(columns) + ") SELECT " + strings.Join(values, ", ") + from
}

// sameKey says that the row t of the table and the row n that was sent have one key.
func (t Table[R]) sameKey() string {
	names := strings.Split(t.Key, ", ")
	for i, name := range names {
		names[i] = "t." + name + " = n." + name
	}
	return strings.Join(names, " AND ")
}

// queue adds a statement on rows to the batch, unless there are none. The rows are
// its table n, which has the given columns.
func (t Table[R]) queue(out *pgx.Batch, schema string, rows []R, columns []Column, statement func(columns []Column, from string) string) {
	if len(rows) == 0 {
		return
	}
	arrays, values := make([]string, len(columns)), make([]pgtype.FlatArray[any], len(columns))
	for i, c := range columns {
		arrays[i] = "$" + strconv.Itoa(i+1) + "::" + c.Type.array()
		values[i] = make([]any, 0, len(rows))
	}
	for r := range rows {
		at := 0
		for _, c := range t.Columns(&rows[r]) {
			if at < len(columns) && c.Name == columns[at].Name {
				values[at] = append(values[at], c.Type.sent(c.Place))
				at++
			}
		}
	}
	args := make([]any, len(columns))
	for i := range values {
		args[i] = values[i]
	}
	from := " FROM unnest(" + strings.Join(arrays, ", ") + ") AS n (" + Names(columns) + ")"
	out.Queue(InSchema(schema, statement(columns, from)), args...)
}
