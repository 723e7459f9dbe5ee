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
	if err := zone.leaves(h, viewsBeyond(c.event.After.ViewIDs, c.event.Before.ViewIDs), c.at); err != nil {
		return nil, err
	}
	left := viewsBeyond(c.event.Before.ViewIDs, c.event.After.ViewIDs)
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

// viewsBeyond returns the views of a list that another does not have.
func viewsBeyond(views, others []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(views), func(v int64) bool { return slices.Contains(others, v) })
}

// leaves refuses that the zone leaves views where others have written records after a position: the
// records would go with the links. What the same change has written does not count.
func (f *zoneFold) leaves(h domain.History, views []int64, after domain.Position) error {
	if len(views) == 0 {
		return nil
	}
	records := newZoneRecords(f.id)
	if err := h.Load(records); err != nil {
		return err
	}
	var last domain.Position
	for _, r := range f.liveOf(&records.recordSet) {
		if slices.Contains(views, r.data.ViewID) && !r.at.Pending() {
			last = max(last, r.at)
		}
	}
	if last > after {
		return domain.Changed(last, "records of zone %d were changed since", f.id)
	}
	return nil
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
