package eventstore

import "github.com/opsledger/opsledger/domain"

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
	// last is the last position of each type under each tag, by their hashes, in
	// two generations. The older one begins at after, the newer one at middle.
	older, newer map[typedTag]domain.Position
	middle       domain.Position
}

// typedTag stands for a tag and a type as the tag index does.
type typedTag struct {
	tag int64
	typ int32
}

// add takes the events that were appended behind the head.
func (w *window) add(head domain.Position, events []Envelope, tags []tagRow) {
	if w.newer == nil || head != w.upTo {
		*w = window{after: head, upTo: head, middle: head, newer: map[typedTag]domain.Position{}}
	}
	for _, r := range tags {
		key := typedTag{r.hash, r.typ}
		w.newer[key] = max(w.newer[key], r.position)
	}
	w.upTo += domain.Position(len(events))
	if w.upTo-w.middle > windowEvents {
		w.after, w.older = w.middle, w.newer
		w.middle, w.newer = w.upTo, make(map[typedTag]domain.Position, len(w.older))
	}
}

// covers says whether the window alone can tell if a condition holds.
func (w *window) covers(c *condition) bool {
	return w.newer != nil && c.after >= w.after && len(c.types.codes) > 0
}

// breaks says whether an event in the window matches a condition that it covers.
func (w *window) breaks(c *condition) bool {
	for _, typ := range c.types.codes {
		key := typedTag{c.hash, typ}
		if w.newer[key] > c.after || w.older[key] > c.after {
			return true
		}
	}
	return false
}

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
