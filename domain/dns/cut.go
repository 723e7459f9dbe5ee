package dns

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Cut is a name below which a zone answers nothing of its own in a view, since the name is
// delegated, or has a DNAME.
type Cut struct {
	ZoneID, ViewID int64
	Host, Type     string
}

// NewCuts returns the cuts that events make, without those that were there before them as
// far as the events tell, and the ids of the records that the events are about. What an
// external zone has is its provider's to say.
func NewCuts(events []domain.Event) (cuts []Cut, touched map[int64]bool) {
	touched = map[int64]bool{}
	add := func(c Cut, is bool) {
		if is && !slices.ContainsFunc(cuts, c.same) {
			cuts = append(cuts, c)
		}
	}
	for _, event := range events {
		switch e := event.(type) {
		case RecordAdded:
			touched[e.ID] = true
			add(cutOf(e.ZoneID, e.Record))
		case RecordUpdated:
			touched[e.ID] = true
			before, was := cutOf(e.ZoneID, e.Before)
			after, is := cutOf(e.ZoneID, e.After)
			add(after, is && !(was && after.same(before)))
		case RecordDeleted:
			touched[e.ID] = true
		}
	}
	return cuts, touched
}

// cutOf is the cut that a record makes, if it makes one.
func cutOf(zone int64, r RecordData) (c Cut, is bool) {
	is = r.ViewID != 0 && (r.Type == "DNAME" || r.Type == "NS" && r.Host != Apex)
	return Cut{ZoneID: zone, ViewID: r.ViewID, Host: r.Host, Type: r.Type}, is
}

// same says whether both are at one name, however it is spelled.
func (c Cut) same(other Cut) bool {
	place := Place(c.Host)
	c.Host, other.Host = "", Place(other.Host)
	return place == other.Host && c == Cut{ZoneID: other.ZoneID, ViewID: other.ViewID, Type: other.Type}
}

// Below is what the [Place] of each name below the cut begins with.
func (c Cut) Below() string {
	if c.Host == Apex {
		return ""
	}
	return Place(c.Host) + betweenLabels
}

// Hides says whether the cut hides a record that is not at its own name: one below it that is
// no address of one of its name servers, which stand among the others.
func (c Cut) Hides(zone string, others []RecordData, r RecordData) bool {
	if r.ViewID != c.ViewID || r.Host == Apex || !strings.HasPrefix(Place(r.Host), c.Below()) {
		return false
	}
	return c.Type != "NS" || r.Type != "A" && r.Type != "AAAA" || !slices.ContainsFunc(others, func(ns RecordData) bool {
		if ns.Type != "NS" || ns.ViewID != c.ViewID || Place(ns.Host) != Place(c.Host) {
			return false
		}
		var memo rdataMemo
		host, inside := hostIn(zone, memo.of(zone, ns).target)
		return inside && Place(host) == Place(r.Host)
	})
}
