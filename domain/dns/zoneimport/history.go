package zoneimport

import (
	"slices"
	"sort"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// presentRecords are the records of the zone that decisions on an import read, as the events by which
// they came to be: those at the owners that it changes, at the apex, and all aliases.
type presentRecords struct {
	zone int64
	// events are those of records by the tags of their name and of themselves.
	events map[domain.Tag][]domain.Recorded
}

func newPresentRecords(zone int64) *presentRecords {
	return &presentRecords{zone: zone, events: map[domain.Tag][]domain.Recorded{}}
}

func (p *presentRecords) take(r Present) {
	e := dns.RecordAdded{ID: r.ID, ZoneID: p.zone, Record: r.RecordData}
	for _, tag := range []domain.Tag{dns.TagNode(p.zone, r.Host), dns.TagRecord(r.ID)} {
		p.events[tag] = append(p.events[tag], domain.Recorded{Position: r.Changed, Event: e})
	}
}

func isAlias(rrtype string) bool { return rrtype == "CNAME" || rrtype == "DNAME" }

// importHistory is the log for decisions on some changes of an import: of the owners that they are
// about it has the records as they are, of others as they will be.
type importHistory struct {
	domain.History
	present *presentRecords
	after   map[domain.Tag][]domain.Recorded
	// own are the tags of the owners that the changes are about.
	own map[domain.Tag]bool
}

// Load implements [domain.History]. What is said of records is not read from the log: the zone's
// content is, and nothing else changes it once the import has begun.
func (h *importHistory) Load(folds ...domain.Fold) error {
	var others []domain.Fold
	for _, f := range folds {
		tag := f.Item().Tag
		if !ofRecords(tag) {
			others = append(others, f)
			continue
		}
		events, changed := h.after[tag]
		if !changed || h.own[tag] {
			events = h.present.events[tag]
		}
		for _, r := range events {
			f.Apply(r)
		}
	}
	if len(others) == 0 && len(folds) > 0 {
		return nil
	}
	return h.History.Load(others...)
}

// ofRecords says whether a tag is that of a name in a zone, or of a record.
func ofRecords(tag domain.Tag) bool {
	kind, _, _ := strings.Cut(strings.Replace(string(tag), "#", ":", 1), ":")
	return kind == "node" || kind == "record"
}

// later is a position after all that the zone has, and before those of a decision's own events.
const later domain.Position = 1 << 61

// aliases returns, by the tag of the name, the records that the apex, and the names of aliases, will
// have: rules between names are about these.
func (s *Staging) aliases() (map[domain.Tag][]domain.Recorded, error) {
	after := map[domain.Tag][]domain.Recorded{}
	for i, ch := range s.changes {
		if i > 0 && s.changes[i-1].owner == ch.owner {
			continue
		}
		all := s.changesAt(ch.owner)
		if ch.owner != dns.Apex && !slices.ContainsFunc(all, change.ofAlias) {
			continue
		}
		tag := dns.TagNode(s.present.zone, ch.host())
		events, err := s.afterAt(tag, all)
		if err != nil {
			return nil, err
		}
		after[tag] = events
	}
	return after, nil
}

func (ch change) ofAlias() bool {
	return ch.present != nil && isAlias(ch.present.Type) || ch.record != nil && isAlias(dns.TypeName(ch.record.Type))
}

// changesAt are the changes of an owner.
func (s *Staging) changesAt(owner string) []change {
	from := sort.Search(len(s.changes), func(i int) bool { return s.changes[i].owner >= owner })
	to := from + sort.Search(len(s.changes)-from, func(i int) bool { return s.changes[from+i].owner > owner })
	return s.changes[from:to]
}

// afterAt are the records of a name as its changes leave them.
func (s *Staging) afterAt(tag domain.Tag, changes []change) ([]domain.Recorded, error) {
	gone := map[int64]bool{}
	var events []domain.Recorded
	for i, ch := range changes {
		switch {
		case ch.record == nil:
			gone[ch.present.ID] = true
		case ch.present == nil:
			data, err := s.comparison.data(ch.record)
			if err != nil {
				return nil, refusedAt(ch.line(), err)
			}
			data.ViewID = s.comparison.to.ViewID
			e := dns.RecordAdded{ID: -1 - int64(i), ZoneID: s.present.zone, Record: data}
			events = append(events, domain.Recorded{Position: later, Event: e})
		}
	}
	for _, r := range s.present.events[tag] {
		if !gone[r.Event.(dns.RecordAdded).ID] {
			events = append(events, r)
		}
	}
	return events, nil
}
