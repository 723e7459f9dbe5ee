package bind

import (
	mdns "github.com/miekg/dns"
)

// maxUpdate is how many octets of records go into one update message, well
// below the 64 KiB of a message.
const maxUpdate = 48 << 10

// updates makes the messages that turn what named holds into what is wanted.
//
// Within a message named works in order, all or nothing. So at each name
// everything that goes is removed before anything is added (an address added
// beside an alias would silently be ignored), but apex NS are added before the
// others are removed one by one (named keeps the last one whatever is asked).
// What belongs to the apex travels in the first message: named refuses a state
// in which an apex NS has no address.
//
// Each message requires the SOA that was read last: a zone that somebody else
// changed meanwhile is not written to, but compared anew.
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

// serialFor picks the serial of a message after which more are to come: the
// target is kept for the last one if there is room, and every one is above the
// one before.
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

// groupByName returns the operations of each owner name, those of the apex and
// its name servers as the first group.
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

// operations writes the changes as RFC 2136 updates: removals, additions, and
// the apex NS that go.
func operations(zone string, changes []change) ([]mdns.RR, error) {
	var removals, additions, last []mdns.RR
	for _, ch := range changes {
		owner := absolute(ch.key.owner, zone)
		switch {
		case ch.held == nil:
		case ch.key == apexNS:
			gone, err := goneFrom(zone, ch)
			if err != nil {
				return nil, err
			}
			last = append(last, gone...)
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

// goneFrom lists, as removals of single records, what is held and not wanted.
func goneFrom(zone string, ch change) ([]mdns.RR, error) {
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
	var gone []mdns.RR
	for i, rr := range held {
		if !wanted[ch.held.rdata[i]] {
			rr.Header().Class, rr.Header().Ttl = mdns.ClassNONE, 0
			gone = append(gone, rr)
		}
	}
	return gone, nil
}

// packGroups fills messages, cutting inside a name only where one name alone is
// too much for a message. There is always at least one, be it empty.
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
