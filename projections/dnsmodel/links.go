package dnsmodel

import (
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/table"
)

// linkKey names a zone in a view; view 0 stands for the provider of an external zone.
type linkKey struct{ zone, view int64 }

// linkRow is a row of zone_views.
type linkRow struct {
	linkKey
	// links are the numbers of the zone's open links to the view: the one that records are
	// added under, and one for each staged import that is done. A view that is linked again gets
	// new numbers, so that records of the old links stay dead.
	links []int64
	// changed is the position of the last event about the zone that changed what it serves
	// in the view. Name servers number zones by it, and by when the view was renamed, see
	// linkChanged: what counts as a change is said in package dns.
	changed domain.Position
	// written is the position of the last event that changed a record there, or the zone, served or
	// not.
	written domain.Position
	// records counts the records of the links.
	records int64
}

var links = table.Keeping(table.Table[linkRow]{Name: "zone_views", Key: "zone_id, view_id", Columns: func(l *linkRow) []table.Column {
	return []table.Column{
		table.Col("zone_id", table.Number, &l.zone),
		table.Col("view_id", table.Number, &l.view),
		table.Col("links", table.Numbers, &l.links),
		table.Col("changed", table.Number, &l.changed),
		table.Col("written", table.Number, &l.written),
		table.Col("records", table.Number, &l.records),
	}
}})

// sameLink says that what changes on the link is no other state of it: in the past a link says
// which numbers were open, and [contentChanges] when the content changed, and how many records
// there were.
func sameLink(was, is linkRow) bool { return slices.Equal(was.links, is.links) }

// putLink sets the link, and notes when the content changed there.
func (b *batch) putLink(link linkRow) {
	was, _ := b.links.Get(link.linkKey)
	b.noteContentChange(was, link)
	b.links.Put(link)
}

// linkChanged is when the zone of link l last got another serial in view v of its own accord. A
// view that is renamed, with however many zones, is one row.
const linkChanged = "greatest(l.changed, v.renamed)"

// link links the zone to a view, at the position of the zone's last event.
func (b *batch) link(zone *zoneRow, view int64) error {
	if _, err := b.views.Find(view); err != nil && view != 0 {
		return err
	}
	zone.links++
	b.putLink(linkRow{linkKey: linkKey{zone.ID, view}, links: []int64{zone.links}, changed: zone.Changed, written: zone.Changed})
	return nil
}

// relink brings the zone's links from one set of views to another, and returns how many
// records went with the links that are gone.
func (b *batch) relink(zone *zoneRow, from, to []int64) (gone int64, err error) {
	for _, view := range from {
		if slices.Contains(to, view) {
			continue
		}
		link, err := b.linkOf(zone.ID, view)
		if err != nil {
			return 0, err
		}
		b.links.Drop(link.linkKey)
		b.noteEnd(link, zone.links)
		if gone += link.records; link.records > 0 {
			end := b.ends(zone.ID)
			end.gone = append(end.gone, link.links...)
		}
	}
	for _, view := range to {
		if !slices.Contains(from, view) {
			if err := b.link(zone, view); err != nil {
				return 0, err
			}
		}
	}
	b.state.records -= gone
	return gone, nil
}

// touchLinks marks the zone's content as changed in all its views.
func (b *batch) touchLinks(zone zoneRow, at domain.Position) {
	for _, view := range dns.LinkedViews(zone.ZoneData) {
		if link, exists := b.links.Get(linkKey{zone.ID, view}); exists {
			link.changed, link.written = at, at
			b.putLink(link)
		}
	}
}

func (b *batch) linkOf(zone, view int64) (linkRow, error) {
	link, exists := b.links.Get(linkKey{zone, view})
	if !exists {
		return link, fmt.Errorf("zone %d is not linked to view %d", zone, view)
	}
	return link, nil
}
