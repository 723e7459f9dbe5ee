package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoZoneCreated removes a zone that is as it was made, and has nothing.
type UndoZoneCreated struct{ event ZoneCreated }

// NewUndoZoneCreated returns the command for an event.
func NewUndoZoneCreated(e ZoneCreated) UndoZoneCreated { return UndoZoneCreated{event: e} }

// Decide implements [domain.Command].
func (c UndoZoneCreated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	_, zone, err := loadUndone(h, env, c.event.ID, access.OperationDelete)
	if err != nil {
		return nil, err
	}
	switch {
	case !zone.data.equal(c.event.Zone):
		return nil, domain.Changed(zone.changed, "zone %d was changed since", zone.id)
	case !zone.settings.Reverts(ZoneSettings{}):
		return nil, domain.Changed(zone.settled, "zone %d has settings", zone.id)
	}
	records := newZoneRecords(zone.id)
	if err := h.Load(records); err != nil {
		return nil, err
	}
	for _, r := range zone.liveOf(&records.recordSet) {
		return nil, domain.Changed(r.at, "zone %d has records", zone.id)
	}
	return []domain.Event{ZoneDeleted{ID: zone.id, Zone: zone.data, Privilege: zone.privilege}}, nil
}

// UndoZoneUpdated brings a zone back to what it was before an event, by the rules of
// [UpdateZone]. Views that it left are linked again with the records that it had there.
type UndoZoneUpdated struct {
	event ZoneUpdated
	at    domain.Position
}

// NewUndoZoneUpdated returns the command for an event at a position.
func NewUndoZoneUpdated(e ZoneUpdated, at domain.Position) UndoZoneUpdated {
	return UndoZoneUpdated{event: e, at: at}
}

// Decide implements [domain.Command].
func (c UndoZoneUpdated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone, err := loadUndone(h, env, c.event.ID, access.OperationUpdate)
	if err != nil {
		return nil, err
	}
	if !zone.data.equal(c.event.After) {
		return nil, domain.Changed(zone.changed, "zone %d was changed since", zone.id)
	}
	var left []int64
	for _, view := range c.event.Before.ViewIDs {
		if !slices.Contains(c.event.After.ViewIDs, view) {
			left = append(left, view)
		}
	}
	events, err := updateZone(h, actor, zone, c.event.Before)
	if err != nil || len(left) == 0 {
		return events, err
	}
	links, err := zone.reopened(left, c.at)
	if err != nil {
		return nil, err
	}
	events[len(events)-1] = zone.restored(c.event.Before, ZoneSettings{}, links)
	return events, nil
}

// reopened are links that ended with the event at a position, as they are open again. One that
// has been open since then has had other records.
func (f *zoneFold) reopened(views []int64, at domain.Position) ([]RestoredLink, error) {
	links := make([]RestoredLink, len(views))
	for i, view := range views {
		ended := f.ended[view]
		if ended.until != at {
			return nil, domain.Changed(ended.until, "zone %d was linked to view %d again since", f.id, view)
		}
		links[i] = RestoredLink{View: view, Since: ended.since, Until: ended.until}
	}
	return links, nil
}
