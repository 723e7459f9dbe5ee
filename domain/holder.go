package domain

// Holder is the state of a fold that finds out which resource holds something that
// only one may hold, such as a name. The fold embeds it, and thereby has Snapshot
// and Restore.
//
// Invariants:
//  1. An event by which a resource gives the name up frees the name only if that
//     resource still holds it: another may have taken the name since.
type Holder[ID ~int64] struct{ by ID }

// Set records that id now holds the name, or that id gave it up.
func (h *Holder[ID]) Set(id ID, holds bool) {
	if holds {
		h.by = id
	} else if h.by == id {
		h.by = 0
	}
}

// HeldBy is the id of the holder, 0 for nobody.
func (h *Holder[ID]) HeldBy() ID { return h.by }

// HeldByOther says whether there is a holder other than id.
func (h *Holder[ID]) HeldByOther(id ID) bool { return h.by != 0 && h.by != id }

// Snapshot is part of [Fold].
func (h *Holder[ID]) Snapshot() any { return h.by }

// Restore is part of [Fold].
func (h *Holder[ID]) Restore(s any) { h.by = s.(ID) }
