package bind

import (
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// faceOf finds where a record is served: nil for external zones and for views
// that the zone is no longer linked to.
func (l *ledger) faceOf(zoneID int64, d dns.RecordData) (*site, *face) {
	z := l.zones[zoneID]
	if z == nil {
		return nil, nil
	}
	f := z.faces[d.ViewID]
	if f == nil || f.forwards() {
		return nil, nil
	}
	return l.sites[siteKey{view: d.ViewID, zone: absoluteZone(z.data.Name)}], f
}

// spot is where a record of the log lands: its RRset in a zone and view.
type spot struct {
	site *site
	face *face
	key  setKey
	rec  member
}

// locate renders a record; served is false when it is not ours to serve.
func (l *ledger) locate(id, zoneID int64, d dns.RecordData) (at spot, served bool, err error) {
	s, f := l.faceOf(zoneID, d)
	if f == nil {
		return at, false, nil
	}
	rr, err := dns.RecordRR(zoneOf(s.key.zone), d)
	if err != nil {
		return at, false, fmt.Errorf("record %d: %w", id, err)
	}
	data, err := rdataOf(rr)
	if err != nil {
		return at, false, fmt.Errorf("record %d: %w", id, err)
	}
	owner, inside := relative(rr.Header().Name, s.key.zone)
	if !inside {
		return at, false, fmt.Errorf("record %d: %s is outside zone %s", id, rr.Header().Name, s.key.zone)
	}
	rec := member{id: id, ttl: d.TTL, value: d.Value, rdata: data}
	return spot{site: s, face: f, key: setKey{owner: owner, rrtype: rr.Header().Rrtype}, rec: rec}, true, nil
}

// loadRecord takes a snapshot's row: nobody has seen the set yet, so it may grow in place.
func (l *ledger) loadRecord(id, zoneID int64, d dns.RecordData) error {
	at, served, err := l.locate(id, zoneID, d)
	if served {
		at.face.sets[at.key] = append(at.face.sets[at.key], at.rec)
	}
	return err
}

func (l *ledger) addRecord(id, zoneID int64, d dns.RecordData, p domain.Position) error {
	at, served, err := l.locate(id, zoneID, d)
	if served {
		l.edit(at, with(at, at.rec), p)
	}
	return err
}

func (l *ledger) dropRecord(id, zoneID int64, d dns.RecordData, p domain.Position) error {
	at, served, err := l.locate(id, zoneID, d)
	if served {
		l.edit(at, without(at), p)
	}
	return err
}

// updateRecord changes the record in place where its RRset stays the same, so
// that a change of what is not served, such as a comment, changes no zone.
func (l *ledger) updateRecord(e dns.RecordUpdated, p domain.Position) error {
	before, had, err := l.locate(e.ID, e.ZoneID, e.Before)
	if err != nil {
		return err
	}
	after, has, err := l.locate(e.ID, e.ZoneID, e.After)
	if err != nil {
		return err
	}
	if had && has && before.site == after.site && before.key == after.key {
		l.edit(after, append(without(before), after.rec), p)
		return nil
	}
	if had {
		l.edit(before, without(before), p)
	}
	if has {
		l.edit(after, with(after, after.rec), p)
	}
	return nil
}

// with and without return new lists: those handed out to workers never change.
func with(at spot, m member) []member {
	return append(slices.Clone(at.face.sets[at.key]), m)
}

func without(at spot) []member {
	members := slices.Clone(at.face.sets[at.key])
	return slices.DeleteFunc(members, func(m member) bool { return m.id == at.rec.id })
}

// edit replaces the members of one RRset. What is served may stay the same:
// then the zone has not changed either.
func (l *ledger) edit(at spot, members []member, p domain.Position) {
	before := assemble(at.face.sets[at.key])
	at.site.edit(at.key)
	if len(members) == 0 {
		delete(at.face.sets, at.key)
	} else {
		at.face.sets[at.key] = members
	}
	if assemble(members).equal(before) {
		return
	}
	at.face.changed = p
	l.owe(at.site, p)
}
