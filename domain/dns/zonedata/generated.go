package zonedata

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// Generated is what is generated beside the records of the log, so that named loads
// the zone and takes its updates whatever the records are: named refuses a zone
// without apex NS, and one with an apex NS inside the zone that is an alias or
// has no address.
type Generated struct {
	// Sets stand in the place of the log's records of the same key.
	Sets map[Key]*RRset
	// Primary is the SOA's primary name server, absolute.
	Primary string
	// Complaint says which records of the log cannot be served, if any.
	Complaint string
	// FleetNames and FleetAddresses say whether the content depends on those of the
	// [dns.Fleet].
	FleetNames, FleetAddresses bool
}

// Lookup returns the RRset that the log's records make at a key, nil for none.
type Lookup func(Key) *RRset

// Generate generates what a zone needs beside its own records, with a TTL. Zone is the
// absolute name. The cost depends on the number of apex NS, not on the zone's size.
func Generate(zone string, fleet dns.Fleet, ttl uint32, own Lookup) Generated {
	b := builder{zone: zone, own: own, out: Generated{Sets: map[Key]*RRset{}}, addresses: fleet.Addresses, ttl: ttl}
	apex := own(ApexNS)
	targets := b.usable(targetsOf(apex))
	switch {
	case len(targets) > 0 && len(targets) == len(apex.Data):
	case len(targets) > 0:
		b.out.Sets[ApexNS] = nsSet(apex.TTL, targets)
	default:
		b.out.FleetNames = true
		if targets = b.usable(fleet.Names); len(targets) == 0 {
			targets = []string{b.masterName()}
		}
		b.out.Sets[ApexNS] = nsSet(ttl, targets)
	}
	for _, target := range targets {
		b.giveAddress(target)
	}
	b.out.Primary = slices.Min(targets)
	return b.out
}

// Asked lists the owners that [Generate] asks for first, once the apex NS of the log are
// known. It may ask for a few more.
func Asked(zone string, fleet dns.Fleet, apex *RRset) []string {
	owners := []string{dns.Apex, firstMaster}
	for _, target := range append(targetsOf(apex), fleet.Names...) {
		if owner, inside := Relative(target, zone); inside {
			owners = append(owners, owner)
			owners = append(owners, wildcards(owner)...)
		}
	}
	return append(owners, wildcards(firstMaster)...)
}

type builder struct {
	zone      string
	own       Lookup
	addresses []netip.Addr
	ttl       uint32
	out       Generated
}

// usable drops name servers inside the zone that are aliases.
func (b *builder) usable(targets []string) []string {
	var out []string
	for _, target := range targets {
		if owner, inside := Relative(target, b.zone); inside && b.has(owner, mdns.TypeCNAME) {
			b.out.Complaint = fmt.Sprintf("NS %s is left out: it is an alias (CNAME)", target)
			continue
		}
		out = append(out, target)
	}
	return out
}

func (b *builder) has(owner string, rrtype uint16) bool {
	return b.own(Key{Owner: owner, Type: rrtype}) != nil
}

const firstMaster = "master"

// masterName is master.<zone>, or the first name like it that is no alias.
func (b *builder) masterName() string {
	label := firstMaster
	for i := 1; b.has(label, mdns.TypeCNAME); i++ {
		label = firstMaster + strconv.Itoa(i)
	}
	return Owner(label, b.zone)
}

// giveAddress generates addresses for a name server inside the zone that has
// none: the addresses that a wildcard would have given it, else the fleet's.
func (b *builder) giveAddress(target string) {
	owner, inside := Relative(target, b.zone)
	if !inside || b.has(owner, mdns.TypeA) || b.has(owner, mdns.TypeAAAA) {
		return
	}
	found := false
	for _, rrtype := range []uint16{mdns.TypeA, mdns.TypeAAAA} {
		if s := b.wildcard(owner, rrtype); s != nil {
			b.out.Sets[Key{Owner: owner, Type: rrtype}] = s
			found = true
		}
	}
	if found {
		return
	}
	b.out.FleetAddresses = true
	for _, rrtype := range []uint16{mdns.TypeA, mdns.TypeAAAA} {
		if s := addressSet(rrtype, b.addresses, b.ttl); s != nil {
			b.out.Sets[Key{Owner: owner, Type: rrtype}] = s
		}
	}
}

func (b *builder) wildcard(owner string, rrtype uint16) *RRset {
	for _, w := range wildcards(owner) {
		if s := b.own(Key{Owner: w, Type: rrtype}); s != nil {
			return s
		}
	}
	return nil
}

// wildcards lists those that an owner may fall under, the nearest first.
func wildcards(owner string) (out []string) {
	for owner != dns.Apex {
		_, parent, below := strings.Cut(owner, ".")
		if !below {
			return append(out, "*")
		}
		out, owner = append(out, "*."+parent), parent
	}
	return out
}

func addressSet(rrtype uint16, addresses []netip.Addr, ttl uint32) *RRset {
	s := &RRset{TTL: ttl}
	for _, addr := range addresses {
		if addr.Is4() == (rrtype == mdns.TypeA) {
			s.Data = append(s.Data, string(addr.AsSlice()))
		}
	}
	if len(s.Data) == 0 {
		return nil
	}
	return s.sorted()
}

func targetsOf(s *RRset) []string {
	if s == nil {
		return nil
	}
	return Targets(s.Data)
}

// Targets lists the names that NS data points to.
func Targets(data []string) []string {
	out := make([]string, 0, len(data))
	for _, data := range data {
		if name, _, err := mdns.UnpackDomainName([]byte(data), 0); err == nil {
			out = append(out, name)
		}
	}
	return out
}

func nsSet(ttl uint32, targets []string) *RRset {
	s := &RRset{TTL: ttl}
	for _, target := range targets {
		buf := make([]byte, 256)
		if end, err := mdns.PackDomainName(target, buf, 0, nil, false); err == nil {
			s.Data = append(s.Data, string(buf[:end]))
		}
	}
	return s.sorted()
}
