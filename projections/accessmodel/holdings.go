package accessmodel

import (
	"slices"

	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// holding says that a holder (a user, a role) holds something (a role, a privilege).
type holding struct{ holder, held int64 }

// holdingTable returns a table of holdings, with the names of the holder's and the held's
// columns.
func holdingTable(name, holder, held string) table.Versioned[holding] {
	return table.Keeping(table.Table[holding]{
		Name: name, Key: holder + ", " + held,
		Columns: func(h *holding) []table.Column {
			return []table.Column{table.Col(holder, table.Number, &h.holder), table.Col(held, table.Number, &h.held)}
		},
	})
}

// holdings is a table of them as a batch of events changes it. What was not loaded counts as
// not held.
type holdings struct {
	*rowset.Set[holding, holding]
	by map[int64]map[int64]bool
}

func newHoldings(kind string) *holdings {
	return &holdings{Set: rowset.NewVersioned(kind, func(h holding) holding { return h }, nil), by: map[int64]map[int64]bool{}}
}

// loaded adds what is held according to the table.
func (t *holdings) loaded(v rowset.Version[holding]) {
	t.LoadedVersion(v)
	t.note(v.Row)
}

func (t *holdings) note(h holding) {
	if t.by[h.holder] == nil {
		t.by[h.holder] = map[int64]bool{}
	}
	t.by[h.holder][h.held] = true
}

// replace makes the holder hold exactly the given.
func (t *holdings) replace(holder int64, held []int64) {
	wanted := make(map[int64]bool, len(held))
	for _, id := range held {
		wanted[id] = true
		if h := (holding{holder, id}); !t.by[holder][id] {
			t.Put(h)
			t.note(h)
		}
	}
	for id := range t.by[holder] {
		if !wanted[id] {
			t.Drop(holding{holder, id})
			delete(t.by[holder], id)
		}
	}
}

// of returns what the holder holds, ascending.
func (t *holdings) of(holder int64) []int64 {
	held := make([]int64, 0, len(t.by[holder]))
	for id := range t.by[holder] {
		held = append(held, id)
	}
	slices.Sort(held)
	return held
}
