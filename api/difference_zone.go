package api

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// compare adds what changes of a zone in a view.
func (d *difference) compare(p zonedata.Part) (err error) {
	diff := zoneDiff{ZoneID: shownID(p.ZoneID), View: d.views[p.View]}
	if p.Edits() {
		diff.Removed, diff.Added, err = d.edit(p)
	} else {
		diff.Removed, diff.Added, err = d.rewrite(p)
	}
	if errors.Is(err, query.ErrNotFound) {
		return nil // it went a moment ago
	}
	if err != nil {
		return fmt.Errorf("compare zone %d in view %d: %w", p.ZoneID, p.View, err)
	}
	more := d.kept[keptIn{p.ZoneID, p.View}].more
	if more || len(diff.Removed)+len(diff.Added) > 0 {
		d.room -= diff.cut(d.room)
		diff.More = diff.More || more
		d.all = append(d.all, diff)
	}
	return nil
}

// cut leaves so many lines, and returns how many there are then.
func (z *zoneDiff) cut(room int) int {
	removed := min(len(z.Removed), room)
	added := min(len(z.Added), room-removed)
	z.More = removed < len(z.Removed) || added < len(z.Added)
	z.Removed, z.Added = append([]string{}, z.Removed[:removed]...), append([]string{}, z.Added[:added]...)
	return removed + added
}

// zoneOf is a zone with what is generated from its own records.
func zoneOf(name string, s dns.ZoneSettings, fleet dns.Fleet, own zonedata.Lookup) zonedata.Zone {
	z := zonedata.Zone{Name: zonedata.Absolute(name), Settings: s, Fleet: fleet}
	z.Generated = zonedata.Generate(z.Name, fleet, s.TTL(), own)
	return z
}

// edit compares a zone whose records stay, but for those that events are about.
func (d *difference) edit(p zonedata.Part) (removed, added []string, err error) {
	_, settings, exists := d.now.Zone(p.ZoneID)
	if !exists {
		return nil, nil, query.ErrNotFound
	}
	own := d.own(p, p.Before.Name)
	before := zoneOf(p.Before.Name, settings, d.before, own.lookup)
	edit := zonedata.NewEdit(before, p.View, own.at)
	edit.Fleet(d.after)
	edit.Keep(d.kept[keptIn{p.ZoneID, p.View}].KeptDiff)
	for _, e := range p.Events {
		if err := edit.Apply(e); err != nil {
			return nil, nil, err
		}
	}
	removed, added, err = edit.Diff(func() (uint32, error) {
		return d.DNS.Serial(d.ctx(), p.ZoneID, p.View, before.FleetNames, before.FleetAddresses)
	})
	return removed, added, cmp.Or(own.err, err)
}

// rewrite compares a zone that begins or ends to be served in a view, has another name, or loses all
// records that it had there.
func (d *difference) rewrite(p zonedata.Part) (removed, added []string, err error) {
	after, err := d.rewritten(p)
	if err != nil {
		return nil, nil, err
	}
	if removed, added, err = d.rewriteTo(p, after); err != nil {
		return nil, nil, err
	}
	return d.withKept(p, after, removed, added)
}

func (d *difference) rewriteTo(p zonedata.Part, after rewritten) (removed, added []string, err error) {
	if p.Before == nil {
		added, err = after.lines(nil, d.room)
		return nil, added, err
	}
	before, records, err := d.present(p)
	if err != nil {
		return nil, nil, err
	}
	after.zone.Serial = before.Serial
	if added, err = after.lines(records, d.room); err != nil {
		return nil, nil, err
	}
	was := collected{room: d.room}
	if p.After != nil && dns.FoldName(p.Before.Name) == dns.FoldName(p.After.Name) {
		was.leaveOut(added)
	}
	err = was.end(zonedata.Overlay{}.Write(before, eachOf(records), was.add))
	return was.lines, slices.DeleteFunc(added, func(line string) bool { return was.seen[line] }), err
}

// present is a zone in a view as it is served before the events, with as many of its records as a
// difference has lines, and as events may remove.
func (d *difference) present(p zonedata.Part) (z zonedata.Zone, records []dnsmodel.Record, err error) {
	_, settings, exists := d.now.Zone(p.ZoneID)
	if !exists {
		return z, nil, query.ErrNotFound
	}
	own := d.own(p, p.Before.Name)
	z = zoneOf(p.Before.Name, settings, d.before, own.lookup)
	if own.err != nil {
		return z, nil, own.err
	}
	if z.Serial, err = d.DNS.Serial(d.ctx(), p.ZoneID, p.View, z.FleetNames, z.FleetAddresses); err != nil {
		return z, nil, err
	}
	records, err = d.DNS.FirstRecords(d.ctx(), p.ZoneID, p.View, 2*maxDiff)
	return z, records, err
}

// rewritten is a zone in a view as it is served after the events.
type rewritten struct {
	served bool
	zone   zonedata.Zone
	// keeps: the zone has the records that it had before the events, but for those in the overlay.
	keeps   bool
	overlay zonedata.Overlay
	// own are the records that it has.
	own zonedata.Lookup
	// back are records that the zone has again.
	back []dnsmodel.Record
}

func (d *difference) rewritten(p zonedata.Part) (r rewritten, err error) {
	if p.After == nil {
		return r, nil
	}
	own := d.own(p, p.After.Name)
	at := own.at
	if r.keeps = p.Before != nil && !p.Lost; !r.keeps {
		at = func(zonedata.Key) []zonedata.Record { return nil }
	}
	if p.Restored != nil {
		if r.back, at, err = d.restored(p); err != nil {
			return r, err
		}
	}
	r.served, r.overlay = true, zonedata.NewOverlay(p.View, p.Events)
	lookup, err := r.overlay.Lookup(dns.FoldName(p.After.Name), at)
	if err != nil {
		return r, err
	}
	_, settings, _ := d.now.Zone(p.ZoneID)
	r.own = lookup
	r.zone = zoneOf(p.After.Name, p.Settings(settings), d.after, lookup)
	return r, own.err
}

// restored are the records that a zone has again with a link, as many as a difference has lines and
// as events may remove.
func (d *difference) restored(p zonedata.Part) (records []dnsmodel.Record, at func(zonedata.Key) []zonedata.Record, err error) {
	last, err := d.Store.EndOfChange(d.ctx(), p.Restored.Until-1)
	if err != nil {
		return nil, nil, err
	}
	known := zonedata.Records{}
	err = d.DNS.Content(query.AsOf(d.ctx(), last), p.ZoneID, p.View, func(c *dnsmodel.Content) error {
		err := c.All(func(r dnsmodel.Record) error {
			key, data, err := zonedata.Locate(dns.FoldName(c.Name), r.RecordData)
			if err != nil {
				return err
			}
			known[key] = append(known[key], zonedata.Record{ID: r.ID, TTL: r.TTL, Data: data})
			if records = append(records, r); len(records) == 2*maxDiff {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	return records, func(key zonedata.Key) []zonedata.Record { return known[key] }, err
}

// lines are those of the zone's text, no more than one beyond the room. Records are those before the
// events.
func (r *rewritten) lines(records []dnsmodel.Record, room int) ([]string, error) {
	if !r.served {
		return nil, nil
	}
	if !r.keeps {
		records = r.back
	}
	to := collected{room: room}
	err := r.overlay.Write(r.zone, eachOf(records), to.add)
	return to.lines, to.end(err)
}

func eachOf(records []dnsmodel.Record) func(func(int64, dns.RecordData) error) error {
	return func(each func(int64, dns.RecordData) error) error {
		for _, r := range records {
			if err := each(r.ID, r.RecordData); err != nil {
				return err
			}
		}
		return nil
	}
}

// errEnough ends the writing of a zone of which there are enough lines.
var errEnough = errors.New("enough lines")

// collected are the lines of a zone's text, no more than one beyond the room.
type collected struct {
	room  int
	lines []string
	// seen has the lines that are left out, and says of each whether it came.
	seen map[string]bool
}

func (c *collected) leaveOut(lines []string) {
	c.seen = make(map[string]bool, len(lines))
	for _, line := range lines {
		c.seen[line] = false
	}
}

func (c *collected) add(line string) error {
	if _, out := c.seen[line]; out {
		c.seen[line] = true
		return nil
	}
	if c.lines = append(c.lines, line); len(c.lines) > c.room {
		return errEnough
	}
	return nil
}

func (c *collected) end(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
