package bind

import (
	mdns "github.com/miekg/dns"
)

// maxUpdate is how many octets of records go into one update message, well
// below the 64 KiB of a message.
const maxUpdate = 48 << 10

// updates makes the messages that carry out the changes, and returns the SOA that
// the zone has after the last one.
//
// named carries a message out in order, and all of it or nothing. So at each name
// the removals come before the additions: named would silently ignore an address
// that is added beside an alias. Apex NS are the exception: new ones are added
// first and old ones then removed one by one, since named keeps the last apex NS
// whatever it is asked. Changes of the apex and its name servers travel in the
// first message: named refuses a state in which an apex NS has no address.
//
// Each message has the SOA that was read last as its prerequisite, so that a zone
// that somebody else changed meanwhile is not written to, but compared anew.
func updates(c content, changes []change, held *mdns.SOA, target uint32) ([]*mdns.Msg, *mdns.SOA, error) {
	groups, err := groupByName(c, changes)
	if err != nil {
		return nil, nil, err
	}
	packs := packGroups(groups)
	msgs := make([]*mdns.Msg, 0, len(packs))
	soa := held
	for i, ops := range packs {
		next := c.soa(serialFor(soa.Serial, target, len(packs)-1-i))
		m := new(mdns.Msg)
		m.SetUpdate(c.zone)
		m.Compress = true
		require(m, soa)
		m.Ns = append(append(m.Ns, ops...), next)
		msgs, soa = append(msgs, m), next
	}
	return msgs, soa, nil
}

// serialFor picks the serial of a message that so many more will follow. Each
// serial is above the one before, and the last message gets the target if that is
// above, too.
func serialFor(held, target uint32, more int) uint32 {
	if more == 0 && later(target, held) {
		return target
	}
	return held + 1
}

// require makes the message conditional on the zone's SOA.
func require(m *mdns.Msg, soa *mdns.SOA) {
	rr := mdns.Copy(soa)
	rr.Header().Ttl = 0
	m.Used([]mdns.RR{rr})
}

// groupByName returns the operations grouped by owner name. The first group has
// those of the apex and of its name servers.
func groupByName(c content, changes []change) ([][]mdns.RR, error) {
	atApex := map[string]bool{"@": true}
	for _, ch := range changes {
		if ch.key != apexNS {
			continue
		}
		for _, target := range append(targetsOf(ch.held), targetsOf(ch.want)...) {
			if owner, inside := relative(target, c.zone); inside {
				atApex[owner] = true
			}
		}
	}
	var first, rest []change
	for _, ch := range changes {
		if atApex[ch.key.owner] {
			first = append(first, ch)
		} else {
			rest = append(rest, ch)
		}
	}
	groups := make([][]mdns.RR, 0, 1+len(rest))
	ops, err := operations(c.zone, first)
	if err != nil {
		return nil, err
	}
	groups = append(groups, ops)
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && rest[n].key.owner == rest[0].key.owner {
			n++
		}
		if ops, err = operations(c.zone, rest[:n]); err != nil {
			return nil, err
		}
		groups, rest = append(groups, ops), rest[n:]
	}
	return groups, nil
}

// operations writes the changes as RFC 2136 updates: removals, additions, and the
// removals of single apex NS.
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

// packGroups distributes the groups to messages. It cuts a group only if that is
// too large for one message. It returns at least one message, which may be empty.
func packGroups(groups [][]mdns.RR) [][]mdns.RR {
	packs, size := [][]mdns.RR{{}}, 0
	for _, group := range groups {
		total := 0
		for _, rr := range group {
			total += mdns.Len(rr)
		}
		if size > 0 && size+total > maxUpdate {
			packs, size = append(packs, []mdns.RR{}), 0
		}
		for _, rr := range group {
			if n := mdns.Len(rr); size > 0 && size+n > maxUpdate {
				packs, size = append(packs, []mdns.RR{}), 0
			}
			packs[len(packs)-1] = append(packs[len(packs)-1], rr)
			size += mdns.Len(rr)
		}
	}
	return packs
}
