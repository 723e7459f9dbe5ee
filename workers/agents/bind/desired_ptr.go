package bind

import (
	"maps"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// The PTRs of forward zones, see [dns.PTRSettings], stand among the records of the reverse zone's
// copy, so that they are served, compared and counted as the others are.
//
// Invariants of a copy, between two events:
//  1. Its claims are the address records, in the same view, of the zones whose PTRs it keeps, as
//     far as their addresses are its own: by owner, each as the PTR that it would have.
//  2. An owner with claims and without a PTR and a CNAME of the log has the PTR of the oldest
//     claim, and no other owner has a PTR that is kept.

// keepers are the zones of a view that have the PTRs of a zone, of those with the reverse names of an
// address: few, however many name the zone.
func (s *desiredState) keepers(view int64, zone string, reverse []string) (keepers []*logZone) {
	for _, name := range reverse {
		z := s.inView[zoneKey{view: view, zone: absoluteZone(name)}]
		if z == nil || z.want == nil {
			continue
		}
		if k := s.keeping[z.want.zoneID]; k != nil && slices.Contains(k.settings.KeptFrom(), dns.FoldName(zone)) {
			keepers = append(keepers, k)
		}
	}
	return keepers
}

// keepsAny says whether any reverse zone has the PTRs of a zone.
func (s *desiredState) keepsAny(zone string) bool {
	name := dns.FoldName(zone)
	for _, k := range s.keeping {
		if slices.Contains(k.settings.KeptFrom(), name) {
			return true
		}
	}
	return false
}

// noteKeeping notes whether a zone has PTRs of others.
func (s *desiredState) noteKeeping(id int64, zone *logZone) {
	if zone == nil || zone.settings.PTR == nil {
		delete(s.keeping, id)
	} else {
		s.keeping[id] = zone
	}
}

// touchKeepers notes that an event changed the reverse zones that it concerns.
func (s *desiredState) touchKeepers(event domain.Event, p domain.Position) {
	if len(s.keeping) == 0 {
		return
	}
	for _, change := range dns.AddressChanges(event, s.nameOf) {
		concerned := maps.Values(s.keeping)
		if !change.Any {
			concerned = slices.Values(s.keepers(change.View, change.Zone, change.Reverse))
		}
		for k := range concerned {
			if k.copies[change.View] != nil && change.Concerns(k.data.Name, k.settings) {
				s.touch(k, change.View, p)
			}
		}
	}
}

func (s *desiredState) nameOf(zone int64) string {
	if z := s.zones[zone]; z != nil {
		return z.data.Name
	}
	return ""
}

// keepAnew has a reverse zone's copy have the PTRs that it is to have, whatever it has.
func (s *desiredState) keepAnew(k *logZone, view int64, p domain.Position) {
	c := k.copies[view]
	owners := map[string]bool{}
	for owner := range c.claims {
		owners[owner] = true
	}
	c.claims = nil
	if k.settings.PTR != nil && !c.forwards() {
		c.claims = map[string]claims{}
	}
	for _, name := range k.settings.KeptFrom() {
		if from := s.inView[zoneKey{view: view, zone: absoluteZone(name)}]; from != nil && from.want != nil {
			for key, records := range from.want.sets {
				for _, r := range records {
					k.claim(name, r.id, addressOf(view, key, r), true, owners)
				}
			}
		}
	}
	s.settlePTRs(k, view, owners, p)
}

// keepFrom has the reverse zones of a view have the PTRs of RRsets of a zone, or lose them.
func (s *desiredState) keepFrom(view int64, name string, sets map[setKey][]logRecord, have bool, p domain.Position) {
	if !s.keepsAny(name) {
		return
	}
	owners := keptOwners{}
	for key, records := range sets {
		for _, r := range records {
			s.claim(name, r.id, addressOf(view, key, r), have, owners)
		}
	}
	s.settleAll(view, owners, p)
}

// follow lets PTRs follow the records of a zone in a view, of which some went and some came.
func (s *desiredState) follow(z *zoneInView, c *viewCopy, gone, come []heldRecord, p domain.Position) {
	if len(s.keeping) == 0 {
		return
	}
	zone, view := s.zones[c.zoneID], z.key.view
	own := map[string]bool{}
	for _, records := range [][]heldRecord{gone, come} {
		for _, r := range records {
			if r.key.rrtype == mdns.TypePTR || r.key.rrtype == mdns.TypeCNAME {
				own[r.key.owner] = true
			}
		}
	}
	s.settlePTRs(zone, view, own, p)
	if len(gone)+len(come) > len(s.keeping) && !s.keepsAny(zone.data.Name) { // which then costs less
		return
	}
	owners := keptOwners{}
	for _, r := range gone {
		s.claim(zone.data.Name, r.record.id, addressOf(view, r.key, r.record), false, owners)
	}
	for _, r := range come {
		s.claim(zone.data.Name, r.record.id, addressOf(view, r.key, r.record), true, owners)
	}
	s.settleAll(view, owners, p)
}

// addressOf is a record as one that may have an address.
func addressOf(view int64, key setKey, r logRecord) (d dns.RecordData) {
	if key.rrtype == mdns.TypeA || key.rrtype == mdns.TypeAAAA {
		d = dns.RecordData{ViewID: view, Host: key.owner, Type: dns.TypeName(key.rrtype), TTL: r.ttl, Value: r.value}
	}
	return d
}

// keptOwners are the owners, of reverse zones, whose claims have changed.
type keptOwners map[*logZone]map[string]bool

// claim adds the claims of a zone's record to the reverse zones' copies, or takes them away.
func (s *desiredState) claim(zone string, id int64, d dns.RecordData, have bool, owners keptOwners) {
	for _, k := range s.keepers(d.ViewID, zone, dns.ReverseNames(d)) {
		if owners[k] == nil {
			owners[k] = map[string]bool{}
		}
		k.claim(zone, id, d, have, owners[k])
	}
}

// claim adds the claim of a zone's record to a reverse zone's copy, or takes it away, and notes its owner.
func (z *logZone) claim(zone string, id int64, d dns.RecordData, have bool, owners map[string]bool) {
	c := z.copies[d.ViewID]
	if c == nil || c.claims == nil {
		return
	}
	at, ptr, is := zonedata.Kept(z.data.Name, zone, id, d)
	if !is {
		return
	}
	of := c.claims[at.Owner]
	if have {
		of.add(logRecord{id: id, ttl: ptr.TTL, rdata: ptr.Data, kept: true})
	} else {
		of.remove(id)
	}
	if c.claims[at.Owner] = of; len(of.all) == 0 {
		delete(c.claims, at.Owner)
	}
	owners[at.Owner] = true
}

func (s *desiredState) settleAll(view int64, owners keptOwners, p domain.Position) {
	for k, of := range owners {
		s.settlePTRs(k, view, of, p)
	}
}

// settlePTRs gives owners of a reverse zone the PTRs that they are to have.
func (s *desiredState) settlePTRs(k *logZone, view int64, owners map[string]bool, p domain.Position) {
	c, z := k.copies[view], s.inView[zoneKey{view: view, zone: absoluteZone(k.data.Name)}]
	if z == nil {
		return
	}
	for owner := range owners {
		key := setKey{owner: owner, rrtype: mdns.TypePTR}
		wanted := slices.DeleteFunc(slices.Clone(c.sets[key]), func(r logRecord) bool { return r.kept })
		if len(wanted) == 0 && len(c.sets[setKey{owner, mdns.TypeCNAME}]) == 0 {
			if of, some := c.claims[owner]; some {
				oldest, _ := of.oldest()
				wanted, c.claims[owner] = []logRecord{oldest}, of
			}
		}
		if !slices.Equal(wanted, c.sets[key]) {
			s.replaceSet(locatedRecord{zone: z, copy: c, key: key}, wanted, p)
		}
	}
}

// withoutKept returns records without the PTRs that are kept.
func withoutKept(sets map[setKey][]logRecord) map[setKey][]logRecord {
	maps.DeleteFunc(sets, func(key setKey, records []logRecord) bool { return key.rrtype == mdns.TypePTR && records[0].kept })
	return sets
}
