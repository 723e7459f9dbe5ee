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
//     name server has ever served a zone of the name.
//  2. External zones, whose SOA is their provider's, have no settings.
//  3. No serial falls as a number: what is above the given one already stays.
//  4. What is asked for again is done wherever it does not hold (any more) and can be.
//  5. Only reverse zones have PTRs of other zones, and only of such as are there, and as whoever asks for it
//     may ACCESS. Those that the zone has already are not asked about again.
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
	actor, zone, err := loadZone(h, env, c.id, access.OperationUpdate, nil)
	if err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, zone.settled); err != nil {
		return nil, err
	}
	if err := HaveSettings(zone.data.Group); err != nil {
		return nil, err
	}
	event := ZoneSettingsChanged{ID: c.id, Before: zone.settings, After: c.patch.merge(zone.settings)}
	if err := zone.mayKeep(h, actor, event.After); err != nil {
		return nil, err
	}
	if at := c.patch.serialAtLeast.Value; at != nil {
		if event.Raise, err = c.raise(h, zone, *at); err != nil {
			return nil, err
		}
	}
	if event.Raise == nil && event.After.equal(zone.settings) {
		return nil, nil
	}
	return []domain.Event{event}, nil
}

// HaveSettings refuses the settings of zones of a group that has none.
func HaveSettings(group ZoneGroup) error {
	if !group.Rendered() {
		return domain.Refused("an external zone has no settings: its provider serves it")
	}
	return nil
}

// raise decides on a serial that is asked for, and returns nil if it holds in all views. To
// secondaries a serial that is out of reach is older than the present one: if it was
// asked for before, its views are left as they are.
func (c ChangeZoneSettings) raise(h domain.History, zone *zoneFold, atLeast uint32) (*SerialRaise, error) {
	again := zone.settings.SerialAtLeast != nil && *zone.settings.SerialAtLeast == atLeast
	r, lower := raiseOf(zone.data.Name, zone.data.ViewIDs, atLeast), !again && len(c.present) == 0
	for _, present := range c.present {
		above := atLeast - present
		switch {
		case atLeast <= present, again && above > SerialReach:
			continue
		case above > SerialReach:
			served, err := everServed(h, zone.data)
			if err != nil {
				return nil, err
			}
			if served {
				return nil, domain.Invalid("serial_at_least",
					"must not be more than %d above the present serial, %d, or secondaries would not take it", SerialReach, present)
			}
			r.Unserved = true
		case r.To-present > SerialReach:
			r.To = atLeast
		}
		lower = true
	}
	if !lower {
		return nil, nil
	}
	return &r, nil
}

// raiseOf is the raise of a zone's serials to one that is asked for. Secondaries that hold
// exactly this one must take the zone, too: so it becomes one more, be it beyond the end of
// the numbers.
func raiseOf(zone string, views []int64, atLeast uint32) SerialRaise {
	if atLeast == maxSerial {
		return SerialRaise{Zone: zone, Views: views, To: 1}
	}
	return SerialRaise{Zone: zone, Views: views, To: atLeast + 1, IfLower: true}
}
