package oplog

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// Reader lists the entries of all contexts. The pool stays the caller's.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns a Reader on the database that the models' tables are in.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// Filter restricts a list of entries; what is nil or empty does not.
type Filter struct {
	ID                                  *int64
	OperationType, Operator, TargetType string
	// TargetTypes lets through the entries of any of these types; nil does not restrict.
	TargetTypes          []string
	TargetName, TargetID string
}

// Entries lists the entries that the caller sees, see [access.Actor.Sees].
func (r *Reader) Entries(ctx context.Context, c rights.Caller, f Filter, page query.Page) ([]Entry, int, error) {
	return listEntries(c, f).Read(ctx, r.pool, page)
}

func listEntries(c rights.Caller, f Filter) *query.List[Entry] {
	l := &query.List[Entry]{
		Columns: func(e *Entry) []table.Column { return table.Of("o", e.shown()) },
		From:    "LATERAL (SELECT * FROM (" + all(entries) + ") e WHERE e.id = w.id OFFSET 0) o ON true", IDs: "(" + all(entries) + ") t",
	}
	l.Exact("t.target_type", f.TargetType)
	if f.TargetTypes != nil {
		l.Where("t.target_type = ANY (?::text[])", f.TargetTypes)
	}
	types := l.Clause()
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.Exact("t.operation", f.OperationType)
	l.Exact("t.operator", f.Operator)
	l.Exact("t.target_name", f.TargetName)
	l.Exact("t.target_id", f.TargetID)
	counted := types == l.Clause()
	if !c.SeesAll() {
		restrict(l, c.Of(&l.Conditions), types, counted)
	} else if counted {
		l.Total = "SELECT coalesce(sum(t.entries), 0) FROM (" + all(totals) + ") t" + types
	}
	return l
}

// all are the rows of a table of each context.
func all[R any](t table.Table[R]) string {
	names := table.Names(t.Columns(new(R)))
	return "SELECT " + names + " FROM dns." + t.Name + " UNION ALL SELECT " + names + " FROM access." + t.Name
}
