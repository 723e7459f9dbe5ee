package domain

// Item selects the events that a fold reads and says which of them would
// invalidate a decision based on it.
type Item struct {
	Tag Tag
	// Types are the event types to read under the tag; none means all.
	Types []string
	// Guards are the types of which a new one may turn a yes into a no, and
	// therefore lets the append fail. None means all of Types.
	Guards []string
}

// GuardTypes returns the types that the append condition is made of; none means all.
func (i Item) GuardTypes() []string {
	if len(i.Guards) > 0 {
		return i.Guards
	}
	return i.Types
}

// Fold is state computed from the events of one [Item]. A fold belongs to one
// decision; between decisions the store may keep its Snapshot and Restore it
// into a fresh fold of the same type and item, so that only the tail is read.
type Fold interface {
	Item() Item
	// Apply takes the next event. It cannot fail and ignores what it does not know.
	Apply(Recorded)
	// Snapshot returns a copy of the state that later Apply calls do not change.
	Snapshot() any
	// Restore sets the state from a Snapshot, which may be restored many times
	// and must not be changed by later Apply calls.
	Restore(any)
}

// Sized is implemented by snapshots that do not grow with each event. Of others a store takes each
// event to add an item.
type Sized interface {
	// Size is how many items the snapshot holds.
	Size() int
}

// History gives access to the log for one decision. Whatever is loaded becomes
// part of the append condition, so a decision cannot forget to guard what it read.
type History interface {
	// Load fills the folds from the log, all in one round trip. It may be called
	// again for folds that depend on the first ones. After the first Load, one
	// without folds costs nothing and says, by its error, whether a long decision
	// may go on.
	Load(folds ...Fold) error
}
