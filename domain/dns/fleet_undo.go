package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoFleet brings the fleet's NS set back to what it was before an event, as long as it is as
// the event left it.
type UndoFleet struct{ event FleetChanged }

// NewUndoFleet returns the command for an event.
func NewUndoFleet(e FleetChanged) UndoFleet { return UndoFleet{event: e} }

// Decide implements [domain.Command].
func (c UndoFleet) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, current := access.NewActor(env.Actor), &fleetFold{}
	if err := h.Load(actor, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	if !current.data.equal(c.event.After) {
		return nil, domain.Changed(current.changed, "the fleet was changed since")
	}
	return []domain.Event{FleetChanged{Before: current.data, After: c.event.Before}}, nil
}
