package bind

import (
	"cmp"
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
		c.claims = map[string][]logRecord{}
	}
	for _, name := range k.settings.KeptFrom() {
		if from := s.inView[zoneKey{view: view, zone: absoluteZone(name)}]; from != nil && from.want != nil {
			for key, records := range from.want.sets {
				k.claim(view, name, key, records, true, owners)
			}
		}
	}
	s.settlePTRs(k, view, owners, p)
}

// keepFrom has the reverse zones of a view have the PTRs of RRsets of a zone, or lose them.
func (s *desiredState) keepFrom(view int64, name string, sets map[setKey][]logRecord, have bool, p domain.Position) {
	for _, k := range s.keepers(view, name) {
		owners := map[string]bool{}
		for key, records := range sets {
			k.claim(view, name, key, records, have, owners)
		}
		s.settlePTRs(k, view, owners, p)
	}
}

// follow lets PTRs follow the records of an RRset, which were others before.
func (s *desiredState) follow(at locatedRecord, before, after []logRecord, p domain.Position) {
	if len(s.keeping) == 0 {
		return
	}
	zone, view := s.zones[at.copy.zoneID], at.zone.key.view
	switch at.key.rrtype {
	case mdns.TypePTR, mdns.TypeCNAME:
		s.settlePTRs(zone, view, map[string]bool{at.key.owner: true}, p)
	case mdns.TypeA, mdns.TypeAAAA:
		for _, k := range s.keepers(view, zone.data.Name) {
			owners := map[string]bool{}
			k.claim(view, zone.data.Name, at.key, before, false, owners)
			k.claim(view, zone.data.Name, at.key, after, true, owners)
			s.settlePTRs(k, view, owners, p)
		}
	}
}

// claim adds the claims of records to a reverse zone's copy, or takes them away, and notes their
// owners.
func (z *logZone) claim(view int64, name string, key setKey, records []logRecord, have bool, owners map[string]bool) {
	c := z.copies[view]
	if c.claims == nil || key.rrtype != mdns.TypeA && key.rrtype != mdns.TypeAAAA {
		return
	}
	for _, r := range records {
		address := dns.RecordData{ViewID: view, Host: key.owner, Type: dns.TypeName(key.rrtype), TTL: r.ttl, Value: r.value}
		at, ptr, is := zonedata.Kept(z.data.Name, name, r.id, address)
		if !is {
			continue
		}
		claims := slices.DeleteFunc(slices.Clone(c.claims[at.Owner]), func(other logRecord) bool { return other.id == r.id })
		if have {
			claims = append(claims, logRecord{id: r.id, ttl: ptr.TTL, rdata: ptr.Data, kept: true})
		}
		if c.claims[at.Owner] = claims; len(claims) == 0 {
			delete(c.claims, at.Owner)
		}
		owners[at.Owner] = true
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
		if claims := c.claims[owner]; len(wanted) == 0 && len(claims) > 0 && len(c.sets[setKey{owner, mdns.TypeCNAME}]) == 0 {
			wanted = []logRecord{slices.MinFunc(claims, func(a, b logRecord) int { return cmp.Compare(a.id, b.id) })}
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
