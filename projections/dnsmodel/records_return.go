package dnsmodel

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/projections/table"
)

// birth is by whom, and when, a record was added first.
type birth struct {
	creator string
	created time.Time
}

const selectBirths = `SELECT DISTINCT ON (id) id, creator, created FROM (
	SELECT id, creator, created FROM {schema}.records_past WHERE id = ANY ($1)
	UNION ALL SELECT id, creator, created FROM {schema}.records WHERE id = ANY ($1)) r ORDER BY id`

// loadBirths reads those of records that come back.
func (b *batch) loadBirths(out *pgx.Batch, schema string, ids []int64) {
	if len(ids) == 0 {
		return
	}
	out.Queue(table.InSchema(schema, selectBirths), ids).Query(func(rows pgx.Rows) error {
		var id int64
		var was birth
		_, err := pgx.ForEachRow(rows, []any{&id, &was.creator, &was.created}, func() error {
			b.births[id] = birth{was.creator, was.created.UTC()}
			return nil
		})
		return err
	})
}

// bornBefore gives a record that comes back what it had from its first life: that is no other
// than before, and is not for who undid its end to change. A record that was there inside a
// change alone has left nothing of it.
func (b *batch) bornBefore(record *recordRow) {
	if was, known := b.births[record.ID]; known {
		record.Creator, record.Created = was.creator, was.created
	}
}

// addAgain adds a record that comes back. A dead row that is still in its place, which an import
// has ended, is the past's, and ended with that import.
func (b *batch) addAgain(record recordRow) error {
	dead, there := b.records.Get(record.key())
	l, linked := b.links.Get(linkKey{record.ZoneID, record.ViewID})
	if !there || !linked || !slices.Contains(l.links, dead.ends) {
		return b.records.Add(record)
	}
	for _, e := range slices.Concat(b.unpurged, b.ended) {
		if e.zone == dead.ZoneID && slices.Contains(e.replaced, dead.ends) {
			b.records.Replace(record, e.at)
			return nil
		}
	}
	b.records.Put(record) // the import ends with the present change
	return nil
}

// loadUnpurged reads the endings of zones whose records come back.
func (b *batch) loadUnpurged(out *pgx.Batch, schema string, zones []int64) {
	table.Load(out, schema, endings, "zone_id", zones, "", func(e ending) { b.unpurged = append(b.unpurged, e) })
}

// noteLife notes that a record, which comes back in the batch, is there.
func (b *batch) noteLife(r recordRow) {
	if b.returning[r.ID] {
		b.alive[r.ID] = r.key()
	}
}

// noteBirths notes the births of the records that are there at the end of a change: of others nothing
// is left.
func (b *batch) noteBirths() {
	for id, key := range b.alive {
		if row, there := b.records.Get(key); there {
			if _, known := b.births[id]; !known {
				b.births[id] = birth{row.Creator, row.Created}
			}
		}
	}
	clear(b.alive)
}
