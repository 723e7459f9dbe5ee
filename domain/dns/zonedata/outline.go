package zonedata

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Outline is what the events of one change make of zones, whatever the zones have.
type Outline struct{ zones map[int64]*zoneOutline }

// zoneOutline is what becomes of one zone.
type zoneOutline struct {
	// told: events say what the zone was before and is after, nil for nothing. Else the zone
	// stays what it is.
	told          bool
	before, after *dns.ZoneData
	// settings is the last event about the zone's settings, nil for none.
	settings domain.Event
	// records are the events about records, by view, and lost are the views in which the zone
	// loses all records that it had before these.
	records map[int64][]domain.Event
	lost    map[int64]bool
	// restored are the links that are open again, by view.
	restored map[int64]dns.RestoredLink
}

// Part is what becomes of a zone in a view.
type Part struct {
	ZoneID, View int64
	// Before and After are the zone's data, nil where name servers do not serve the zone in the
	// view.
	Before, After *dns.ZoneData
	// Lost: the records that the zone had in the view are gone.
	Lost bool
	// Restored is the link with which records are back, nil for none.
	Restored *dns.RestoredLink
	// Events are those about the zone's records in the view, and about its settings.
	Events []domain.Event
}

// NewOutline sorts events, which are in the order in which they happen.
func NewOutline(events []domain.Event) *Outline {
	o := &Outline{zones: map[int64]*zoneOutline{}}
	for _, e := range events {
		switch e := e.(type) {
		case dns.ZoneCreated:
			o.zone(e.ID).become(nil, &e.Zone)
		case dns.ZoneUpdated:
			o.zone(e.ID).become(&e.Before, &e.After)
		case dns.ZoneDeleted:
			o.zone(e.ID).become(&e.Zone, nil)
		case dns.ZoneRestored:
			o.zone(e.ID).become(e.Before, &e.After)
			o.zone(e.ID).restore(e)
		case dns.ZoneSettingsChanged:
			o.zone(e.ID).settings = e
		case dns.RecordAdded:
			o.zone(e.ZoneID).note(e, e.Record.ViewID)
		case dns.RecordUpdated:
			o.zone(e.ZoneID).note(e, e.Before.ViewID, e.After.ViewID)
		case dns.RecordDeleted:
			o.zone(e.ZoneID).note(e, e.Record.ViewID)
		case dns.RecordsStaged:
			o.zone(e.ZoneID).note(e, e.ViewID)
		}
	}
	return o
}

func (o *Outline) zone(id int64) *zoneOutline {
	if o.zones[id] == nil {
		o.zones[id] = &zoneOutline{records: map[int64][]domain.Event{}, lost: map[int64]bool{}, restored: map[int64]dns.RestoredLink{}}
	}
	return o.zones[id]
}

// become takes what an event says that the zone was and is. A view that it leaves takes its records
// along.
func (z *zoneOutline) become(before, after *dns.ZoneData) {
	if !z.told {
		z.told, z.before = true, before
	}
	z.after = after
	for _, view := range viewsOf(before) {
		if !slices.Contains(viewsOf(after), view) {
			z.lost[view] = true
			delete(z.records, view)
			delete(z.restored, view)
		}
	}
}

// restore takes the links that are open again. A zone that was deleted has its former settings.
func (z *zoneOutline) restore(e dns.ZoneRestored) {
	for _, l := range e.Links {
		z.restored[l.View] = l
	}
	if e.Before == nil {
		z.settings = dns.ZoneSettingsChanged{ID: e.ID, After: e.Settings}
	}
}

// note takes an event about records in one or two views.
func (z *zoneOutline) note(e domain.Event, views ...int64) {
	for _, view := range slices.Compact(views) {
		z.records[view] = append(z.records[view], e)
	}
}

// Zones lists the zones that events are about, by id.
func (o *Outline) Zones() []int64 { return slices.Sorted(maps.Keys(o.zones)) }

// Has says whether events are about a zone.
func (o *Outline) Has(zone int64) bool { return o.zones[zone] != nil }

// Begins says whether the zone is not there before the events.
func (o *Outline) Begins(zone int64) bool { return o.zones[zone].told && o.zones[zone].before == nil }

// Parts lists what becomes of a zone in the views in which it is served before or after the
// events, by view. Now is what the zone is before them, nil for nothing; it is asked for only
// where the events do not say it.
func (o *Outline) Parts(zone int64, now *dns.ZoneData) []Part {
	z := o.zones[zone]
	before, after := z.before, z.after
	if !z.told {
		before, after = now, now
	}
	views := append(slices.Clone(servedIn(before)), servedIn(after)...)
	slices.Sort(views)
	parts := []Part{}
	for _, view := range slices.Compact(views) {
		p := Part{ZoneID: zone, View: view, Lost: z.lost[view], Events: z.records[view]}
		if link, is := z.restored[view]; is {
			p.Restored = &link
		}
		if slices.Contains(servedIn(before), view) {
			p.Before = before
		}
		if slices.Contains(servedIn(after), view) {
			p.After = after
		}
		if z.settings != nil {
			p.Events = append(slices.Clone(p.Events), z.settings)
		}
		parts = append(parts, p)
	}
	return parts
}

// Quiet says that nothing becomes of the zone in the view, but what becomes of all zones.
func (p Part) Quiet() bool { return p.Edits() && len(p.Events) == 0 }

// Edits says that the zone keeps its name and its records, but for those that events are about.
func (p Part) Edits() bool {
	return p.Before != nil && p.After != nil && !p.Lost && dns.FoldName(p.Before.Name) == dns.FoldName(p.After.Name)
}

// Settings are those of the zone after the events, given those before.
func (p Part) Settings(before dns.ZoneSettings) dns.ZoneSettings {
	for _, e := range p.Events {
		if changed, is := e.(dns.ZoneSettingsChanged); is {
			before = changed.After
		}
	}
	return before
}

func viewsOf(z *dns.ZoneData) []int64 {
	if z == nil {
		return nil
	}
	return z.ViewIDs
}

// servedIn lists the views in which name servers serve a zone.
func servedIn(z *dns.ZoneData) []int64 {
	if z == nil || !z.Group.Rendered() || z.Type != dns.ZoneMaster {
		return nil
	}
	return z.ViewIDs
}
