package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// RestoreZone brings a deleted zone back, as it was when it was deleted.
//
// Invariants:
//  1. It needs what making a zone of the name needs, and to be allowed to ACCESS the zones whose PTRs
//     it has; and the name and the views are to be had.
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
	if err := authorizeReturn(h, actor, zone.id, was); err != nil {
		return nil, err
	}
	if zone.exists || zone.changed != c.at {
		return nil, domain.Changed(zone.changed, "zone %d was restored since", zone.id)
	}
	if err := zone.mayKeepAgain(h, actor, zone.settings); err != nil {
		return nil, err
	}
	if err := checkZoneLinks(h, zone.id, was, was.ViewIDs); err != nil {
		return nil, err
	}
	links, err := zone.reopened(LinkedViews(was), c.at)
	if err != nil {
		return nil, err
	}
	return []domain.Event{zone.restored(was, zone.settings, links)}, nil
}

// authorizeReturn refuses what making a zone of the name would be refused for.
func authorizeReturn(h domain.History, actor *access.Actor, id int64, was ZoneData) error {
	if err := access.Authorize(h, actor, access.AddZone()); err != nil {
		return err
	}
	return authorizeName(h, actor, id, was.Name, was.ViewIDs)
}

// restored is the event by which the zone is what it was, with links that are open again.
func (f *zoneFold) restored(was ZoneData, settings ZoneSettings, links []RestoredLink) ZoneRestored {
	e := ZoneRestored{ID: f.id, After: was, Privilege: f.privilege, Created: f.created, Creator: f.creator, Links: links, Settings: settings}
	if f.exists {
		before := f.data
		e.Before, e.Settings = &before, ZoneSettings{}
	}
	return e
}

// RevertZone brings a zone, there or gone, to what it was at a moment, but for its records.
//
// Invariants:
//  1. It needs what the same change made by hand needs: of one that is gone what making it
//     needs.
//  2. It holds only while the zone is as it was found.
//  3. What lies outside of the bounds of a credential is refused before anything is said of what
//     stands against it.
type RevertZone struct {
	id       int64
	was      ZoneData
	settings ZoneSettings
	links    map[int64]domain.Position
	found    ZoneLife
}

// NewRevertZone returns the command that brings a zone to a former life, with links that are to be
// opened again, see [ZoneLife.Reopening].
func NewRevertZone(found, former ZoneLife, links map[int64]domain.Position) RevertZone {
	return RevertZone{id: found.fold.id, was: former.fold.data, settings: former.fold.settings, links: links, found: found}
}

// Decide implements [domain.Command].
func (c RevertZone) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone := access.NewActor(env.Actor), newZoneFold(c.id)
	if err := h.Load(actor, zone); err != nil {
		return nil, err
	}
	if err := c.authorize(h, env, actor, zone); err != nil {
		return nil, err
	}
	if zone.changed != c.found.fold.changed || zone.settled != c.found.fold.settled {
		return nil, domain.Changed(max(zone.changed, zone.settled), "zone %d was changed since", c.id)
	}
	links := make([]RestoredLink, 0, len(c.links))
	for _, view := range slices.Sorted(maps.Keys(c.links)) {
		links = append(links, RestoredLink{View: view, Since: c.links[view], Until: zone.ended[view].until})
	}
	settings := c.settings
	settings.SerialAtLeast = zone.settings.SerialAtLeast
	if err := zone.mayKeepAgain(h, actor, settings); err != nil {
		return nil, err
	}
	if !zone.exists {
		return c.bringBack(h, zone, settings, links)
	}
	var events []domain.Event
	if !zone.data.equal(c.was) {
		var err error
		if events, err = updateZone(h, actor, zone, c.was); err != nil {
			return nil, err
		}
		if len(links) > 0 {
			events[len(events)-1] = zone.restored(c.was, settings, links)
		}
	}
	return append(events, zone.settle(settings)...), nil
}

// bringBack decides for a zone that is gone. Under another name, too, it has the serial that was
// asked for last.
func (c RevertZone) bringBack(h domain.History, zone *zoneFold, settings ZoneSettings, links []RestoredLink) ([]domain.Event, error) {
	if err := checkZoneLinks(h, c.id, c.was, c.was.ViewIDs); err != nil {
		return nil, err
	}
	restored := zone.restored(c.was, settings, links)
	zone.settings = settings
	raises, err := keepSerial(h, zone, c.was, viewsBeyond(c.was.ViewIDs, zone.data.ViewIDs))
	return append([]domain.Event{restored}, raises...), err
}

func (c RevertZone) authorize(h domain.History, env domain.Env, actor *access.Actor, zone *zoneFold) error {
	if !zone.exists {
		if err := authorizeReturn(h, actor, c.id, c.was); err != nil {
			return err
		}
		return env.CheckBounds(h, []domain.Event{zone.restored(c.was, c.settings, nil)})
	}
	if err := access.Authorize(h, actor, access.On(zone.target(), access.OperationUpdate)); err != nil {
		return err
	}
	if err := env.CheckBounds(h, c.wanted(zone)); err != nil {
		return err
	}
	return zone.writable(env)
}

// wanted are the events by which a zone that is there becomes what it was, but for its links.
func (c RevertZone) wanted(zone *zoneFold) []domain.Event {
	events := zone.settle(c.settings)
	if !zone.data.equal(c.was) {
		events = append(events, ZoneUpdated{ID: c.id, Before: zone.data, After: c.was})
	}
	return events
}

// UndoZoneRestored takes back what [ZoneRestored] did, while the zone, and its records in the views that
// it leaves, are as the event left them.
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
	switch {
	case !zone.data.equal(c.event.After):
		return nil, domain.Changed(zone.changed, "zone %d was changed since", zone.id)
	case c.event.Before == nil && !zone.settings.Reverts(c.event.Settings):
		return nil, domain.Changed(zone.settled, "the settings of zone %d were changed since", zone.id)
	}
	if err := zone.leaves(h, c.links(), c.at); err != nil {
		return nil, err
	}
	if c.event.Before != nil {
		return updateZone(h, actor, zone, *c.event.Before)
	}
	return []domain.Event{ZoneDeleted{ID: zone.id, Zone: zone.data, Privilege: zone.privilege}}, nil
}

// links are the views whose links end with the undoing, 0 for that of an external zone.
func (c UndoZoneRestored) links() []int64 {
	if c.event.Before != nil {
		return viewsBeyond(c.event.After.ViewIDs, c.event.Before.ViewIDs)
	}
	return LinkedViews(c.event.After)
}
