package dns

import "github.com/opsledger/opsledger/domain"

// RenumberZones has all zones take their serials from the log alone. It does nothing in
// a log in which this has happened. It is the system's own: nobody asks for it.
type RenumberZones struct{}

// Decide implements [domain.Command].
func (RenumberZones) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	before := &renumbered{}
	if err := h.Load(before); err != nil || before.done {
		return nil, err
	}
	return []domain.Event{ZonesRenumbered{}}, nil
}

type renumbered struct{ done bool }

// Item implements [domain.Fold].
func (*renumbered) Item() domain.Item {
	return domain.Item{Tag: TagRenumbering, Types: []string{ZonesRenumbered{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *renumbered) Apply(domain.Recorded) { f.done = true }

// Snapshot implements [domain.Fold].
func (f *renumbered) Snapshot() any { return f.done }

// Restore implements [domain.Fold].
func (f *renumbered) Restore(s any) { f.done = s.(bool) }
