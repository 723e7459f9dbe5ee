package bind

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// generatedTTL is the TTL of generated NS and address records, in seconds, where the zone's
// settings say none.
const generatedTTL = dns.DefaultTTL

// apex is what is generated beside the records of the log, so that named loads
// the zone and takes its updates whatever the records are: named refuses a zone
// without apex NS, and one with an apex NS inside the zone that is an alias or
// has no address.
type apex struct {
	// sets overrides the log's records of the same key; nil means none are served.
	sets map[setKey]*rrset
	// primary is the SOA's primary name server, absolute.
	primary string
	// complaint says which records of the log cannot be served, if any.
	complaint string
	// fleetNames and fleetAddresses say whether the content depends on those of the
	// [dns.Fleet].
	fleetNames, fleetAddresses bool
}

// nameServers is what zones fall back to that have no apex NS of their own.
type nameServers struct{ dns.Fleet }

// apexOf generates the apex for a zone's records. Its cost depends on the number
// of apex NS, not on the zone's size.
func (n nameServers) apexOf(zone string, sets map[setKey][]logRecord) apex {
	return n.apexWith(zone, sets, generatedTTL)
}

// apexWith is apexOf with another TTL of what is generated.
func (n nameServers) apexWith(zone string, sets map[setKey][]logRecord, ttl uint32) apex {
	b := apexBuilder{zone: zone, sets: sets, out: apex{sets: map[setKey]*rrset{}}, addresses: n.Addresses, ttl: ttl}
	own := assemble(sets[apexNS])
	targets := b.usable(targetsOf(own))
	switch {
	case len(targets) > 0 && len(targets) == len(own.rdata):
	case len(targets) > 0:
		b.out.sets[apexNS] = nsSet(own.ttl, targets)
	default:
		b.out.fleetNames = true
		if targets = b.usable(n.Names); len(targets) == 0 {
			targets = []string{b.masterName()}
		}
		b.out.sets[apexNS] = nsSet(ttl, targets)
	}
	for _, target := range targets {
		b.giveAddress(target)
	}
	b.out.primary = slices.Min(targets)
	return b.out
}

type apexBuilder struct {
	zone      string
	sets      map[setKey][]logRecord
	addresses []netip.Addr
	ttl       uint32
	out       apex
}

// usable drops name servers inside the zone that are aliases.
func (b *apexBuilder) usable(targets []string) []string {
	var out []string
	for _, target := range targets {
		if owner, inside := relative(target, b.zone); inside && b.has(owner, mdns.TypeCNAME) {
			b.out.complaint = fmt.Sprintf("NS %s is left out: it is an alias (CNAME)", target)
			continue
		}
		out = append(out, target)
	}
	return out
}

func (b *apexBuilder) has(owner string, rrtype uint16) bool {
	return len(b.sets[setKey{owner: owner, rrtype: rrtype}]) > 0
}

// masterName is master.<zone>, or the first name like it that is no alias.
func (b *apexBuilder) masterName() string {
	label := "master"
	for i := 1; b.has(label, mdns.TypeCNAME); i++ {
		label = "master" + strconv.Itoa(i)
	}
	return absolute(label, b.zone)
}

// giveAddress generates addresses for a name server inside the zone that has
// none: the addresses that a wildcard would have given it, else the masters'.
func (b *apexBuilder) giveAddress(target string) {
	owner, inside := relative(target, b.zone)
	if !inside || b.has(owner, mdns.TypeA) || b.has(owner, mdns.TypeAAAA) {
		return
	}
	found := false
	for _, rrtype := range []uint16{mdns.TypeA, mdns.TypeAAAA} {
		if s := b.wildcard(owner, rrtype); s != nil {
			b.out.sets[setKey{owner: owner, rrtype: rrtype}] = s
			found = true
		}
	}
	if found {
		return
	}
	b.out.fleetAddresses = true
	for _, rrtype := range []uint16{mdns.TypeA, mdns.TypeAAAA} {
		if s := addressSet(rrtype, b.addresses, b.ttl); s != nil {
			b.out.sets[setKey{owner: owner, rrtype: rrtype}] = s
		}
	}
}

func (b *apexBuilder) wildcard(owner string, rrtype uint16) *rrset {
	for owner != "@" {
		_, parent, below := strings.Cut(owner, ".")
		key := setKey{owner: "*." + parent, rrtype: rrtype}
		if !below {
			parent, key.owner = "@", "*"
		}
		if records := b.sets[key]; len(records) > 0 {
			return assemble(records)
		}
		owner = parent
	}
	return nil
}

func addressSet(rrtype uint16, addresses []netip.Addr, ttl uint32) *rrset {
	s := &rrset{ttl: ttl}
	for _, addr := range addresses {
		if addr.Is4() == (rrtype == mdns.TypeA) {
			s.rdata = append(s.rdata, string(addr.AsSlice()))
		}
	}
	if len(s.rdata) == 0 {
		return nil
	}
	slices.Sort(s.rdata)
	s.rdata = slices.Compact(s.rdata)
	return s
}

// targetsOf lists the names that an NS set points to.
func targetsOf(s *rrset) []string {
	if s == nil {
		return nil
	}
	out := make([]string, 0, len(s.rdata))
	for _, data := range s.rdata {
		if name, _, err := mdns.UnpackDomainName([]byte(data), 0); err == nil {
			out = append(out, name)
		}
	}
	return out
}

func nsSet(ttl uint32, targets []string) *rrset {
	s := &rrset{ttl: ttl}
	for _, target := range targets {
		buf := make([]byte, 256)
		if end, err := mdns.PackDomainName(target, buf, 0, nil, false); err == nil {
			s.rdata = append(s.rdata, string(buf[:end]))
		}
	}
	slices.Sort(s.rdata)
	s.rdata = slices.Compact(s.rdata)
	return s
}
