package bind

import (
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// copyFor finds the copy of a zone that a record is served in: nil for external
// zones and for views that the zone is no longer linked to.
func (s *desiredState) copyFor(zoneID int64, d dns.RecordData) (*zoneInView, *viewCopy) {
	zone := s.zones[zoneID]
	if zone == nil {
		return nil, nil
	}
	c := zone.copies[d.ViewID]
	if c == nil || c.forwards() {
		return nil, nil
	}
	return s.inView[zoneKey{view: d.ViewID, zone: absoluteZone(zone.data.Name)}], c
}

// locatedRecord is a record of the log and the RRset that it belongs to.
type locatedRecord struct {
	zone   *zoneInView
	copy   *viewCopy
	key    setKey
	record logRecord
}

// locate renders a record; served is false if named does not serve it.
func (s *desiredState) locate(id, zoneID int64, d dns.RecordData) (at locatedRecord, served bool, err error) {
	z, c := s.copyFor(zoneID, d)
	if c == nil {
		return at, false, nil
	}
	rr, err := dns.RecordRR(zoneOf(z.key.zone), d)
	if err != nil {
		return at, false, fmt.Errorf("record %d: %w", id, err)
	}
	data, err := zonedata.Data(rr)
	if err != nil {
		return at, false, fmt.Errorf("record %d: %w", id, err)
	}
	owner, inside := relative(rr.Header().Name, z.key.zone)
	if !inside {
		return at, false, fmt.Errorf("record %d: %s is outside zone %s", id, rr.Header().Name, z.key.zone)
	}
	rec := logRecord{id: id, ttl: d.TTL, literal: d.Literal, value: d.Value, rdata: data}
	return locatedRecord{zone: z, copy: c, key: setKey{owner: owner, rrtype: rr.Header().Rrtype}, record: rec}, true, nil
}

// loadRecord takes a row of a snapshot. No worker has seen the RRset yet, so it may
// grow in place.
func (s *desiredState) loadRecord(id, zoneID int64, d dns.RecordData) error {
	at, served, err := s.locate(id, zoneID, d)
	if served {
		at.copy.sets[at.key] = append(at.copy.sets[at.key], at.record)
	}
	return err
}

func (s *desiredState) addRecord(id, zoneID int64, d dns.RecordData, p domain.Position) error {
	at, served, err := s.locate(id, zoneID, d)
	if served {
		s.setRecords(at, with(at, at.record), p)
	}
	return err
}

func (s *desiredState) dropRecord(id, zoneID int64, d dns.RecordData, p domain.Position) error {
	at, served, err := s.locate(id, zoneID, d)
	if served {
		s.setRecords(at, without(at), p)
	}
	return err
}

// updateRecord makes one change of it if the record stays in its RRset. A new comment,
// which is not served, changes no zone.
func (s *desiredState) updateRecord(e dns.RecordUpdated, p domain.Position) error {
	if e.Before.Served() == e.After.Served() {
		return nil
	}
	before, had, err := s.locate(e.ID, e.ZoneID, e.Before)
	if err != nil {
		return err
	}
	after, has, err := s.locate(e.ID, e.ZoneID, e.After)
	if err != nil {
		return err
	}
	if had && has && before.zone == after.zone && before.key == after.key {
		s.setRecords(after, append(without(before), after.record), p)
		return nil
	}
	if had {
		s.setRecords(before, without(before), p)
	}
	if has {
		s.setRecords(after, with(after, after.record), p)
	}
	return nil
}

// with and without return new lists: a list that a worker may hold never changes.
func with(at locatedRecord, m logRecord) []logRecord {
	return append(slices.Clone(at.copy.sets[at.key]), m)
}

func without(at locatedRecord) []logRecord {
	records := slices.Clone(at.copy.sets[at.key])
	return slices.DeleteFunc(records, func(m logRecord) bool { return m.id == at.record.id })
}

// setRecords replaces the records of one RRset. The zone counts as changed even if the
// rendered RRset stays the same: the control plane, which makes snapshots,
// knows what events say, and renders nothing.
func (s *desiredState) setRecords(at locatedRecord, records []logRecord, p domain.Position) {
	before := at.copy.sets[at.key]
	s.replaceSet(at, records, p)
	if len(s.keeping) > 0 {
		gone, come := differing(before, records)
		s.follow(at.zone, at.copy, heldAt(at.key, gone), heldAt(at.key, come), p)
	}
}

// differing returns what lists have between records with which both begin, or end.
func differing(a, b []logRecord) (ofA, ofB []logRecord) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

func (s *desiredState) replaceSet(at locatedRecord, records []logRecord, p domain.Position) {
	at.zone.track(at.key)
	before := assemble(at.copy.sets[at.key])
	if len(records) == 0 {
		delete(at.copy.sets, at.key)
	} else {
		at.copy.sets[at.key] = records
	}
	if after := assemble(records); !after.equal(before) {
		at.zone.note(at.key, after)
	}
	at.copy.changed = p
	s.markDirty(at.zone, p)
}
