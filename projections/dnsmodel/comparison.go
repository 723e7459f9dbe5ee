package dnsmodel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// Comparison is what of a zone's records is different between two positions. It costs what was
// changed between them, and of what is over what the zone had then and has no longer.
//
// Invariants:
//  1. A record is of the comparison if and only if the lists as of the two positions have it
//     differently: by its data, or by the name that its view had.
//  2. A record that no event between the positions was on is different only if it hangs on a link
//     that is open at one of them alone, ends with the import of such a one, or is in a view that
//     was renamed. Where there is any of these all of the zone is compared.
type Comparison struct {
	// Added, Removed and Changed are ids, ascending. Of those that changed some may be what they
	// were again, see EachChanged.
	Added, Removed, Changed []int64

	r          *Reader
	zone, view int64
	from, to   zoneSide
}

// zoneSide is what a zone's records hang on at a position.
type zoneSide struct {
	at domain.Position
	// links are the numbers that are open, names the names of the views by their ids.
	links []int64
	names map[int64]string
}

var selectSide = "SELECT l.view_id, l.links, coalesce(v.name, '') FROM " + links.In("dns") + " l LEFT JOIN " + namesOfViews +
	" v ON v.id = l.view_id WHERE l.zone_id = $1"

func (r *Reader) zoneSide(ctx context.Context, zone int64, at domain.Position) (zoneSide, error) {
	side := zoneSide{at: at, links: []int64{}, names: map[int64]string{}}
	rows, err := query.Rows(query.AsOf(ctx, at), r.pool, selectSide, zone)
	if err != nil {
		return side, err
	}
	var view int64
	var open []int64
	var name string
	_, err = pgx.ForEachRow(rows, []any{&view, &open, &name}, func() error {
		side.links, side.names[view] = append(side.links, open...), name
		return nil
	})
	slices.Sort(side.links)
	return side, err
}

// Compare compares the records of a zone, of all views or, if it is not 0, of one. touched are
// the records that events between the positions were on; nil: any may be.
func (r *Reader) Compare(ctx context.Context, zone, view int64, from, to domain.Position, touched []int64) (*Comparison, error) {
	c := &Comparison{r: r, zone: zone, view: view}
	var errs [2]error
	c.from, errs[0] = r.zoneSide(ctx, zone, from)
	c.to, errs[1] = r.zoneSide(ctx, zone, to)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if !slices.Equal(c.from.links, c.to.links) || !maps.Equal(c.from.names, c.to.names) {
		touched = nil
	} else if touched != nil && len(touched) == 0 {
		return c, nil
	}
	before, err := c.briefly(ctx, c.from, touched)
	if err != nil {
		return nil, err
	}
	after, err := c.briefly(ctx, c.to, touched)
	if err == nil {
		c.merge(before, after)
	}
	return c, err
}

// briefRecord is as much of a record as tells whether it may be different: its last event, and its
// view.
type briefRecord struct {
	id, view int64
	changed  domain.Position
}

func (b *briefRecord) columns() []table.Column {
	return []table.Column{{Name: "r.id", Place: &b.id}, {Name: "r.view_id", Place: &b.view}, {Name: "r.changed", Place: &b.changed}}
}

func (c *Comparison) briefly(ctx context.Context, s zoneSide, ids []int64) (all []briefRecord, err error) {
	err = eachOf(ctx, c, new(query.Conditions), s, ids, "id, view_id, changed, link, ends", "", (*briefRecord).columns, func(b briefRecord) error {
		all = append(all, b)
		return nil
	})
	return all, err
}

// merge compares two lists by ascending id.
func (c *Comparison) merge(before, after []briefRecord) {
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].id < after[0].id:
			c.Removed, before = append(c.Removed, before[0].id), before[1:]
		case len(before) == 0 || after[0].id < before[0].id:
			c.Added, after = append(c.Added, after[0].id), after[1:]
		default:
			if was, is := before[0], after[0]; was.changed != is.changed || c.from.names[was.view] != c.to.names[is.view] {
				c.Changed = append(c.Changed, is.id)
			}
			before, after = before[1:], after[1:]
		}
	}
}

// comparedRecord is a record with all that lists show of it, but for the zone as rights see it.
func comparedColumns(r *Record) []table.Column {
	// That it is no more counts for privileges of its own alone.
	gone := "m.manual IS NOT NULL AND NOT EXISTS (SELECT FROM dns.records n WHERE n.id = r.id AND " + rights.RecordLivesNow("n") + ")"
	return append(r.shown(), []table.Column{
		{Name: "3::bigint", Place: &r.Target.Kind}, {Name: "r.id", Place: &r.Target.ID}, {Name: "r.host", Place: &r.Target.Name},
		{Name: "m.manual", Place: &r.Target.Manual}, {Name: gone, Place: &r.Target.Gone},
	}...)
}

var recordNames = table.Names(records.Columns(new(recordRow)))

// EachAdded shows the records that came, as they are at the second position, EachRemoved those
// that went, as they were at the first. What rights on the zone follow from is not filled in.
func (c *Comparison) EachAdded(ctx context.Context, each func(Record) error) error {
	return c.each(ctx, c.to, c.Added, each)
}

// EachRemoved is described at EachAdded.
func (c *Comparison) EachRemoved(ctx context.Context, each func(Record) error) error {
	return c.each(ctx, c.from, c.Removed, each)
}

// EachChanged shows the records that are otherwise than they were.
func (c *Comparison) EachChanged(ctx context.Context, each func(before, after Record) error) error {
	next, stop := c.pull(ctx, c.from, c.Changed)
	defer stop()
	return c.each(ctx, c.to, c.Changed, func(after Record) error {
		before, err := next()
		if err != nil {
			return err
		}
		if before.ID != after.ID {
			return fmt.Errorf("record %d is compared with record %d", before.ID, after.ID)
		}
		if before.RecordData == after.RecordData && before.ViewName == after.ViewName {
			return nil
		}
		return each(before, after)
	})
}

func (c *Comparison) each(ctx context.Context, s zoneSide, ids []int64, each func(Record) error) error {
	if len(ids) == 0 {
		return nil
	}
	views, names := []int64{}, []string{}
	for view, name := range s.names {
		views, names = append(views, view), append(names, name)
	}
	var q query.Conditions
	joins := " LEFT JOIN unnest(" + q.Arg(views) + "::bigint[], " + q.Arg(names) + "::text[]) AS v (id, name) ON v.id = r.view_id AND v.id <> 0 LEFT JOIN " + rights.ManualOfRecords + " m ON m.id = r.id"
	return eachOf(ctx, c, &q, s, ids, recordNames, joins, comparedColumns, each)
}

// eachOf shows columns of some of the zone's records, or of all, by ascending id. fields are those
// that the row r has, and q has the arguments of joins.
func eachOf[T any](
	ctx context.Context, c *Comparison, q *query.Conditions, s zoneSide, ids []int64, fields, joins string,
	columns func(*T) []table.Column, each func(T) error,
) error {
	sql := "SELECT " + table.Names(columns(new(T))) + " FROM " + c.recordsAt(q, s, ids, fields) + " r" + joins + " ORDER BY r.id"
	return pgx.BeginTxFunc(ctx, c.r.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, byHash); err != nil {
			return err
		}
		return visitRows(ctx, tx, sql, columns, each, q.Args()...)
	})
}

// byHash: rows are matched by hashing, however few the planner expects of an array.
const byHash = "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true)"

// recordsAt are the records that are alive at the position. Those that still are so are found by
// their ids; of those that are over, all that the zone had then are looked at, by its blocks.
func (c *Comparison) recordsAt(q *query.Conditions, s zoneSide, ids []int64, fields string) string {
	zone, at, open := q.Arg(c.zone)+"::bigint", q.Arg(s.at)+"::bigint", q.Arg(s.links)+"::bigint[]"
	alive := " AND link = ANY (" + open + ") AND ends <> ALL (" + open + ")"
	if c.view != 0 {
		alive += " AND view_id = " + q.Arg(c.view)
	}
	present, past := "", ""
	if ids != nil {
		wanted := q.Arg(ids) + "::bigint[]"
		present, past = " AND id = ANY ("+wanted+")", " WHERE x.id IN (SELECT unnest("+wanted+"))"
	}
	return "(SELECT " + fields + " FROM dns.records WHERE zone_id = " + zone + " AND since <= " + at + alive + present +
		" UNION ALL SELECT x.* FROM unnest(" + q.Arg(table.Blocks(s.at)) + "::bigint[]) AS b (number) CROSS JOIN LATERAL (SELECT " + fields +
		" FROM dns.records_past WHERE zone_id = " + zone + " AND block = b.number AND since <= " + at + " AND until > " + at + alive + " OFFSET 0) x" + past + ")"
}
