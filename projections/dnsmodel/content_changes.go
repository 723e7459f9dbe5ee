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
// than by the view's name and by the fleet. What a link says is when it changed last.
type contentChange struct {
	contentChangeKey
	positions []int64
}

var contentChanges = table.Table[contentChange]{
	Name: "content_changes", Key: "zone_id, view_id, block", Storage: "fillfactor = 80",
	Columns: func(c *contentChange) []table.Column {
		return []table.Column{
			table.Col("zone_id", table.Number, &c.zone),
			table.Col("view_id", table.Number, &c.view),
			table.Col("block", table.Number, &c.block),
			table.Col("positions", table.Series, &c.positions),
		}
	},
}

// formerlyChanged is, in a statement whose third argument is a position of the past, when the
// zone of link l had last got another serial in view v of its own accord.
var formerlyChanged = fmt.Sprintf(`greatest(v.renamed, (SELECT max(u.position)
	FROM (SELECT c.positions FROM dns.content_changes c
		WHERE c.zone_id = l.zone_id AND c.view_id = l.view_id AND c.block <= $3::bigint / %d ORDER BY c.block DESC LIMIT 2) c
	CROSS JOIN LATERAL unnest(c.positions) AS u (position) WHERE u.position <= $3::bigint))`, changesBlock)

// changedAt is the SQL for when a zone changed in a view, at a moment, with its arguments.
func changedAt(m query.Moment) (sql string, args []any) {
	if m.Past() {
		return formerlyChanged, []any{m.Position()}
	}
	return linkChanged, nil
}

// noteContentChange notes that the content changed. External zones have none.
func (b *batch) noteContentChange(link linkKey, at domain.Position) {
	if link.view == 0 {
		return
	}
	key := contentChangeKey{link, at / changesBlock}
	if b.contentChanges[key] == nil {
		b.contentChanges[key] = &contentChange{contentChangeKey: key}
	}
	c := b.contentChanges[key]
	c.positions = append(c.positions, int64(at))
}

func (b *batch) writeContentChanges(out *pgx.Batch, schema string) {
	rows := make([]contentChange, 0, len(b.contentChanges))
	for _, c := range b.contentChanges {
		rows = append(rows, *c)
	}
	contentChanges.Put(out, schema, rows)
}
