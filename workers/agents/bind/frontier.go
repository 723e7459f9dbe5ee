package bind

import (
	"container/heap"

	"github.com/opsledger/opsledger/domain"
)

// pending says from which positions on a unit of work has not been applied. It is
// embedded in each unit: the zones in view, the settings and the inventory.
type pending struct {
	// waiting is the first unapplied position for which no work is under way, 0 for none.
	waiting domain.Position
	// underway is the first position for which work is under way, 0 for none.
	underway domain.Position
	// noted is the position of the unit's newest entry in the frontier.
	noted domain.Position
	// counted says that the frontier counts the unit.
	counted bool
	// failure is set while the unit cannot be applied. Such a unit no longer holds
	// the frontier back, but every report names it.
	failure *failure
}

// failure says since when and why a unit is not served as the log says.
type failure struct {
	since   domain.Position
	message string
	tries   int
}

// unapplied is the first position that the unit has not applied, 0 for none.
func (p *pending) unapplied() domain.Position {
	switch {
	case p.failure != nil:
		return 0
	case p.waiting == 0 || p.underway != 0 && p.underway < p.waiting:
		return p.underway
	default:
		return p.waiting
	}
}

// begin notes that work is under way for all that was waiting.
func (p *pending) begin() {
	if p.underway == 0 || p.waiting != 0 && p.waiting < p.underway {
		p.underway = p.waiting
	}
	p.waiting = 0
}

// succeed notes that the work under way was applied.
func (p *pending) succeed() { p.underway, p.failure = 0, nil }

// postpone makes the work that was under way wait again, without a failure.
func (p *pending) postpone() {
	if p.underway != 0 && (p.waiting == 0 || p.underway < p.waiting) {
		p.waiting = p.underway
	}
	p.underway = 0
}

// fail makes the work that was under way wait again and notes why.
func (p *pending) fail(message string, now domain.Position) {
	p.postpone()
	if p.failure == nil {
		p.failure = &failure{since: p.waiting}
		if p.waiting == 0 {
			p.failure.since = now
		}
	}
	p.failure.message = message
	p.failure.tries++
}

// frontier finds the lowest unapplied position of all units, in O(log n) per change.
// Everything before that position is applied.
//
// Invariants:
//  1. Every unit with an unapplied position has an entry at or below it.
//  2. An entry that is out of date is dropped when it reaches the top.
//  3. Waiting is how many units have an unapplied position.
type frontier struct {
	entries frontierHeap
	waiting int
}

type frontierEntry struct {
	unit *pending
	at   domain.Position
}

// note must be called whenever the unapplied position of a unit may have changed.
func (f *frontier) note(unit *pending) {
	at := unit.unapplied()
	if counts := at != 0; counts != unit.counted {
		unit.counted = counts
		f.waiting += 1 - 2*count(!counts)
	}
	if at != 0 && at != unit.noted {
		unit.noted = at
		heap.Push(&f.entries, frontierEntry{unit: unit, at: at})
	}
}

// count is 1 for yes.
func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// applied is the highest position below all unapplied ones, at most seen.
func (f *frontier) applied(seen domain.Position) domain.Position {
	for len(f.entries) > 0 {
		top := f.entries[0]
		if p := top.unit.unapplied(); p == top.at {
			return min(seen, p-1)
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
