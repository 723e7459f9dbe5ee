package bind

import (
	"fmt"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

func absoluteZone(name string) string { return dns.FoldName(name) + "." }

// addZone makes the zone's copies for its views. The positions at which they changed last
// are in changed if the zone comes from a snapshot; otherwise each is p.
func (s *desiredState) addZone(id int64, data dns.ZoneData, settings dns.ZoneSettings, changed map[int64]domain.Position, p domain.Position) {
	if !data.Group.Rendered() {
		return
	}
	zone := &logZone{data: data, settings: settings, copies: map[int64]*viewCopy{}}
	s.zones[id] = zone
	for _, view := range data.ViewIDs {
		c := zone.newCopy(id, max(p, changed[view]))
		zone.copies[view] = c
		s.serve(view, data.Name, c, c.changed)
	}
	s.noteKeeping(id, zone)
}

func (z *logZone) newCopy(id int64, changed domain.Position) *viewCopy {
	c := &viewCopy{zoneID: id, changed: changed, settings: z.settings, sets: map[setKey][]logRecord{}}
	if z.data.Type == dns.ZoneForwardOnly {
		c.forwarders = append([]string{}, z.data.Forwarders...)
	}
	return c
}

// changeZoneSettings changes the SOA, and what is generated beside it, in all views of the
// zone.
func (s *desiredState) changeZoneSettings(e dns.ZoneSettingsChanged, p domain.Position) {
	zone := s.zones[e.ID]
	if zone == nil {
		return
	}
	zone.settings = e.After
	s.noteKeeping(e.ID, zone)
	for _, view := range zone.data.ViewIDs {
		zone.copies[view].settings = e.After
		s.touch(zone, view, p)
		if !slices.Equal(e.Before.KeptFrom(), e.After.KeptFrom()) {
			s.keepAnew(zone, view, p)
		}
	}
	if e.Raise == nil {
		return
	}
	views := make([]string, len(e.Raise.Views))
	for i, view := range e.Raise.Views {
		views[i] = s.views[view].Name
	}
	s.bases.Raise(*e.Raise, views, p)
}

// touch notes that an event at p changed the SOA of a zone in a view.
func (s *desiredState) touch(zone *logZone, view int64, p domain.Position) {
	c := zone.copies[view]
	c.changed = p
	if z := s.inView[zoneKey{view: view, zone: absoluteZone(zone.data.Name)}]; z != nil && z.want == c {
		s.markDirty(z, p)
	}
}

// serve sets what named is to serve under a zone name in a view.
func (s *desiredState) serve(view int64, name string, want *viewCopy, p domain.Position) {
	key := zoneKey{view: view, zone: absoluteZone(name)}
	z := s.inView[key]
	if z == nil {
		// The inventory entered all zones that named has. So named does not have this
		// one; if somebody added it since, named will refuse to add it again.
		z = &zoneInView{key: key, installed: installed{known: s.inventory.unapplied() == 0}}
		s.inView[key] = z
	}
	z.replace(want)
	s.markDirty(z, p)
}

// withdraw ends the serving of a copy, unless another zone has taken its name in
// the view since.
func (s *desiredState) withdraw(view int64, name string, c *viewCopy, p domain.Position) {
	z := s.inView[zoneKey{view: view, zone: absoluteZone(name)}]
	if z != nil && z.want == c {
		z.replace(nil)
		s.markDirty(z, p)
	}
}

func (s *desiredState) dropZone(id int64, p domain.Position) {
	zone := s.zones[id]
	if zone == nil {
		return
	}
	delete(s.zones, id)
	s.noteKeeping(id, nil)
	for view, c := range zone.copies {
		s.withdraw(view, zone.data.Name, c, p)
		s.keepFrom(view, zone.data.Name, c.sets, false, p)
	}
}

// updateZone unlinks views, links views, renames the zone or changes its type, as
// the new data says.
func (s *desiredState) updateZone(id int64, after dns.ZoneData, p domain.Position) error {
	zone := s.zones[id]
	if zone == nil {
		if after.Group.Rendered() {
			return fmt.Errorf("zone %d is not known", id)
		}
		return nil
	}
	before := zone.data
	zone.data = after
	for _, view := range before.ViewIDs {
		if !slices.Contains(after.ViewIDs, view) {
			gone := zone.copies[view]
			s.withdraw(view, before.Name, gone, p)
			delete(zone.copies, view)
			s.keepFrom(view, before.Name, gone.sets, false, p)
		}
	}
	for _, view := range after.ViewIDs {
		old := zone.copies[view]
		if old != nil && !dns.ServedOtherwise(before, after) {
			continue
		}
		if err := s.replaceCopy(id, zone, view, before, p); err != nil {
			return err
		}
	}
	return nil
}

// replaceCopy gives the zone a new copy for a view, with the records of the old one.
func (s *desiredState) replaceCopy(id int64, zone *logZone, view int64, before dns.ZoneData, p domain.Position) error {
	next := zone.newCopy(id, p)
	if old := zone.copies[view]; old != nil {
		s.keepFrom(view, before.Name, old.sets, false, p)
		if !next.forwards() {
			sets, err := rerender(withoutKept(maps.Clone(old.sets)), absoluteZone(before.Name), absoluteZone(zone.data.Name))
			if err != nil {
				return err
			}
			next.sets = sets
		}
		if absoluteZone(before.Name) != absoluteZone(zone.data.Name) {
			s.withdraw(view, before.Name, old, p)
		}
	}
	zone.copies[view] = next
	s.serve(view, zone.data.Name, next, p)
	s.keepFrom(view, zone.data.Name, next.sets, true, p)
	s.keepAnew(zone, view, p)
	return nil
}

// rerender renders records for another zone name: names in their values may be
// relative to the zone. For the same name it returns the records that it was given.
func rerender(sets map[setKey][]logRecord, from, to string) (map[setKey][]logRecord, error) {
	if from == to {
		return sets, nil
	}
	out := make(map[setKey][]logRecord, len(sets))
	for key, records := range sets {
		next := make([]logRecord, 0, len(records))
		for _, m := range records {
			data, err := dns.ReadRData(zoneOf(to), dns.RecordData{Type: dns.TypeName(key.rrtype), Value: m.value, Literal: m.literal})
			if err != nil {
				return nil, fmt.Errorf("record %d: %w", m.id, err)
			}
			if m.rdata, err = zonedata.Data(data.RR(".", m.ttl)); err != nil {
				return nil, fmt.Errorf("record %d: %w", m.id, err)
			}
			next = append(next, m)
		}
		out[key] = next
	}
	return out, nil
}

// zoneOf is the zone's name as the domain has it, without final dot.
func zoneOf(absolute string) string { return dns.FoldName(absolute) }
