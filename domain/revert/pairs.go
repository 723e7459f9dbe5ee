package revert

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// withoutPairs leaves out what undoes one another: an event, and those that have undone it. The inverse of an undoing
// is the event itself again, which the next inverse would take back. An inverse needs to find its resource as the event left
// it, and a zone that is deleted again is not as its first deletion left it: so the two of a pair cannot be
// undone one after the other, and need not be.
func withoutPairs(done []Done) []Done {
	undoneBy := map[domain.Position][]int{} // indexes into done, by the position of what they undid
	for i, d := range done {
		if d.Causation != 0 && inverses[d.Event.EventType()].fate == undone {
			undoneBy[d.Causation] = append(undoneBy[d.Causation], i)
		}
	}
	if len(undoneBy) == 0 {
		return done
	}
	gone := make([]bool, len(done))
	for i, d := range done { // in their order, so that of a longer chain the newest is left, as whose event the resource is
		by := undoneBy[d.Position]
		if gone[i] || len(by) == 0 || inverses[d.Event.EventType()].fate != undone {
			continue
		}
		gone[i] = true
		for _, k := range by {
			gone[k] = done[k].End() == done[by[0]].End() // what undid it later has undone it as it had come back
		}
	}
	i := -1
	return slices.DeleteFunc(slices.Clone(done), func(Done) bool { i++; return gone[i] })
}
