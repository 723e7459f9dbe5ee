package eventstore

import (
	"cmp"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// tagRow is a row of log.event_tags.
type tagRow struct {
	hash     int64
	position domain.Position
	typ      int32
}

// appendTagRows adds the rows of an event at the position.
func appendTagRows(rows []tagRow, e *protocol.Envelope, position domain.Position) []tagRow {
	typ := hashType(e.Type)
	for _, t := range e.Tags {
		rows = append(rows, tagRow{hashTag(t), position, typ})
	}
	return rows
}

// tagRowsOf returns the rows of events that have their positions.
func tagRowsOf(events []protocol.Envelope) []tagRow {
	var rows []tagRow
	for i := range events {
		rows = appendTagRows(rows, &events[i], events[i].Position)
	}
	return rows
}

// inIndexOrder sorts rows as the index does, so that writing them touches each page once.
func inIndexOrder(rows []tagRow) []tagRow {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b tagRow) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.position, b.position))
	})
	return sorted
}
