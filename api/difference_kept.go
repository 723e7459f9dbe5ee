package api

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// keptIn names a reverse zone in a view.
type keptIn struct{ zone, view int64 }

// maxKept is how many records that give a reverse zone in a view PTRs are compared, where all may
// differ.
const maxKept = maxDiff + 1

// keptDiff are PTRs that may differ, all of them unless there are more.
type keptDiff struct {
	zonedata.KeptDiff
	more bool
}

// keeper is a reverse zone in a view, before and after the events.
type keeper struct {
	part          zonedata.Part
	before, after dns.ZoneSettings
	// sources are the zones, in the same view, whose PTRs it has or had, by id.
	sources map[int64]*source
}

// source is a part of a zone whose PTRs reverse zones have or had, and what its events leave.
type source struct {
	zonedata.Part
	made zonedata.Overlay
}

// withKeepers adds to the parts those of reverse zones that may have other PTRs, and finds which.
func (d *difference) withKeepers(parts []zonedata.Part) ([]zonedata.Part, error) {
	settings, err := d.keepers(parts)
	if err != nil {
		return nil, err
	}
	d.kept = map[keptIn]keptDiff{}
	sources := make([]*source, len(parts))
	for i, p := range parts {
		sources[i] = &source{p, zonedata.NewOverlay(p.View, p.Events)}
	}
	for id, s := range settings {
		own, err := d.partsOf(id, parts)
		if err != nil {
			return nil, err
		}
		for _, p := range own {
			k := keeper{part: p, before: s, after: p.Settings(s), sources: map[int64]*source{}}
			for _, source := range sources {
				if source.View == p.View && (k.names(source.Before, k.before) || k.names(source.After, k.after)) {
					k.sources[source.ZoneID] = source
				}
			}
			if d.kept[keptIn{id, p.View}], err = d.compareKept(k); err != nil {
				return nil, err
			}
			if !d.outline.Has(id) {
				parts = append(parts, p)
			}
		}
	}
	return parts, nil
}

func (k keeper) names(z *dns.ZoneData, s dns.ZoneSettings) bool {
	return z != nil && slices.Contains(s.KeptFrom(), dns.FoldName(z.Name))
}

// keepers are the settings, before the events, of the reverse zones that may have other PTRs after
// them.
func (d *difference) keepers(parts []zonedata.Part) (map[int64]dns.ZoneSettings, error) {
	names := []string{}
	settings := map[int64]dns.ZoneSettings{}
	var changes []dns.AddressChange
	for _, p := range parts {
		for _, z := range []*dns.ZoneData{p.Before, p.After} {
			if z != nil {
				names = append(names, dns.FoldName(z.Name))
			}
		}
		changes = append(changes, addressChanges(p)...)
		if len(p.Settings(dns.ZoneSettings{}).KeptFrom()) > 0 {
			settings[p.ZoneID] = dns.ZoneSettings{}
		}
	}
	found, err := d.DNS.Keepers(d.ctx(), names, dns.Reversed(changes))
	if err != nil {
		return nil, fmt.Errorf("read reverse zones: %w", err)
	}
	for _, k := range found {
		settings[k.ID] = k.Settings
	}
	for _, p := range parts { // of which others may stand in the place, or do so no more
		if _, reverse := dns.ReversePrefix(nameOf(p)); reverse || settings[p.ZoneID].PTR != nil {
			own, err := d.DNS.ZoneSettings(d.ctx(), p.ZoneID)
			if err != nil {
				return nil, err
			}
			if own.PTR != nil {
				settings[p.ZoneID] = own.ZoneSettings
			}
		}
	}
	return settings, nil
}

// addressChanges are those of a part: of any address, unless single records alone become others.
func addressChanges(p zonedata.Part) (all []dns.AddressChange) {
	any := []dns.AddressChange{{Any: true}}
	if p.Lost || p.Restored != nil || p.Before == nil || p.After == nil || dns.ServedOtherwise(*p.Before, *p.After) {
		return any
	}
	for _, event := range p.Events {
		if _, staged := event.(dns.RecordsStaged); staged {
			return any
		}
		all = append(all, dns.AddressChanges(event, func(int64) string { return "" })...)
	}
	return all
}

func nameOf(p zonedata.Part) string {
	if p.After != nil {
		return p.After.Name
	}
	return p.Before.Name
}

// partsOf are those of a reverse zone that the caller may ACCESS.
func (d *difference) partsOf(id int64, parts []zonedata.Part) (own []zonedata.Part, err error) {
	if d.outline.Has(id) {
		for _, p := range parts {
			if p.ZoneID == id {
				own = append(own, p)
			}
		}
		return own, nil
	}
	zones, _, err := d.DNS.Zones(d.ctx(), d.request.Viewer(), dnsmodel.ZoneFilter{ID: &id, Type: dns.ZoneMaster}, query.One())
	for _, z := range zones {
		for _, view := range z.ViewIDs {
			own = append(own, zonedata.Part{ZoneID: id, View: view, Before: &z.ZoneData, After: &z.ZoneData})
		}
	}
	return own, err
}

// compareKept finds the PTRs that a reverse zone may have, before and after the events, at all names
// at which they may differ.
func (d *difference) compareKept(k keeper) (diff keptDiff, err error) {
	addresses, more, err := d.addresses(k)
	if err != nil || len(addresses) == 0 && len(k.sources) == 0 {
		return diff, err
	}
	before, after := claims{k: k.part.Before, from: k.before}, claims{k: k.part.After, from: k.after}
	for _, a := range addresses {
		before.add(a.ZoneName, a.ID, a.RecordData)
		if name, stays := k.afterwards(a); stays {
			after.add(name, a.ID, a.RecordData)
		}
	}
	for _, source := range k.sources {
		if source.After == nil {
			continue
		}
		for id, data := range source.made {
			if data != nil {
				after.add(source.After.Name, id, *data)
			}
		}
		if source.Restored == nil {
			continue
		}
		records, _, err := d.restored(source.Part)
		if err != nil {
			return diff, err
		}
		for _, r := range records {
			if _, over := source.made[r.ID]; !over {
				after.add(source.After.Name, r.ID, r.RecordData)
			}
		}
	}
	return keptDiff{zonedata.KeptDiff{Before: before.sets(), After: after.sets()}, more}, nil
}

// addresses are the records of before the events that decide which PTRs a reverse zone has: all,
// where the zone itself or its settings change, else those with the addresses that the events concern. More
// says that there are more.
func (d *difference) addresses(k keeper) (all []dnsmodel.Address, more bool, err error) {
	names := slices.Concat(k.before.KeptFrom(), k.after.KeptFrom())
	var rewritten []string
	var over []int64
	owners := map[string]bool{}
	for _, source := range k.sources {
		over = slices.AppendSeq(over, maps.Keys(source.made))
		if source.Before != nil {
			names = append(names, dns.FoldName(source.Before.Name))
			if !source.Edits() {
				rewritten = append(rewritten, dns.FoldName(source.Before.Name))
			}
		}
	}
	if !k.part.Edits() || !slices.Equal(k.before.KeptFrom(), k.after.KeptFrom()) {
		for _, z := range []*dns.ZoneData{k.part.Before, k.part.After} {
			if z == nil || len(all) > 0 && z.Name == k.part.Before.Name {
				continue
			}
			some, beyond, err := d.DNS.Addresses(d.ctx(), k.part.View, names, z.Name, nil, over, maxKept)
			if err != nil {
				return nil, false, err
			}
			all, more = append(all, some...), more || beyond
		}
		return all, more, nil
	}
	reverse := dns.FoldName(k.part.Before.Name)
	note := func(r dns.RecordData) {
		if key, _, is := zonedata.Kept(reverse, reverse, 0, r); is {
			owners[key.Owner] = true
		}
	}
	if len(rewritten) > 0 {
		some, beyond, err := d.DNS.Addresses(d.ctx(), k.part.View, rewritten, reverse, nil, nil, maxKept)
		if err != nil {
			return nil, false, err
		}
		more = beyond
		for _, a := range some {
			note(a.RecordData)
		}
	}
	for _, source := range k.sources {
		for _, r := range zonedata.States(source.Events) {
			note(r)
		}
	}
	for _, host := range zonedata.Hosts(k.part.Events) {
		owners[dns.FoldName(host)] = true
	}
	if len(owners) == 0 {
		return nil, more, nil
	}
	most := 2 * len(owners) * len(names) // that there can be
	all, _, err = d.DNS.Addresses(d.ctx(), k.part.View, names, reverse, slices.Collect(maps.Keys(owners)), over, most)
	return all, more, err
}

// afterwards is the name that the zone of a record has after the events, if they leave the record as it is.
func (k keeper) afterwards(a dnsmodel.Address) (name string, stays bool) {
	source := k.sources[a.ZoneID]
	if source == nil {
		return a.ZoneName, true
	}
	if _, over := source.made[a.ID]; over || source.After == nil || source.Lost {
		return "", false
	}
	return source.After.Name, true
}

// claims are the records that may give a reverse zone its PTRs.
type claims struct {
	k      *dns.ZoneData
	from   dns.ZoneSettings
	oldest map[string]zonedata.Record
}

func (c *claims) add(zone string, id int64, d dns.RecordData) {
	if c.k == nil || !slices.Contains(c.from.KeptFrom(), dns.FoldName(zone)) {
		return
	}
	key, ptr, is := zonedata.Kept(dns.FoldName(c.k.Name), zone, id, d)
	if other, has := c.oldest[key.Owner]; !is || has && other.ID < id {
		return
	}
	if c.oldest == nil {
		c.oldest = map[string]zonedata.Record{}
	}
	c.oldest[key.Owner] = ptr
}

func (c *claims) sets() map[string]*zonedata.RRset {
	sets := make(map[string]*zonedata.RRset, len(c.oldest))
	for owner, ptr := range c.oldest {
		sets[owner] = zonedata.Assemble([]zonedata.Record{ptr})
	}
	return sets
}

// withKept adds to the lines of a zone that is compared as a whole those of the PTRs that it has of other
// zones.
func (d *difference) withKept(p zonedata.Part, r rewritten, removed, added []string) ([]string, []string, error) {
	kept := d.kept[keptIn{p.ZoneID, p.View}]
	var goes, comes []string
	if p.Before != nil && len(kept.Before) > 0 {
		own := d.own(p, p.Before.Name)
		var err error
		if goes, err = zonedata.KeptLines(zonedata.Absolute(p.Before.Name), own.lookup, kept.Before); err != nil || own.err != nil {
			return nil, nil, cmp.Or(own.err, err)
		}
	}
	if r.served && len(kept.After) > 0 {
		var err error
		if comes, err = zonedata.KeptLines(r.zone.Name, r.own, kept.After); err != nil {
			return nil, nil, err
		}
	}
	gone, both := map[string]bool{}, map[string]bool{}
	for _, line := range goes {
		gone[line] = true
	}
	for _, line := range comes {
		both[line] = gone[line]
	}
	stays := func(line string) bool { return both[line] }
	return append(removed, slices.DeleteFunc(goes, stays)...), append(added, slices.DeleteFunc(comes, stays)...), nil
}
