package bind

import (
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

const (
	// maxMessage is how many octets an update message may have, with room for the
	// signature in the 64 KiB of a message.
	maxMessage = 65_300
	// maxUpdate is how many octets of records, as they are without compression, go into a
	// message in any case.
	maxUpdate = 62_000
)

// updates makes a message of each part, and returns the SOA that the zone has after the
// last one, with the target.
//
// named carries a message out in order, and all of it or nothing. Each message has the
// SOA that was read last as its prerequisite, so that a zone that somebody else changed
// meanwhile is not written to, but compared anew.
func updates(c content, parts [][]mdns.RR, held *mdns.SOA, target uint32) ([]*mdns.Msg, *mdns.SOA) {
	msgs, soa := detour(c.zone, held, target, len(parts)-1)
	for i, ops := range parts {
		serial := target
		if i < len(parts)-1 {
			serial = soa.Serial + 1
		}
		next := c.soa(serial)
		msgs, soa = append(msgs, update(c.zone, ops, soa, next)), next
	}
	return msgs, soa
}

// detour makes the messages, mostly none, after which the target is later by RFC 1982 than the
// zone's serial and so many after it. named takes no serial that is not later than the one
// that it has: it is led around all serials, as far with each step as it goes (RFC 1982, 7).
// Nothing but the serial changes. It returns the SOA that the zone has then.
func detour(zone string, held *mdns.SOA, target uint32, more int) ([]*mdns.Msg, *mdns.SOA) {
	var msgs []*mdns.Msg
	for !dns.SerialLater(target, held.Serial+uint32(more)) {
		next := *held
		if next.Serial += dns.SerialReach; next.Serial == 0 {
			next.Serial--
		}
		msgs, held = append(msgs, update(zone, nil, held, &next)), &next
	}
	return msgs, held
}

// update makes one message, which leads from one SOA to the next.
func update(zone string, ops []mdns.RR, held, next *mdns.SOA) *mdns.Msg {
	m := new(mdns.Msg)
	m.SetUpdate(zone)
	m.Compress = true
	require(m, held)
	m.Ns = append(append(make([]mdns.RR, 0, len(ops)+1), ops...), next)
	return m
}

// fits says whether a message can carry the operations.
func fits(c content, ops []mdns.RR) bool {
	return sizeOf(ops) <= maxUpdate || update(c.zone, ops, c.soa(0), c.soa(0)).Len() <= maxMessage
}

// sizeOf is how many octets the records have without compression.
func sizeOf(ops []mdns.RR) (total int) {
	for _, rr := range ops {
		total += mdns.Len(rr)
	}
	return total
}

// require makes the message conditional on the zone's SOA.
func require(m *mdns.Msg, soa *mdns.SOA) {
	rr := mdns.Copy(soa)
	rr.Header().Ttl = 0
	m.Used([]mdns.RR{rr})
}

// groupByName returns the operations grouped by owner name, in an order in which the
// groups may be carried out one after the other: first the apex with its name servers,
// since named refuses a state in which an apex NS has no address; then names that only
// get something, so that what leads to them finds them; and names that only lose
// something last.
func groupByName(c content, changes []change) ([][]mdns.RR, error) {
	atApex := namesOfApex(c.zone, changes)
	var first []change
	byName := [3][][]change{}
	for i := 0; i < len(changes); {
		n := i + 1
		for n < len(changes) && changes[n].key.owner == changes[i].key.owner {
			n++
		}
		name := changes[i:n:n]
		if i = n; atApex[name[0].key.owner] {
			first = append(first, name...)
			continue
		}
		rank := rankOf(name)
		byName[rank] = append(byName[rank], name)
	}
	groups := make([][]mdns.RR, 0, 1+len(changes))
	for _, name := range append([][]change{first}, slices.Concat(byName[0], byName[1], byName[2])...) {
		ops, err := operations(c.zone, name)
		if err != nil {
			return nil, err
		}
		if len(ops) > 0 {
			groups = append(groups, ops)
		}
	}
	return groups, nil
}

// namesOfApex are the apex and the names of its name servers inside the zone.
func namesOfApex(zone string, changes []change) map[string]bool {
	names := map[string]bool{"@": true}
	for _, ch := range changes {
		if ch.key != apexNS {
			continue
		}
		for _, target := range append(targetsOf(ch.held), targetsOf(ch.want)...) {
			if owner, inside := relative(target, zone); inside {
				names[owner] = true
			}
		}
	}
	return names
}

// rankOf is 0 for a name that only gets RRsets, 2 for one that only loses some, else 1.
func rankOf(name []change) int {
	gets, loses := true, true
	for _, ch := range name {
		gets, loses = gets && ch.held == nil, loses && ch.want == nil
	}
	switch {
	case gets:
		return 0
	case loses:
		return 2
	default:
		return 1
	}
}

// operations writes the changes of a name as RFC 2136 updates: removals, additions, and
// the removals of single apex NS. The removals come before the additions: named would
// silently ignore an address that is added beside an alias. Apex NS are the exception: new
// ones are added first and old ones then removed one by one, since named keeps the last
// apex NS whatever it is asked.
func operations(zone string, changes []change) ([]mdns.RR, error) {
	var removals, additions, last []mdns.RR
	for _, ch := range changes {
		owner := absolute(ch.key.owner, zone)
		switch {
		case ch.held == nil:
		case ch.key == apexNS:
			single, err := removalsOf(zone, ch)
			if err != nil {
				return nil, err
			}
			last = append(last, single...)
		default:
			removals = append(removals, &mdns.ANY{Hdr: mdns.RR_Header{Name: owner, Rrtype: ch.key.rrtype, Class: mdns.ClassANY}})
		}
		rrs, err := ch.want.records(zone, ch.key)
		if err != nil {
			return nil, err
		}
		additions = append(additions, rrs...)
	}
	return append(append(removals, additions...), last...), nil
}

// removalsOf lists the records that are held and not wanted, as removals of single
// records.
func removalsOf(zone string, ch change) ([]mdns.RR, error) {
	held, err := ch.held.records(zone, ch.key)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	if ch.want != nil {
		for _, data := range ch.want.rdata {
			wanted[data] = true
		}
	}
	var removals []mdns.RR
	for i, rr := range held {
		if !wanted[ch.held.rdata[i]] {
			rr.Header().Class, rr.Header().Ttl = mdns.ClassNONE, 0
			removals = append(removals, rr)
		}
	}
	return removals, nil
}

// packGroups distributes names to messages. It cuts a name only if that is too large for
// one message.
func packGroups(groups [][]mdns.RR) [][]mdns.RR {
	var packs [][]mdns.RR
	size := 0
	add := func(ops []mdns.RR) {
		n := sizeOf(ops)
		if len(packs) == 0 || size+n > maxUpdate {
			packs, size = append(packs, nil), 0
		}
		packs[len(packs)-1] = append(packs[len(packs)-1], ops...)
		size += n
	}
	for _, group := range groups {
		if sizeOf(group) <= maxUpdate {
			add(group)
			continue
		}
		for _, ops := range cutName(group) {
			add(ops)
		}
	}
	return packs
}

// cutName cuts a name's operations into those of each RRset, and an RRset only if that is
// too large for one message, and then for every answer as well. A CNAME goes first: named
// takes nothing beside it.
func cutName(group []mdns.RR) [][]mdns.RR {
	bySet := map[uint16][]mdns.RR{}
	var order []uint16
	for _, rr := range group {
		rrtype := rr.Header().Rrtype
		if bySet[rrtype] == nil {
			order = append(order, rrtype)
		}
		bySet[rrtype] = append(bySet[rrtype], rr)
	}
	if i := slices.Index(order, mdns.TypeCNAME); i > 0 {
		order = slices.Insert(slices.Delete(order, i, i+1), 0, mdns.TypeCNAME)
	}
	var parts [][]mdns.RR
	for _, rrtype := range order {
		ops := bySet[rrtype]
		if sizeOf(ops) <= maxUpdate {
			parts = append(parts, ops)
			continue
		}
		for _, rr := range ops {
			parts = append(parts, []mdns.RR{rr})
		}
	}
	return parts
}
