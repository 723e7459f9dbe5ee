package bind

import (
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// importZone carries out a staged import of random records, with other commands between its own,
// which are refused where they are about the zone.
func (l *randomLog) importZone() {
	l.t.Helper()
	zone := l.state.zones[l.id(domain.SequenceZone)]
	if zone == nil || zone.data.Type == dns.ZoneForwardOnly {
		return
	}
	view := oneOf(l, zone.data.ViewIDs...)
	id := zone.copies[view].zoneID
	if !l.decided(dns.NewBeginImport(dns.ImportBegun{ZoneID: id, ViewID: view, Mode: "merge"})) {
		l.t.Fatalf("zone %d cannot be imported into", id)
	}
	begun := l.history.Last()
	var counts dns.ImportCounts
	touched := map[int64]bool{}
	for n := range 1 + l.rng.IntN(3) {
		part := dns.RecordsStaged{Import: begun, ZoneID: id, ViewID: view}
		for _, record := range l.present(zone.copies[view]) {
			if touched[record] || l.rng.IntN(2) == 0 {
				continue
			}
			touched[record] = true
			before := l.records[record].After
			after := before
			after.TTL += 7
			if l.rng.IntN(2) == 0 {
				part.Removed = append(part.Removed, dns.StagedRecord{ID: record, Record: before})
			} else {
				part.Changed = append(part.Changed, dns.StagedChange{ID: record, Before: before, After: after})
				l.records[record] = dns.StagedChange{ID: id, After: after}
			}
		}
		d := dns.RecordData{ViewID: view, Host: fmt.Sprintf("i%d-%d", begun, n), Type: "A", TTL: 60, Value: "192.0.2.9"}
		if l.ptr {
			d.Value = "10.0.0.2"
		}
		part.Added = []dns.StagedRecord{{Record: d}}
		counts = counts.Plus(part.Counts())
		if !l.decided(dns.NewStageRecords([]dns.RecordsStaged{part})) {
			l.t.Fatalf("part %d of %d was refused", n, begun)
		}
		l.records[l.ids[domain.SequenceRecord]] = dns.StagedChange{ID: id, After: d}
		for range 3 {
			if before := len(l.events); l.tried() {
				l.notAbout(id, l.events[before:])
			}
		}
	}
	if l.rng.IntN(2) == 0 {
		l.decided(dns.NewVoidImport(dns.ImportVoided{Import: begun, ZoneID: id, ViewID: view, Reason: dns.VoidCancelled}))
		for record := range touched { // what they were staged as is not so
			l.forget(record)
		}
		return
	}
	l.decided(dns.NewFinishImport(dns.ZoneImported{Import: begun, ZoneID: id, ViewID: view, ImportCounts: counts}, nil))
}

// present lists the records that a copy has, by id.
func (l *randomLog) present(c *viewCopy) (ids []int64) {
	for _, set := range c.sets {
		for _, r := range set {
			if _, known := l.records[r.id]; known && !r.kept {
				ids = append(ids, r.id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// forget has a record be left alone by later imports.
func (l *randomLog) forget(record int64) { delete(l.records, record) }

// tried decides a random command, and says whether it led to events.
func (l *randomLog) tried() bool {
	c, err := l.command()
	return err == nil && l.decided(c)
}

// decided says whether a command leads to events, which are appended.
func (l *randomLog) decided(c domain.Command) bool {
	ids := map[domain.Sequence][]int64{}
	if a, ok := c.(domain.Allocator); ok {
		for _, sequence := range a.Allocates() {
			ids[sequence] = []int64{l.ids[sequence] + 1}
		}
	}
	events, err := c.Decide(l.history, domain.NewEnv(domain.System, domaintest.Now, ids))
	if err != nil || len(events) == 0 {
		return false
	}
	for sequence := range ids {
		l.ids[sequence]++
	}
	l.append(events)
	return true
}

// notAbout fails if an event is about a zone that an import is under way in.
func (l *randomLog) notAbout(zone int64, events []domain.Recorded) {
	l.t.Helper()
	for _, e := range events {
		if e.Event.SubjectKey() == zone {
			l.t.Errorf("%T about zone %d while an import was under way", e.Event, zone)
		}
	}
}
