package bind

import (
	"container/heap"

	"github.com/opsledger/opsledger/domain"
)

// pending is a unit of work's place in the log: the first positions that it
// still owes. It is embedded by sites and by the configuration.
type pending struct {
	// waiting is the first position that no work under way covers, 0 for none.
	waiting domain.Position
	// underway is the first position that the work under way covers, 0 for none.
	underway domain.Position
	// noted is the position of the unit's newest entry in the frontier.
	noted domain.Position
	// failure is set while the unit cannot be applied; it then no longer holds
	// the frontier back, but is named in every report.
	failure *failure
}

// failure says since when and why a unit is not served as the log says.
type failure struct {
	since    domain.Position
	message  string
	attempts int
}

// owes is the first position that the unit has not applied, 0 for none.
func (p *pending) owes() domain.Position {
	switch {
	case p.failure != nil:
		return 0
	case p.waiting == 0 || p.underway != 0 && p.underway < p.waiting:
		return p.underway
	default:
		return p.waiting
	}
}

// begin moves what waits under way.
func (p *pending) begin() {
	if p.underway == 0 || p.waiting != 0 && p.waiting < p.underway {
		p.underway = p.waiting
	}
	p.waiting = 0
}

// succeed settles what was under way.
func (p *pending) succeed() { p.underway, p.failure = 0, nil }

// postpone puts what was under way back, without a failure.
func (p *pending) postpone() {
	if p.underway != 0 && (p.waiting == 0 || p.underway < p.waiting) {
		p.waiting = p.underway
	}
	p.underway = 0
}

// fail puts what was under way back and says why.
func (p *pending) fail(message string, now domain.Position) {
	p.postpone()
	if p.failure == nil {
		p.failure = &failure{since: p.waiting}
		if p.waiting == 0 {
			p.failure.since = now
		}
	}
	p.failure.message = message
	p.failure.attempts++
}

// frontier finds the lowest position that any unit owes, in O(log n) per change.
//
// Invariants:
//  1. Every unit that owes a position has an entry at or below it.
//  2. Entries that no longer hold are dropped when they reach the top.
type frontier struct{ entries frontierHeap }

type frontierEntry struct {
	unit *pending
	at   domain.Position
}

// note must be called whenever a unit may owe a lower or another position than before.
func (f *frontier) note(unit *pending) {
	if at := unit.owes(); at != 0 && at != unit.noted {
		unit.noted = at
		heap.Push(&f.entries, frontierEntry{unit: unit, at: at})
	}
}

// applied is the highest position below all that is owed, at most seen.
func (f *frontier) applied(seen domain.Position) domain.Position {
	for len(f.entries) > 0 {
		top := f.entries[0]
		if owes := top.unit.owes(); owes == top.at {
			return min(seen, owes-1)
		}
		heap.Pop(&f.entries)
		if top.unit.noted == top.at {
			top.unit.noted = 0
		}
		f.note(top.unit)
	}
	return seen
}

type frontierHeap []frontierEntry

func (h frontierHeap) Len() int           { return len(h) }
func (h frontierHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h frontierHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *frontierHeap) Push(x any)        { *h = append(*h, x.(frontierEntry)) }
func (h *frontierHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
