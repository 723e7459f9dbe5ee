package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// CreateZone makes a zone.
//
// Invariants of zones:
//  1. A name, without case, belongs to one internal or hijack zone and to one
//     external zone.
//  2. An internal or hijack zone is linked to at least one view; all exist. An
//     external zone is linked to none.
//  3. A forward-only zone has forwarders and no records.
//  4. A zone never changes to or from the external group.
//  5. Every live record is sound under the zone's name.
//  6. Whoever gives a zone a name in a view may answer for the name there, see
//     authorizeName.
type CreateZone struct{ zone ZoneData }

// NewCreateZone checks the form of a zone. The group defaults to internal.
func NewCreateZone(in ZoneInput) (CreateZone, error) {
	p, err := in.parse()
	if err != nil {
		return CreateZone{}, err
	}
	zone, err := p.merge(ZoneData{Group: GroupInternal})
	return CreateZone{zone: zone}, err
}

// Allocates implements [domain.Allocator].
func (CreateZone) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequenceZone, domain.SequencePrivilege}
}

// Decide implements [domain.Command].
func (c CreateZone) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor := access.NewActor(env.Actor)
	if err := h.Load(actor); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.AddZone()); err != nil {
		return nil, err
	}
	if err := authorizeName(h, actor, 0, c.zone.Name, c.zone.ViewIDs); err != nil {
		return nil, err
	}
	if err := checkZoneLinks(h, 0, c.zone, c.zone.ViewIDs); err != nil {
		return nil, err
	}
	return []domain.Event{ZoneCreated{
		ID: env.NextID(domain.SequenceZone), Zone: c.zone, Privilege: env.NextID(domain.SequencePrivilege),
	}}, nil
}

// UpdateZone changes a zone's data. Records in a view that is no longer linked are gone.
type UpdateZone struct {
	id      int64
	patch   zonePatch
	ifMatch *domain.Position
}

// NewUpdateZone checks the form of a change; group and forwarders stay when not given.
func NewUpdateZone(id int64, in ZoneInput, ifMatch *domain.Position) (UpdateZone, error) {
	if err := checkID("Zone", id); err != nil {
		return UpdateZone{}, err
	}
	p, err := in.parse()
	return UpdateZone{id: id, patch: p, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c UpdateZone) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone, err := loadZone(h, env, c.id, access.OperationUpdate, c.ifMatch)
	if err != nil {
		return nil, err
	}
	before := zone.data
	if c.patch.group != nil && c.patch.group.Rendered() != before.Group.Rendered() {
		return nil, domain.Refused("zone_group: 外部域名与内部域名、劫持域名之间不能互相转换！").Blame("zone_group")
	}
	after, err := c.patch.merge(before)
	if err != nil || after.equal(before) {
		return nil, err
	}
	return updateZone(h, actor, zone, after)
}

// updateZone decides that a zone is something else, by the rules that no right to the zone alone
// gives leave of.
func updateZone(h domain.History, actor *access.Actor, zone *zoneFold, after ZoneData) ([]domain.Event, error) {
	before := zone.data
	added := viewsBeyond(after.ViewIDs, before.ViewIDs)
	if err := authorizeMove(h, actor, zone, after, added); err != nil {
		return nil, err
	}
	if err := checkZoneLinks(h, zone.id, after, added); err != nil {
		return nil, err
	}
	if err := checkZoneRecords(h, zone, after); err != nil {
		return nil, err
	}
	events, err := keepSerial(h, zone, after, added)
	return append(events, ZoneUpdated{ID: zone.id, Before: before, After: after}), err
}

// keepSerial returns the events, to come before the change, by which the zone has the serial that was asked for last also under
// another name, and in the views that were added.
func keepSerial(h domain.History, zone *zoneFold, after ZoneData, added []int64) ([]domain.Event, error) {
	if renamed(zone.data, after) {
		added = after.ViewIDs
	}
	atLeast := zone.settings.SerialAtLeast
	if atLeast == nil || len(added) == 0 {
		return nil, nil
	}
	raises, err := raiseInNewViews(h, *atLeast, after, added)
	events := make([]domain.Event, len(raises))
	for i, r := range raises {
		events[i] = ZoneSettingsChanged{ID: zone.id, Before: zone.settings, After: zone.settings, Raise: &r}
	}
	return events, err
}

// DeleteZone removes a zone with all its records.
type DeleteZone struct {
	id      int64
	ifMatch *domain.Position
}

// NewDeleteZone returns the command; ids start at 1.
func NewDeleteZone(id int64, ifMatch *domain.Position) (DeleteZone, error) {
	return DeleteZone{id: id, ifMatch: ifMatch}, checkID("Zone", id)
}

// Decide implements [domain.Command].
func (c DeleteZone) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	_, zone, err := loadZone(h, env, c.id, access.OperationDelete, c.ifMatch)
	if err != nil {
		return nil, err
	}
	return []domain.Event{ZoneDeleted{ID: c.id, Zone: zone.data, Privilege: zone.privilege}}, nil
}
