package dnsmodel

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// changesBlock is how many positions a row of content_changes is for. A row is small enough
// to be written anew with each change, and many changes of a zone at once are few rows.
const changesBlock = 128

// contentChangeKey names a zone in a view and the positions from block * changesBlock on.
type contentChangeKey struct {
	linkKey
	block domain.Position
}

// contentChange is at which of these positions the content of the zone changed there, other
// than by the view's name and by the fleet, and how many records it had from each of them on.
// What a link says is when it changed last.
type contentChange struct {
	contentChangeKey
	positions, records []int64
	// ends are those of the changes of the log.
	ends []int64
}

var contentChanges = table.Table[contentChange]{
	Name: "content_changes", Key: "zone_id, view_id, block", Storage: "fillfactor = 80",
	Columns: func(c *contentChange) []table.Column {
		return []table.Column{
			table.Col("zone_id", table.Number, &c.zone),
			table.Col("view_id", table.Number, &c.view),
			table.Col("block", table.Number, &c.block),
			table.Col("positions", table.Series, &c.positions),
			table.Col("records", table.Series, &c.records),
			table.Col("ends", table.Series, &c.ends),
		}
	},
}

// formerlyChanged is, in a statement whose third argument is a position of the past, when the
// zone of link l had last got another serial in view v of its own accord.
var formerlyChanged = fmt.Sprintf(`greatest(v.renamed, (SELECT max(u.position)
	FROM (SELECT c.positions FROM dns.content_changes c
		WHERE c.zone_id = l.zone_id AND c.view_id = l.view_id AND c.block <= $3::bigint / %d ORDER BY c.block DESC LIMIT 2) c
	CROSS JOIN LATERAL unnest(c.positions) AS u (position) WHERE u.position <= $3::bigint))`, changesBlock)

// recordsOfZoneThen is how many records a zone had at a position of the past, all of them SQL.
func recordsOfZoneThen(zone, position string) string {
	return fmt.Sprintf(`SELECT coalesce(sum(n.records), 0) FROM %[1]s l CROSS JOIN LATERAL (SELECT u.records
		FROM (SELECT c.ends, c.positions, c.records FROM dns.content_changes c
			WHERE c.zone_id = l.zone_id AND c.view_id = l.view_id AND c.block <= %[3]s / %[4]d ORDER BY c.block DESC LIMIT 2) c
		CROSS JOIN LATERAL unnest(c.ends, c.positions, c.records) AS u (until, position, records)
		WHERE u.until <= %[3]s ORDER BY u.position DESC LIMIT 1) n WHERE l.zone_id = %[2]s`,
		table.At("dns.zone_views", "zone_id, view_id"), zone, position, changesBlock)
}

// changedAt is the SQL for when a zone changed in a view, at a moment, with its arguments.
func changedAt(m query.Moment) (sql string, args []any) {
	if m.Past() {
		return formerlyChanged, []any{m.Position()}
	}
	return linkChanged, nil
}

// noteContentChange notes that the content of a link changed, and how many records there are then. Of
// one event the last word counts.
func (b *batch) noteContentChange(was, link linkRow) {
	key := contentChangeKey{link.linkKey, link.changed / changesBlock}
	c := b.contentChanges[key]
	if last := int64(link.changed); c != nil && len(c.positions) > 0 && c.positions[len(c.positions)-1] == last {
		c.records[len(c.records)-1] = link.records
		return
	}
	if was.changed == link.changed {
		return
	}
	if c == nil {
		c = &contentChange{contentChangeKey: key}
		b.contentChanges[key] = c
	}
	c.positions, c.records = append(c.positions, int64(link.changed)), append(c.records, link.records)
	b.openChanges = append(b.openChanges, c)
}

// endContentChanges gives what was noted of the change of the log its end.
func (b *batch) endContentChanges(at domain.Position) {
	for _, c := range b.openChanges {
		c.ends = append(c.ends, int64(at))
	}
	b.openChanges = b.openChanges[:0]
}

func (b *batch) writeContentChanges(out *pgx.Batch, schema string) {
	rows := make([]contentChange, 0, len(b.contentChanges))
	for _, c := range b.contentChanges {
		rows = append(rows, *c)
	}
	contentChanges.Put(out, schema, rows)
}
