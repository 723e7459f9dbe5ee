package table

import "github.com/jackc/pgx/v5"

// PinPlans makes the rest of the transaction reach its rows by their keys. Freshly
// built tables have no statistics, and by guess alone the planner reads a large
// table whole for the few rows of a batch.
const PinPlans = `SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),
	set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`

// Load adds the query to the batch for the rows whose column is one of the keys,
// unless there are none. A condition, which may be empty, restricts them further.
func Load[K, R any](out *pgx.Batch, schema string, t Table[R], column string, keys []K, condition string, each func(R)) {
	if len(keys) == 0 {
		return
	}
	sql := t.from() + " WHERE " + column + " = ANY ($1)"
	if condition != "" {
		sql += " AND " + condition
	}
	out.Queue(InSchema(schema, sql), keys).Query(t.Each(each))
}

// LoadWhere adds the query for the rows of a condition to the batch.
func (t Table[R]) LoadWhere(out *pgx.Batch, schema, condition string, each func(R), args ...any) {
	out.Queue(InSchema(schema, t.from()+" WHERE "+condition), args...).Query(t.Each(each))
}

// LoadAll adds the query for all rows to the batch.
func (t Table[R]) LoadAll(out *pgx.Batch, schema string, each func(R)) {
	out.Queue(InSchema(schema, t.from())).Query(t.Each(each))
}

func (t Table[R]) from() string {
	return "SELECT " + Names(t.Columns(new(R))) + " FROM {schema}." + t.Name
}

// Each returns what hands on the rows of a query of the table's columns, in their order.
func (t Table[R]) Each(each func(R)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var row R
			if err := rows.Scan(Places(t.Columns(&row))...); err != nil {
				return err
			}
			each(row)
		}
		return rows.Err()
	}
}
