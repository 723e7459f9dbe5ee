package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// RestoreZone brings a deleted zone back, as it was when it was deleted.
//
// Invariants:
//  1. It needs what making a zone of the name needs, and the name and the views are to be had.
//  2. It holds only if nothing has become of the zone since the deletion.
//  3. What it decides, and costs, does not depend on how many records the zone has.
type RestoreZone struct {
	event ZoneDeleted
	at    domain.Position
}

// NewRestoreZone returns the command for a deletion at a position.
func NewRestoreZone(e ZoneDeleted, at domain.Position) RestoreZone {
	return RestoreZone{event: e, at: at}
}

// Decide implements [domain.Command].
func (c RestoreZone) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone, was := access.NewActor(env.Actor), newZoneFold(c.event.ID), c.event.Zone
	if err := h.Load(actor, zone); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.AddZone()); err != nil {
		return nil, err
	}
	if err := authorizeName(h, actor, zone.id, was.Name, was.ViewIDs); err != nil {
		return nil, err
	}
	if zone.exists || zone.changed != c.at {
		return nil, domain.Changed(zone.changed, "zone %d was restored since", zone.id)
	}
	if err := checkZoneLinks(h, zone.id, was, was.ViewIDs); err != nil {
		return nil, err
	}
	views := was.ViewIDs
	if !was.Group.Rendered() {
		views = []int64{0}
	}
	links, err := zone.reopened(views, c.at)
	if err != nil {
		return nil, err
	}
	return []domain.Event{ZoneRestored{
		ID: zone.id, After: was, Privilege: zone.privilege, Created: zone.created, Creator: zone.creator, Links: links, Settings: zone.settings,
	}}, nil
}

// UndoZoneRestored takes back what [ZoneRestored] did, while the zone and its records are as it
// left them.
type UndoZoneRestored struct {
	event ZoneRestored
	at    domain.Position
}

// NewUndoZoneRestored returns the command for an event at a position.
func NewUndoZoneRestored(e ZoneRestored, at domain.Position) UndoZoneRestored {
	return UndoZoneRestored{event: e, at: at}
}

// Decide implements [domain.Command].
func (c UndoZoneRestored) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	operation := access.OperationUpdate
	if c.event.Before == nil {
		operation = access.OperationDelete
	}
	actor, zone, err := loadUndone(h, env, c.event.ID, operation)
	if err != nil {
		return nil, err
	}
	last := &lastOfRecords{zone: zone.id}
	if err := h.Load(last); err != nil {
		return nil, err
	}
	switch {
	case !zone.data.equal(c.event.After):
		return nil, domain.Changed(zone.changed, "zone %d was changed since", zone.id)
	case zone.settled > c.at:
		return nil, domain.Changed(zone.settled, "the settings of zone %d were changed since", zone.id)
	case last.at > c.at:
		return nil, domain.Changed(last.at, "records of zone %d were changed since", zone.id)
	case c.event.Before != nil:
		return updateZone(h, actor, zone, *c.event.Before)
	}
	return []domain.Event{ZoneDeleted{ID: zone.id, Zone: zone.data, Privilege: zone.privilege}}, nil
}

// lastOfRecords tells when a record of a zone was last changed.
type lastOfRecords struct {
	zone int64
	at   domain.Position
}

// Item implements [domain.Fold].
func (f *lastOfRecords) Item() domain.Item {
	return domain.Item{Tag: TagZoneRecords(f.zone), Types: recordsTypes}
}

// Apply implements [domain.Fold].
func (f *lastOfRecords) Apply(r domain.Recorded) { f.at = r.Position }

// Snapshot implements [domain.Fold].
func (f *lastOfRecords) Snapshot() any { return f.at }

// Restore implements [domain.Fold].
func (f *lastOfRecords) Restore(s any) { f.at = s.(domain.Position) }
