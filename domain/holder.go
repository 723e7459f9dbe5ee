package domain

// Holder is who holds what only one may hold, such as a name. A fold that finds
// that out embeds it, and has its snapshots by that.
//
// Invariants:
//  1. One who holds it no longer does not take it from the one who does.
type Holder[ID ~int64] struct{ by ID }

// Set takes in whether id holds it now.
func (h *Holder[ID]) Set(id ID, holds bool) {
	if holds {
		h.by = id
	} else if h.by == id {
		h.by = 0
	}
}

// HeldBy is who holds it, 0 for nobody.
func (h *Holder[ID]) HeldBy() ID { return h.by }

// HeldByOther says whether somebody other than id holds it.
func (h *Holder[ID]) HeldByOther(id ID) bool { return h.by != 0 && h.by != id }

// Snapshot is part of [Fold].
func (h *Holder[ID]) Snapshot() any { return h.by }

// Restore is part of [Fold].
func (h *Holder[ID]) Restore(s any) { h.by = s.(ID) }
