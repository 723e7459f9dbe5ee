package revert

import (
	"maps"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Moment is a zone with its records at a moment, and what became of them since.
//
// Invariants:
//  1. What comes of it is what differs between the two, whatever happened in between.
//  2. Records that ended with a link come back with it, and cost nothing. Of what the link's
//     records became while it was open later, each is one inverse.
type Moment struct {
	id        int64
	then, now dns.ZoneLife
	resource  string
	// records are by their ids.
	records map[int64]*recordThen
}

// recordThen is a record that has changed since the moment.
type recordThen struct {
	// was is the record at the moment, is the record after its last event; nil for none.
	was, is *dns.RecordData
	last    domain.Recorded
}

// NewMoment returns a zone as it was after some of its events, before any later one. The resource
// is what conflicts call the zone.
func NewMoment(id int64, resource string) *Moment {
	return &Moment{id: id, resource: resource, then: dns.NewZoneLife(id), now: dns.NewZoneLife(id), records: map[int64]*recordThen{}}
}

// Before takes an event of the zone's life of before the moment, the next in the order of the log.
func (m *Moment) Before(r domain.Recorded) {
	m.then = m.then.After(r)
	m.now = m.then
}

// Since takes an event on the zone or its records of after the moment, the next in the order of
// the log. Of imports only the end counts.
func (m *Moment) Since(d Done) {
	m.now = m.now.After(d.Recorded)
	for _, part := range d.Parts {
		for _, e := range part.Singly() {
			m.note(e, d.Recorded)
		}
	}
	m.note(d.Event, d.Recorded)
}

func (m *Moment) note(e domain.Event, r domain.Recorded) {
	id, _, before, after := dns.AboutRecord(e)
	if before == nil && after == nil {
		return
	}
	if m.records[id] == nil {
		m.records[id] = &recordThen{was: before}
	}
	m.records[id].is, m.records[id].last = after, r
}

// Existed says whether the zone was there at the moment.
func (m *Moment) Existed() bool { return m.then.Exists() }

// Command returns the command that brings the zone to what it was. Its error is an [*Error], or
// [ErrTooMany].
func (m *Moment) Command() (domain.Command, error) {
	links, conflict := m.now.Reopening(m.then)
	if conflict != nil {
		return nil, &Error{Conflicts: []Conflict{refused(Done{Resource: m.resource}, conflict)}}
	}
	var first, rest []step
	for _, id := range slices.Sorted(maps.Keys(m.records)) {
		r := m.records[id]
		was, is := m.livedThen(r), m.livesNow(r, links)
		live := is != nil && m.now.Links()[is.ViewID] != 0
		if is != nil && m.then.Links()[is.ViewID] == 0 {
			is = nil // it goes with its link
		}
		if was == nil && is == nil || was != nil && is != nil && *was == *is {
			continue
		}
		s := step{of: Done{Recorded: r.last, Resource: "record:" + strconv.FormatInt(id, 10)}, command: dns.NewRevertRecord(id, m.id, was, is)}
		if was == nil && live {
			first = append(first, s) // which a zone of another type may not have
		} else {
			rest = append(rest, s)
		}
	}
	changed, settled := m.now.Changed()
	zone := step{of: Done{Recorded: domain.Recorded{Position: max(changed, settled)}, Resource: m.resource}, command: dns.NewRevertZone(m.now, m.then, links)}
	steps := slices.Concat(first, []step{zone}, rest)
	if len(steps) > MostInverses {
		return nil, ErrTooMany
	}
	return newCommand(steps)
}

// livedThen is the record at the moment: one that a later event found had lived all along, if its
// link was open.
func (m *Moment) livedThen(r *recordThen) *dns.RecordData {
	if r.was == nil || m.then.Links()[r.was.ViewID] == 0 {
		return nil
	}
	return r.was
}

// livesNow is the record as it is once the links are open.
func (m *Moment) livesNow(r *recordThen, links map[int64]domain.Position) *dns.RecordData {
	if r.is == nil {
		return nil
	}
	since, open := m.now.Links()[r.is.ViewID]
	if !open {
		since, open = links[r.is.ViewID]
	}
	if !open || since >= r.last.Position {
		return nil
	}
	return r.is
}
