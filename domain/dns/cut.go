package dns

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Cut is a name below which a zone answers nothing of its own in a view, since the name is
// delegated, or has a DNAME.
type Cut struct {
	ZoneID, ViewID int64
	Host, Type     string
}

// NewCuts returns the first cuts that events make, at most so many, without those that were there
// before them as far as the events tell, and the ids of the records that the events are about. What
// an external zone has is its provider's to say.
func NewCuts(events []domain.Event, most int) (cuts []Cut, touched map[int64]bool) {
	known, touched := cutsBefore(events)
	for _, event := range events {
		if len(cuts) == most {
			break
		}
		_, zone, _, after := AboutRecord(event)
		if after == nil {
			continue
		}
		if c, is := cutOf(zone, *after); is && !known[c.folded()] {
			known[c.folded()] = true
			cuts = append(cuts, c)
		}
	}
	return cuts, touched
}

// cutsBefore returns the cuts that records made before events changed or removed them, folded, and
// the ids of the records that the events are about.
func cutsBefore(events []domain.Event) (cuts map[Cut]bool, touched map[int64]bool) {
	cuts, touched = map[Cut]bool{}, map[int64]bool{}
	for _, event := range events {
		id, zone, before, after := AboutRecord(event)
		if before == nil && after == nil {
			continue
		}
		if before != nil && !touched[id] {
			if c, was := cutOf(zone, *before); was {
				cuts[c.folded()] = true
			}
		}
		touched[id] = true
	}
	return cuts, touched
}

// cutOf is the cut that a record makes, if it makes one.
func cutOf(zone int64, r RecordData) (c Cut, is bool) {
	is = r.ViewID != 0 && (r.Type == "DNAME" || r.Type == "NS" && r.Host != Apex)
	return Cut{ZoneID: zone, ViewID: r.ViewID, Host: r.Host, Type: r.Type}, is
}

// folded is the same for all cuts of a type at one name, however that is spelled.
func (c Cut) folded() Cut {
	c.Host = Place(c.Host)
	return c
}

// Below is what the [Place] of each name below the cut begins with.
func (c Cut) Below() string {
	if c.Host == Apex {
		return ""
	}
	return Place(c.Host) + betweenLabels
}

// Delegations are the cuts that NS records make, folded, each with the names in its zone that its
// name servers have, as [Place]s.
type Delegations map[Cut]map[string]bool

// Add takes a record of a zone, whose id and name are given.
func (d Delegations) Add(id int64, zone string, r RecordData) {
	c, is := cutOf(id, r)
	if !is || r.Type != "NS" {
		return
	}
	c = c.folded()
	if d[c] == nil {
		d[c] = map[string]bool{}
	}
	var memo rdataMemo
	if host, inside := hostIn(zone, memo.of(zone, r).target); inside {
		d[c][Place(host)] = true
	}
}

// Has says whether there is an NS record at the cut.
func (d Delegations) Has(c Cut) bool { return d[c.folded()] != nil }

// Hides says whether the cut hides a record that is not at its own name: one below it that is
// no address of one of its name servers, which are among the delegations.
func (c Cut) Hides(d Delegations, r RecordData) bool {
	place := Place(r.Host)
	if r.ViewID != c.ViewID || r.Host == Apex || !strings.HasPrefix(place, c.Below()) {
		return false
	}
	return c.Type != "NS" || r.Type != "A" && r.Type != "AAAA" || !d[c.folded()][place]
}
