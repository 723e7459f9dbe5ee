package zoneimport

import (
	"slices"
	"sort"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// presentRecords are records of the zone that decisions on an import read, as the events by which they
// came to be.
type presentRecords struct {
	zone int64
	// events are those of records by the tags of their name and of themselves.
	events map[domain.Tag][]domain.Recorded
}

func newPresentRecords(zone int64) *presentRecords {
	return &presentRecords{zone: zone, events: map[domain.Tag][]domain.Recorded{}}
}

func (p *presentRecords) take(r Present) {
	e := recordedAs(p.zone, r)
	for _, tag := range []domain.Tag{dns.TagNode(p.zone, r.Host), dns.TagRecord(r.ID)} {
		p.events[tag] = append(p.events[tag], e)
	}
}

// recordedAs is the event by which a record came to be as it is.
func recordedAs(zone int64, r Present) domain.Recorded {
	return domain.Recorded{Position: r.Changed, Event: dns.RecordAdded{ID: r.ID, ZoneID: zone, Record: r.RecordData}}
}

func isAlias(rrtype string) bool { return rrtype == "CNAME" || rrtype == "DNAME" }

// importHistory is the log for decisions on some changes of an import: of the owners that they are
// about it has the records as they are, of others as they will be.
type importHistory struct {
	domain.History
	staging *Staging
	// own are at the owners that the changes are about.
	own *presentRecords
	// after has the place of the first change of an owner among the staging's, by the tag of its name.
	after map[domain.Tag]int32
	// first and last are of the owners that the changes are about, which follow each other.
	first, last string
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
	if place, changed := h.after[tag]; changed {
		rest := h.staging.changes[place:]
		if owner := h.staging.comparison.ownerOf(rest[0]); owner < h.first || owner > h.last {
			return h.staging.afterAt(owner, rest[:h.staging.lengthOfOwner(rest)])
		}
	}
	if events, own := h.own.events[tag]; own {
		return events
	}
	return h.staging.others.events[tag]
}

// ofRecords says whether a tag is that of a name in a zone, or of a record.
func ofRecords(tag domain.Tag) bool {
	kind, _, _ := strings.Cut(string(tag), ":")
	return kind == "node" || kind == "record" || strings.HasPrefix(kind, "node#")
}

// later is a position after all that the zone has, and before those of a decision's own events.
const later domain.Position = 1 << 61

// aliases returns the places of the first changes of the apex and of the names of aliases, by the tags
// of the names: rules between names are about the records that these will have. The records are made
// when a decision asks for them, since a file may be aliases from one end to the other.
func (s *Staging) aliases() map[domain.Tag]int32 {
	after := map[domain.Tag]int32{}
	for place := 0; place < len(s.changes); {
		all := s.changes[place:][:s.lengthOfOwner(s.changes[place:])]
		if s.comparison.ownerOf(all[0]) == dns.Apex || slices.ContainsFunc(all, s.comparison.ofAlias) {
			after[dns.TagNode(s.comparison.to.ZoneID, s.comparison.hostOf(all[0]))] = int32(place)
		}
		place += len(all)
	}
	return after
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

// changesAt are the changes of an owner.
func (s *Staging) changesAt(owner string) []change {
	at := sort.Search(len(s.changes), func(i int) bool { return s.comparison.ownerOf(s.changes[i]) >= owner })
	if at == len(s.changes) || s.comparison.ownerOf(s.changes[at]) != owner {
		return nil
	}
	return s.changes[at:][:s.lengthOfOwner(s.changes[at:])]
}

// staying are the records that stay as they are at owners from first to last.
func (s *Staging) staying(first, last string) []owned {
	from := sort.Search(len(s.stay), func(i int) bool { return s.stay[i].owner >= first })
	to := sort.Search(len(s.stay), func(i int) bool { return s.stay[i].owner > last })
	return s.stay[from:max(from, to)]
}

// presentAt are the records at the owners of changes, from the first to the last.
func (s *Staging) presentAt(changes []change, first, last string) *presentRecords {
	p := newPresentRecords(s.comparison.to.ZoneID)
	for _, ch := range changes {
		if ch.present != none {
			p.take(s.comparison.present[ch.present].Present)
		}
	}
	for _, r := range s.staying(first, last) {
		p.take(r.Present)
	}
	return p
}

// afterAt are the records of an owner as its changes leave them, but for those that have no value: the
// decision on the owner refuses these.
func (s *Staging) afterAt(owner string, changes []change) []domain.Recorded {
	var events []domain.Recorded
	for i, ch := range changes {
		switch {
		case ch.record == none:
		case ch.present != none: // whose TTL alone changes
			events = append(events, recordedAs(s.comparison.to.ZoneID, s.comparison.present[ch.present].Present))
		default:
			data, err := s.comparison.data(ch)
			if err != nil {
				continue
			}
			data.ViewID = s.comparison.to.ViewID
			events = append(events, recordedAs(s.comparison.to.ZoneID, Present{ID: -1 - int64(i), Changed: later, RecordData: data}))
		}
	}
	for _, r := range s.staying(owner, owner) {
		events = append(events, recordedAs(s.comparison.to.ZoneID, r.Present))
	}
	return events
}
