package movein

import (
	"net/netip"
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
)

// matched are entries, none of them negated, for exactly the addresses that a list matches.
func matched(list []dns.ACLEntry) (entries []dns.ACLEntry) {
	if !slices.ContainsFunc(list, func(e dns.ACLEntry) bool { return e.Not }) {
		return list
	}
	var before []netip.Prefix
	for _, e := range list {
		for _, p := range prefixes(e) {
			if !e.Not {
				for _, rest := range without(p, before) {
					entries = append(entries, dns.ACLEntry{Prefix: rest})
				}
			}
			before = append(before, p)
		}
	}
	return entries
}

// prefixes are those of an entry.
func prefixes(e dns.ACLEntry) []netip.Prefix {
	if e.Any {
		return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)}
	}
	return []netip.Prefix{e.Prefix}
}

// without are the parts of a prefix that others do not have.
func without(p netip.Prefix, others []netip.Prefix) []netip.Prefix {
	rest := []netip.Prefix{p}
	for _, o := range others {
		var next []netip.Prefix
		for _, r := range rest {
			next = append(next, subtract(r, o)...)
		}
		rest = next
	}
	return rest
}

// subtract halves a prefix until no half is partly in the other.
func subtract(p, other netip.Prefix) []netip.Prefix {
	switch {
	case !p.Overlaps(other):
		return []netip.Prefix{p}
	case other.Bits() <= p.Bits():
		return nil
	}
	low, high := halves(p)
	return append(subtract(low, other), subtract(high, other)...)
}

func halves(p netip.Prefix) (low, high netip.Prefix) {
	bits := p.Bits()
	octets := p.Addr().AsSlice()
	octets[bits/8] |= 0x80 >> (bits % 8)
	upper, _ := netip.AddrFromSlice(octets) // of a length that is one
	return netip.PrefixFrom(p.Addr(), bits+1), netip.PrefixFrom(upper, bits+1)
}
