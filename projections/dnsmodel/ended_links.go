package dnsmodel

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/table"
)

// endedLink is what a zone's link to a view was when it ended last: with these numbers open again
// the zone has there the records that it had, however many there are.
type endedLink struct {
	linkKey
	// at is the end of the change that it ended with.
	at      domain.Position
	links   []int64
	records int64
	// last is the last number that the zone had given to a link.
	last int64
}

var endedLinks = table.Table[endedLink]{Name: "ended_links", Key: "zone_id, view_id", Columns: func(e *endedLink) []table.Column {
	return []table.Column{
		table.Col("zone_id", table.Number, &e.zone),
		table.Col("view_id", table.Number, &e.view),
		table.Col("at", table.Number, &e.at),
		table.Col("links", table.Numbers, &e.links),
		table.Col("records", table.Number, &e.records),
		table.Col("last", table.Number, &e.last),
	}
}}

// noteEnd notes what a link was that ends in the present change.
func (b *batch) noteEnd(l linkRow, last int64) {
	b.endedLinks[l.linkKey] = endedLink{linkKey: l.linkKey, links: l.links, records: l.records, last: last}
	b.linksEnded = append(b.linksEnded, l.linkKey)
}

// endLinks gives the links that ended in the present change its position.
func (b *batch) endLinks(at domain.Position) {
	for _, key := range b.linksEnded {
		e := b.endedLinks[key]
		e.at = at
		b.endedLinks[key], b.endedNow[key] = e, e
	}
	b.linksEnded = b.linksEnded[:0]
}

// reopen opens a link as it was when it ended.
func (b *batch) reopen(zone, view int64, at domain.Position) error {
	was, known := b.endedLinks[linkKey{zone, view}]
	if !known {
		return fmt.Errorf("no link of zone %d to view %d has ended", zone, view)
	}
	if _, err := b.views.Find(view); err != nil && view != 0 {
		return err
	}
	b.putLink(linkRow{linkKey: was.linkKey, links: was.links, changed: at, written: at, records: was.records})
	b.state.records += was.records
	b.reopened[zone] = append(b.reopened[zone], was.links...)
	for i := range b.ended {
		if b.ended[i].zone == zone {
			b.ended[i].gone = except(b.ended[i].gone, was.links)
		}
	}
	if e := b.endings[zone]; e != nil {
		e.gone = except(e.gone, was.links)
	}
	return nil
}

func except(list, out []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(list), func(n int64) bool { return slices.Contains(out, n) })
}

// lastLink is the last number that a zone that is gone had given to a link.
func (b *batch) lastLink(zone int64) (last int64) {
	for key, e := range b.endedLinks {
		if key.zone == zone {
			last = max(last, e.last)
		}
	}
	return last
}

// forgetEnds takes links that are open again out of what is to be looked for.
const forgetEnds = `UPDATE {schema}.endings SET gone = ARRAY(SELECT unnest(gone) EXCEPT SELECT unnest($2::bigint[]))
	WHERE zone_id = $1 AND gone && $2::bigint[]`

func (b *batch) writeEndedLinks(out *pgx.Batch, schema string) {
	for zone, links := range b.reopened {
		out.Queue(table.InSchema(schema, forgetEnds), zone, links)
	}
	rows := make([]endedLink, 0, len(b.endedNow))
	for _, e := range b.endedNow {
		rows = append(rows, e)
	}
	endedLinks.Put(out, schema, rows)
}

// loadEndedLinks reads the links of zones that are to be restored, and takes their records back
// from the past. That is no other state: where a dead record stands is no part of it.
// reopened says of links that are to be open again when they had ended: no others may come back.
func (b *batch) loadEndedLinks(ctx context.Context, tx pgx.Tx, schema string, zones []int64, reopened map[linkKey]domain.Position) error {
	if len(zones) == 0 {
		return nil
	}
	var queries pgx.Batch
	queries.Queue(table.PinPlans)
	table.Load(&queries, schema, endedLinks, "zone_id", zones, "", func(e endedLink) { b.endedLinks[e.linkKey] = e })
	if err := tx.SendBatch(ctx, &queries).Close(); err != nil {
		return err
	}
	var back pgx.Batch
	for key, e := range b.endedLinks {
		if until, is := reopened[key]; !is || until > e.at {
			continue // until: it is a later link, of this batch
		}
		blocks := append(table.Blocks(e.at-1), table.Blocks(e.at)[0]) // the last one has what the change alone had
		back.Queue(table.InSchema(schema, takeBack), e.zone, e.links, int64(e.at), numbers(blocks))
	}
	return tx.SendBatch(ctx, &back).Close()
}

func numbers(positions []domain.Position) []int64 {
	list := make([]int64, len(positions))
	for i, p := range positions {
		list[i] = int64(p)
	}
	return list
}

// takeBack is the reverse of [ending.take] for records that went with a link.
var takeBack = func() string {
	columns := records.Columns(new(recordRow))
	names := table.Names(columns)
	for i, c := range columns {
		if c.Name == "gone" {
			columns[i].Name = "false"
		}
	}
	return `WITH back AS (DELETE FROM {schema}.records_past
		WHERE zone_id = $1 AND link = ANY ($2) AND until = $3 AND block = ANY ($4) AND gone RETURNING ` + names + `, since)
		INSERT INTO {schema}.records (` + names + `, since) SELECT ` + table.Names(columns) + `, since FROM back`
}()
