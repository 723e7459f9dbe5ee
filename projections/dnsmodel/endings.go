package dnsmodel

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// purgeChunk is how many records a small Apply looks at for dead ones; it costs
// a few milliseconds.
const purgeChunk = 500

// ending is that many records of a zone have ended at once, without an event for each. Until
// they are looked for, a row of an ending says so.
type ending struct {
	// at is the end of the change that they ended with.
	at   domain.Position
	zone int64
	// gone are the links that are no more, replaced those of the imports that have ended other
	// records. Records of a void import never were.
	gone, replaced, void []int64
	// after is the id up to which the zone's records were looked through.
	after int64
}

var endings = table.Table[ending]{Name: "endings", Key: "at, zone_id", Columns: func(e *ending) []table.Column {
	return []table.Column{
		table.Col("at", table.Number, &e.at),
		table.Col("zone_id", table.Number, &e.zone),
		table.Col("gone", table.Series|table.Fixed, &e.gone),
		table.Col("replaced", table.Series|table.Fixed, &e.replaced),
		table.Col("void", table.Series|table.Fixed, &e.void),
		table.Col("after", table.Number, &e.after),
	}
}}

// ends returns the ending of a zone in the present change.
func (b *batch) ends(zone int64) *ending {
	if b.endings[zone] == nil {
		b.endings[zone] = &ending{zone: zone}
	}
	return b.endings[zone]
}

// endEndings gives the endings of the present change their position.
func (b *batch) endEndings(at domain.Position) {
	for zone, e := range b.endings {
		e.at = at
		b.ended = append(b.ended, *e)
		delete(b.endings, zone)
	}
}

const anyEndings = `SELECT EXISTS (SELECT FROM {schema}.endings)`

var (
	// The first to end is the first that is looked for: a record may end twice.
	nextEnding = "SELECT " + table.Names(endings.Columns(new(ending))) + " FROM {schema}.endings ORDER BY at, zone_id LIMIT 1"

	// All rows of one id are looked at together.
	nextRecords = `SELECT count(*), coalesce(max(id), 0) FROM (
		SELECT id FROM {schema}.records WHERE zone_id = $1 AND id > $2 ORDER BY id FETCH FIRST ($3) ROWS WITH TIES) n`

	takeRecords = `DELETE FROM {schema}.records WHERE zone_id = $1 AND id > $2 AND id <= $3
		AND (link = ANY ($4) OR ends = ANY ($5) OR link = ANY ($6)) RETURNING ` +
		table.Names(records.Now().Columns(new(rowset.Version[recordRow])))
)

// Purge looks at no more than limit records of zones in which many have ended, and takes the
// dead ones, which no list of the present shows, from the records as they are to those of the
// past. It reports whether some may be left. Apply calls it; a runner may, too, while it has
// nothing to apply.
func (m *Model) Purge(ctx context.Context, tx pgx.Tx, schema string, limit int) (more bool, err error) {
	rows, err := tx.Query(ctx, table.InSchema(schema, nextEnding))
	if err != nil {
		return false, fmt.Errorf("find dead records: %w", err)
	}
	var next *ending
	if err := endings.Each(func(e ending) { next = &e })(rows); err != nil || next == nil {
		return false, err
	}
	var seen, last int64
	if err := tx.QueryRow(ctx, table.InSchema(schema, nextRecords), next.zone, next.after, limit).Scan(&seen, &last); err != nil {
		return false, fmt.Errorf("find dead records: %w", err)
	}
	var writes pgx.Batch
	if err := next.take(ctx, tx, &writes, schema, last); err != nil {
		return false, fmt.Errorf("take dead records to the past: %w", err)
	}
	if next.after = last; seen < int64(limit) {
		endings.Delete(&writes, schema, []ending{*next})
	} else {
		endings.Update(&writes, schema, []ending{*next})
	}
	return true, tx.SendBatch(ctx, &writes).Close()
}

// take takes the dead records up to an id.
func (e *ending) take(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, last int64) error {
	rows, err := tx.Query(ctx, table.InSchema(schema, takeRecords), e.zone, e.after, last, e.gone, e.replaced, e.void)
	if err != nil {
		return err
	}
	var dead []rowset.Version[recordRow]
	err = records.Now().Each(func(v rowset.Version[recordRow]) {
		v.Until, v.Row.gone = e.at, slices.Contains(e.gone, v.Row.link)
		if v.Row.gone || v.Since < v.Until && !slices.Contains(e.void, v.Row.link) {
			dead = append(dead, v)
		}
	})(rows)
	if err != nil {
		return err
	}
	return records.Former().Insert(ctx, tx, out, schema, dead)
}
