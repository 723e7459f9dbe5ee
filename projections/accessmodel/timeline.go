package accessmodel

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/table"
)

// holds is the condition on a row with since and until that it holds now.
const holds = "until = " + table.ForEver

// pair says that a holder (a user, a role) holds something (a role, a privilege).
type pair struct{ holder, held int64 }

// span is one row of a table of pairs: the pair held from position since to position
// until.
type span struct {
	pair
	since, until domain.Position
	// stored: the table has the row.
	stored bool
}

// timelineTable returns a table of spans, with the names of the holder's and the
// held's columns.
func timelineTable(name, holder, held string) table.Table[span] {
	return table.Table[span]{
		Name: name, Key: holder + ", " + held + ", since",
		Columns: func(s *span) []table.Column {
			return []table.Column{
				table.Col(holder, table.Number, &s.holder), table.Col(held, table.Number, &s.held),
				table.Col("since", table.Number, &s.since), table.Col("until", table.Number, &s.until),
			}
		},
		Indexes: []string{"CREATE INDEX ON {schema}." + name + " (" + holder + ", " + held + ") WHERE " + holds},
	}
}

// timeline is a table of spans as a batch of events changes it. A pair that
// was not loaded counts as not held.
type timeline struct {
	open    map[int64]map[int64]*span
	changed []*span
}

func newTimeline() *timeline { return &timeline{open: map[int64]map[int64]*span{}} }

// loaded adds a pair that holds according to the table.
func (t *timeline) loaded(s span) {
	s.stored = true
	t.add(&s)
}

func (t *timeline) add(s *span) {
	if t.open[s.holder] == nil {
		t.open[s.holder] = map[int64]*span{}
	}
	t.open[s.holder][s.held] = s
}

// replace makes the holder hold exactly the given from the position on.
func (t *timeline) replace(holder int64, held []int64, at domain.Position) {
	wanted := make(map[int64]bool, len(held))
	for _, h := range held {
		wanted[h] = true
		if t.open[holder][h] == nil {
			s := &span{pair: pair{holder, h}, since: at, until: table.Forever}
			t.add(s)
			t.changed = append(t.changed, s)
		}
	}
	for h, s := range t.open[holder] {
		if wanted[h] {
			continue
		}
		s.until = at
		delete(t.open[holder], h)
		if s.stored {
			t.changed = append(t.changed, s)
		}
	}
}

// of returns what the holder holds, ascending.
func (t *timeline) of(holder int64) []int64 {
	held := make([]int64, 0, len(t.open[holder]))
	for h := range t.open[holder] {
		held = append(held, h)
	}
	slices.Sort(held)
	return held
}

// writes returns the rows that the batch changed.
func (t *timeline) writes() []span {
	rows := make([]span, len(t.changed))
	for i, s := range t.changed {
		rows[i] = *s
	}
	return rows
}
