package eventstore

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// windowEvents is how many events a generation of a window holds. Two of them
// are some seconds of a busy log, and a few megabytes.
const windowEvents = 16_384

// window is what the writer remembers of the tags of the events that it appended
// last. While nobody else appends, it says as much about them as the tag index.
//
// Invariants:
//  1. It holds all events of after < position ≤ upTo, whoever appended them: an
//     append that does not continue where it ends begins it anew.
type window struct {
	after, upTo domain.Position
	// Two generations: the older one begins at after, the newer one at middle.
	older, newer generation
	middle       domain.Position
}

// generation has the last position under each tag, and of each type under it. Most
// often a tag's own tells enough: nothing has come since.
type generation struct {
	last  map[int64]domain.Position
	typed map[typedTag]domain.Position
}

func newGeneration(size int) generation {
	return generation{make(map[int64]domain.Position, size), make(map[typedTag]domain.Position, size)}
}

func (g *generation) add(r tagRow) {
	key := typedTag{r.hash, r.typ}
	g.last[r.hash], g.typed[key] = max(g.last[r.hash], r.position), max(g.typed[key], r.position)
}

// breaks says whether it has an event that matches a condition with types.
func (g *generation) breaks(c *condition) bool {
	return g.last[c.hash] > c.after && slices.ContainsFunc(c.types.codes, func(typ int32) bool {
		return g.typed[typedTag{c.hash, typ}] > c.after
	})
}

// typedTag stands for a tag and a type as the tag index does.
type typedTag struct {
	tag int64
	typ int32
}

// add takes the events that were appended behind the head.
func (w *window) add(head domain.Position, events []protocol.Envelope, tags []tagRow) {
	if w.newer.last == nil || head != w.upTo {
		*w = window{after: head, upTo: head, middle: head, newer: newGeneration(0)}
	}
	for _, r := range tags {
		w.newer.add(r)
	}
	w.upTo += domain.Position(len(events))
	if w.upTo-w.middle > windowEvents {
		w.after, w.older = w.middle, w.newer
		w.middle, w.newer = w.upTo, newGeneration(len(w.older.typed))
	}
}

// covers says whether the window alone can tell if a condition holds.
func (w *window) covers(c *condition) bool {
	return w.newer.last != nil && c.after >= w.after && len(c.types.codes) > 0
}

// breaks says whether an event in the window matches a condition that it covers.
func (w *window) breaks(c *condition) bool { return w.newer.breaks(c) || w.older.breaks(c) }

// conflicts finds the entries of which a condition is broken by an event in the window.
func (w *window) conflicts(batch []*entry) map[int32]bool {
	found := map[int32]bool{}
	for i, e := range batch {
		for j := range e.conditions {
			if c := &e.conditions[j]; w.covers(c) && w.breaks(c) {
				found[int32(i)] = true
				break
			}
		}
	}
	return found
}
