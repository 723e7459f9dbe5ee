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

// keepers are the reverse zones, of those in a view, that have the PTRs of a zone.
func (s *desiredState) keepers(view int64, zone string) (keepers []*logZone) {
	name := dns.FoldName(zone)
	for _, k := range s.keeping {
		if k.copies[view] != nil && slices.Contains(k.settings.KeptFrom(), name) {
			keepers = append(keepers, k)
		}
	}
	return keepers
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
		for _, k := range s.keeping {
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
			k.claimSets(view, name, from.want.sets, true, owners)
		}
	}
	s.settlePTRs(k, view, owners, p)
}

// keepFrom has the reverse zones of a view have the PTRs of RRsets of a zone, or lose them.
func (s *desiredState) keepFrom(view int64, name string, sets map[setKey][]logRecord, have bool, p domain.Position) {
	for _, k := range s.keepers(view, name) {
		owners := map[string]bool{}
		k.claimSets(view, name, sets, have, owners)
		s.settlePTRs(k, view, owners, p)
	}
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
	for _, k := range s.keepers(view, zone.data.Name) {
		owners := map[string]bool{}
		for _, r := range gone {
			k.claim(view, zone.data.Name, r.key, r.record, false, owners)
		}
		for _, r := range come {
			k.claim(view, zone.data.Name, r.key, r.record, true, owners)
		}
		s.settlePTRs(k, view, owners, p)
	}
}

// claimSets is claim for all records of RRsets.
func (z *logZone) claimSets(view int64, name string, sets map[setKey][]logRecord, have bool, owners map[string]bool) {
	for key, records := range sets {
		for _, r := range records {
			z.claim(view, name, key, r, have, owners)
		}
	}
}

// claim adds the claim of a record to a reverse zone's copy, or takes it away, and notes its owner.
func (z *logZone) claim(view int64, name string, key setKey, r logRecord, have bool, owners map[string]bool) {
	c := z.copies[view]
	if c.claims == nil || key.rrtype != mdns.TypeA && key.rrtype != mdns.TypeAAAA {
		return
	}
	address := dns.RecordData{ViewID: view, Host: key.owner, Type: dns.TypeName(key.rrtype), TTL: r.ttl, Value: r.value}
	at, ptr, is := zonedata.Kept(z.data.Name, name, r.id, address)
	if !is {
		return
	}
	of := c.claims[at.Owner]
	if have {
		of.add(logRecord{id: r.id, ttl: ptr.TTL, rdata: ptr.Data, kept: true})
	} else {
		of.remove(r.id)
	}
	if c.claims[at.Owner] = of; len(of.all) == 0 {
		delete(c.claims, at.Owner)
	}
	owners[at.Owner] = true
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
