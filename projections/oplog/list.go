package oplog

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
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
	// ZoneID lets through the entries on a zone and its records.
	ZoneID *int64
	// Since lets through what happened at that time or later, Until what happened before.
	Since, Until *time.Time
}

// Entries lists the entries of what had happened by the moment of the context that the caller sees, see [access.Actor.Sees].
func (r *Reader) Entries(ctx context.Context, c rights.Caller, f Filter, page query.Page) ([]Entry, int, error) {
	return read(ctx, r.pool, listEntries(query.MomentOf(ctx), c, f), page)
}

func read(ctx context.Context, pool *pgxpool.Pool, l *query.List[Entry], page query.Page) ([]Entry, int, error) {
	list, total, err := l.Read(ctx, pool, page)
	for i := range list {
		list[i].complete()
	}
	return list, total, err
}

func listEntries(at query.Moment, c rights.Caller, f Filter) *query.List[Entry] {
	l := &query.List[Entry]{
		Columns: func(e *Entry) []table.Column {
			name := "(SELECT c.name FROM access.credentials c WHERE c.id = o.credential)"
			return append(table.Of("o", e.shown()), table.Column{Name: name, Place: &e.CredentialName})
		},
		From: "LATERAL (SELECT * FROM (" + all(entries) + ") e WHERE e.id = w.id OFFSET 0) o ON true", IDs: "(" + all(entries) + ") t",
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
	if f.ZoneID != nil {
		l.Where("t.resource = ? AND t.target_type IN ('Zone', 'Record')", *f.ZoneID)
	}
	between(l, f)
	if at.Past() {
		l.Where("t.id <= ?", int64(at.Position()))
	}
	counted := types == l.Clause()
	if !c.SeesAll() {
		restrict(l, c.Of(&l.Conditions), types, counted)
	} else if counted {
		l.Total = "SELECT coalesce(sum(t.entries), 0) FROM (" + all(totals) + ") t" + types
	}
	return l
}

// between leaves the entries of a time. Positions and times rise together, so that the
// first entry of a time is looked up, and the rest is a range of the primary keys.
func between(l *query.List[Entry], f Filter) {
	first := "coalesce((SELECT min(f.id) FROM (" + each(func(schema string) string {
		return "(SELECT id FROM " + schema + "." + entries.Name + " WHERE at >= ? ORDER BY at, id LIMIT 1)"
	}) + ") f), " + table.ForEver + ")"
	if f.Since != nil {
		l.Where("t.id >= "+first, *f.Since)
	}
	if f.Until != nil {
		l.Where("t.id < "+first, *f.Until)
	}
}

// all are the rows of a table of each context.
func all[R any](t table.Table[R]) string {
	names := table.Names(t.Columns(new(R)))
	return each(func(schema string) string { return "SELECT " + names + " FROM " + schema + "." + t.Name })
}

// each is a query of each context's schema.
func each(sql func(schema string) string) string {
	var parts []string
	for _, c := range domain.Contexts() {
		parts = append(parts, sql(string(c)))
	}
	return strings.Join(parts, " UNION ALL ")
}
