package modeltest

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// stepImport carries out a staged import, which is done or void in the end, with other zones' events
// between its own.
func (m *Naive) stepImport() {
	zone := Pick(m, m.Zones)
	z := m.Zones[zone]
	if !z.Group.Rendered() {
		return
	}
	view := z.ViewIDs[m.rng.IntN(len(z.ViewIDs))]
	id := m.quiet(dns.ImportBegun{ZoneID: zone, ViewID: view, Mode: "merge"})
	staged := map[int64]*dnsmodel.Record{} // nil: it goes
	var counts dns.ImportCounts
	for range 1 + m.rng.IntN(3) {
		part := m.part(id, zone, view, staged)
		counts = counts.Plus(part.Counts())
		at := m.quiet(part)
		for _, r := range part.Changed {
			staged[r.ID].Changed = at
		}
		for _, r := range part.Added {
			r := &dnsmodel.Record{ID: r.ID, ZoneID: zone, RecordData: r.Record, Changed: at}
			m.made(r)
			staged[r.ID] = r
		}
		m.elsewhere(zone)
	}
	if m.rng.IntN(3) == 0 {
		m.quiet(dns.ImportVoided{Import: id, ZoneID: zone, ViewID: view, Reason: dns.VoidCancelled})
		return
	}
	m.Changed[zone][view] = m.event(dns.ZoneImported{Import: id, ZoneID: zone, ViewID: view, ImportCounts: counts})
	for id, r := range staged {
		if delete(m.Records, id); r != nil {
			m.Records[id] = *r
		}
	}
}

// quiet makes an event that the operation log does not tell of.
func (m *Naive) quiet(e domain.Event) domain.Position {
	m.Entries--
	return m.event(e)
}

// elsewhere makes an event about another zone.
func (m *Naive) elsewhere(zone int64) {
	mine := m.Zones[zone]
	delete(m.Zones, zone)
	if other := Pick(m, m.Zones); other != 0 {
		r := dnsmodel.Record{ID: m.newID(access.KindRecord), ZoneID: other, RecordData: m.recordData(other)}
		m.addRecord(r)
	}
	m.Zones[zone] = mine
}

// part is what an import stages of a zone's records in one event.
func (m *Naive) part(id domain.Position, zone, view int64, staged map[int64]*dnsmodel.Record) dns.RecordsStaged {
	part := dns.RecordsStaged{Import: id, ZoneID: zone, ViewID: view}
	for _, record := range SortedKeys(m.Records) {
		r := m.Records[record]
		if _, is := staged[record]; is || r.ZoneID != zone || r.ViewID != view {
			continue
		}
		switch m.rng.IntN(4) {
		case 0:
			part.Removed = append(part.Removed, dns.StagedRecord{ID: record, Record: r.RecordData})
			staged[record] = nil
		case 1:
			after := r.RecordData
			after.TTL += 100
			part.Changed = append(part.Changed, dns.StagedChange{ID: record, Before: r.RecordData, After: after})
			r.RecordData = after
			staged[record] = &r
		}
	}
	for range 1 + m.rng.IntN(3) {
		d := m.recordData(zone)
		d.ViewID = view
		part.Added = append(part.Added, dns.StagedRecord{ID: m.newID(access.KindRecord), Record: d})
	}
	return part
}
