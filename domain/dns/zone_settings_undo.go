package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoZoneSettings brings a zone's settings back to what they were before an event. The serial
// that was asked for stays: no serial falls.
//
// Invariants:
//  1. It needs the right of the same change made by hand.
//  2. It holds only while the settings, but for the serial, are as the event left them.
type UndoZoneSettings struct{ event ZoneSettingsChanged }

// NewUndoZoneSettings returns the command for an event.
func NewUndoZoneSettings(e ZoneSettingsChanged) UndoZoneSettings { return UndoZoneSettings{event: e} }

// Decide implements [domain.Command].
func (c UndoZoneSettings) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone, err := loadUndone(h, env, c.event.ID, access.OperationUpdate)
	if err != nil {
		return nil, err
	}
	if !zone.settings.Reverts(c.event.After) {
		return nil, domain.Changed(zone.settled, "the settings of zone %d were changed since", zone.id)
	}
	return zone.settle(c.event.Before), zone.mayKeepAgain(h, actor, c.event.Before)
}

// settle returns the event by which the zone has some settings, none if it has them. The
// serial that was asked for stays.
func (f *zoneFold) settle(s ZoneSettings) []domain.Event {
	if s.SerialAtLeast = f.settings.SerialAtLeast; s.equal(f.settings) {
		return nil
	}
	return []domain.Event{ZoneSettingsChanged{ID: f.id, Before: f.settings, After: s}}
}

// Reverts says whether settings are the same as far as they can be undone: all but the serial.
func (s ZoneSettings) Reverts(o ZoneSettings) bool {
	s.SerialAtLeast, o.SerialAtLeast = nil, nil
	return s.equal(o)
}

// loadUndone returns the actor, and a zone of which something is to be undone, if the actor may do the
// operation and no import is under way.
func loadUndone(h domain.History, env domain.Env, id int64, o access.Operation) (*access.Actor, *zoneFold, error) {
	actor, zone := access.NewActor(env.Actor), newZoneFold(id)
	if err := h.Load(actor, zone); err != nil {
		return nil, nil, err
	}
	if !zone.exists {
		return nil, nil, domain.Changed(zone.changed, "zone %d is gone", id)
	}
	if err := access.Authorize(h, actor, access.On(zone.target(), o)); err != nil {
		return nil, nil, err
	}
	return actor, zone, zone.writable(env)
}
