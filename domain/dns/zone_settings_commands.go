package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ChangeZoneSettings changes a zone's SOA, default TTL and serial.
//
// Invariants:
//  1. A serial that is asked for is one that secondaries take: it is no more than
//     [SerialReach] above the one that the zone has in each of its views, unless no
//     name server has ever served the zone.
//  2. External zones, whose SOA is their provider's, have no settings.
type ChangeZoneSettings struct {
	id      int64
	patch   zoneSettingsPatch
	present []uint32
	ifMatch *domain.Position
}

// NewChangeZoneSettings checks the form of a change; what is not given stays. Present are
// the serials that the zone has in its views. They may be older than the decision,
// since a serial only grows, towards what is asked for. If-Match is the position of
// the settings' last change, 0 before the first.
func NewChangeZoneSettings(id int64, in ZoneSettingsInput, present []uint32, ifMatch *domain.Position) (ChangeZoneSettings, error) {
	if err := checkID("Zone", id); err != nil {
		return ChangeZoneSettings{}, err
	}
	p, err := in.parse()
	return ChangeZoneSettings{id: id, patch: p, present: present, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c ChangeZoneSettings) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	_, zone, err := loadZone(h, env, c.id, access.OperationUpdate, nil)
	if err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, zone.settled); err != nil {
		return nil, err
	}
	if !zone.data.Group.Rendered() {
		return nil, domain.Refused("an external zone has no settings: its provider serves it")
	}
	after := c.patch.merge(zone.settings)
	if after.equal(zone.settings) {
		return nil, nil
	}
	event := ZoneSettingsChanged{ID: c.id, Before: zone.settings, After: after}
	if at := after.SerialAtLeast; at != nil && Or(zone.settings.SerialAtLeast, 0) != *at {
		if event.Raise, err = c.raise(h, zone, *at); err != nil {
			return nil, err
		}
	}
	return []domain.Event{event}, nil
}

// raise decides on a serial that is asked for. Secondaries that hold exactly this one
// must take the zone, too: so it becomes one more, where RFC 1982 allows that.
func (c ChangeZoneSettings) raise(h domain.History, zone *zoneFold, atLeast uint32) (*SerialRaise, error) {
	r := SerialRaise{Zone: zone.data.Name, Views: zone.data.ViewIDs, To: atLeast + 1}
	if r.To == 0 {
		r.To = 1
	}
	for _, present := range c.present {
		above := atLeast - present
		switch {
		case above > SerialReach && (atLeast > present || above == SerialReach+1):
			agents := &everEnrolled{}
			if err := h.Load(agents); err != nil {
				return nil, err
			}
			if agents.any {
				return nil, domain.Invalid("serial_at_least",
					"must not be more than %d above the present serial, %d, or secondaries would not take it", SerialReach, present)
			}
			r.Unserved = true
		case above <= SerialReach && r.To-present > SerialReach:
			r.To = atLeast
		}
	}
	return &r, nil
}

// everEnrolled tells whether any name server ever had an agent, and so may have served a zone.
type everEnrolled struct{ any bool }

// Item implements [domain.Fold].
func (*everEnrolled) Item() domain.Item {
	return domain.Item{Tag: domain.TagEnrolments, Types: []string{ServerEnrolled{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *everEnrolled) Apply(domain.Recorded) { f.any = true }

// Snapshot implements [domain.Fold].
func (f *everEnrolled) Snapshot() any { return f.any }

// Restore implements [domain.Fold].
func (f *everEnrolled) Restore(s any) { f.any = s.(bool) }
