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
	after   map[domain.Tag]afterwards
	// first and last are of the owners that the changes are about, which follow each other.
	first, last string
}

// afterwards are the records of an owner as they will be.
type afterwards struct {
	owner  string
	events []domain.Recorded
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
		for _, r := range h.eventsOf(tag) {
			f.Apply(r)
		}
	}
	if len(others) == 0 && len(folds) > 0 {
		return nil
	}
	return h.History.Load(others...)
}

func (h *importHistory) eventsOf(tag domain.Tag) []domain.Recorded {
	if after, changed := h.after[tag]; changed && (after.owner < h.first || after.owner > h.last) {
		return after.events
	}
	return h.present.events[tag]
}

// ofRecords says whether a tag is that of a name in a zone, or of a record.
func ofRecords(tag domain.Tag) bool {
	kind, _, _ := strings.Cut(string(tag), ":")
	return kind == "node" || kind == "record" || strings.HasPrefix(kind, "node#")
}

// later is a position after all that the zone has, and before those of a decision's own events.
const later domain.Position = 1 << 61

// aliases returns, by the tag of the name, the records that the apex, and the names of aliases, will
// have: rules between names are about these.
func (s *Staging) aliases() (map[domain.Tag]afterwards, error) {
	after := map[domain.Tag]afterwards{}
	for rest := s.changes; len(rest) > 0; {
		n, owner := s.lengthOfOwner(rest), s.comparison.ownerOf(rest[0])
		all := rest[:n]
		rest = rest[n:]
		if owner != dns.Apex && !slices.ContainsFunc(all, s.comparison.ofAlias) {
			continue
		}
		tag := dns.TagNode(s.present.zone, s.comparison.hostOf(all[0]))
		events, err := s.afterAt(tag, all)
		if err != nil {
			return nil, err
		}
		after[tag] = afterwards{owner, events}
	}
	return after, nil
}

func (c *Comparison) ofAlias(ch change) bool {
	return ch.present != none && isAlias(c.present[ch.present].Type) ||
		ch.record != none && isAlias(dns.TypeName(c.file.At(int(ch.record)).Type))
}

// lengthOfOwner is how many changes there are of the first one's owner.
func (s *Staging) lengthOfOwner(changes []change) int {
	owner, n := s.comparison.ownerOf(changes[0]), 1
	for n < len(changes) && s.comparison.ownerOf(changes[n]) == owner {
		n++
	}
	return n
}

// touches says whether there are changes of an owner.
func (s *Staging) touches(owner string) bool {
	at := sort.Search(len(s.changes), func(i int) bool { return s.comparison.ownerOf(s.changes[i]) >= owner })
	return at < len(s.changes) && s.comparison.ownerOf(s.changes[at]) == owner
}

// afterAt are the records of a name as its changes leave them.
func (s *Staging) afterAt(tag domain.Tag, changes []change) ([]domain.Recorded, error) {
	gone := map[int64]bool{}
	var events []domain.Recorded
	for i, ch := range changes {
		switch {
		case ch.record == none:
			gone[s.comparison.present[ch.present].ID] = true
		case ch.present == none:
			data, err := s.comparison.data(ch)
			if err != nil {
				return nil, refusedAt(s.comparison.lineOf(ch), err)
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
