package dns

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// PTRSettings say of which forward zones a reverse zone has the PTRs. These are generated: they
// follow from the records and the settings of both zones, and no event is about them.
//
// Invariants of the PTRs of a reverse zone in a view:
//  1. A name has one if an address record of one of these zones, in the same view, has the name's
//     address: that of the oldest such record, with its TTL. A wildcard is no name, and has none.
//  2. A PTR or a CNAME of the log at the name takes its place.
//  3. The zone's content counts as changed by each event that [AddressChanges] lists, whether
//     another PTR comes of it or not: so name servers and read models number it alike, and
//     need not know more than the event for it.
type PTRSettings struct {
	// From are the names of the forward zones, in lower case and ascending, at least one.
	From []string `json:"from"`
}

// KeptFrom lists the zones whose PTRs a reverse zone has.
func (s ZoneSettings) KeptFrom() []string {
	if s.PTR == nil {
		return nil
	}
	return s.PTR.From
}

// keepsFrom says whether the zone has the PTRs of another.
func (s ZoneSettings) keepsFrom(zone string) bool {
	return s.PTR != nil && slices.Contains(s.PTR.From, FoldName(zone))
}

// The zones below which all names of addresses are.
const (
	reverseOf4 = "in-addr.arpa"
	reverseOf6 = "ip6.arpa"
)

// ReversePrefix returns the addresses whose names are in a zone, false for a zone that is for no
// addresses. A classless one (RFC 2317) has other names than the addresses'.
func ReversePrefix(zone string) (p netip.Prefix, is bool) {
	name := FoldName(zone)
	base, most, bits, read := reverseOf4, 4, 8, parseOctet
	if name == reverseOf6 || strings.HasSuffix(name, "."+reverseOf6) {
		base, most, bits, read = reverseOf6, 32, 4, parseNibble
	}
	rest, below := strings.CutSuffix(name, base)
	if !below || rest != "" && !strings.HasSuffix(rest, ".") {
		return p, false
	}
	var labels []string
	if rest != "" {
		labels = strings.Split(strings.TrimSuffix(rest, "."), ".")
	}
	if len(labels) > most {
		return p, false
	}
	octets := make([]byte, most*bits/8)
	for i, label := range labels {
		n, ok := read(label)
		if !ok {
			return p, false
		}
		at := (len(labels) - 1 - i) * bits
		octets[at/8] |= n << (8 - bits - at%8)
	}
	addr, _ := netip.AddrFromSlice(octets)
	return netip.PrefixFrom(addr, len(labels)*bits), true
}

func parseOctet(label string) (byte, bool) {
	n, err := strconv.ParseUint(label, 10, 8)
	return byte(n), err == nil && strconv.FormatUint(n, 10) == label
}

func parseNibble(label string) (byte, bool) {
	n, err := strconv.ParseUint(label, 16, 4)
	return byte(n), err == nil && len(label) == 1
}

// reverseLabels are those of an address's name, without those of the zone that all are below.
func reverseLabels(a netip.Addr) (labels []string, base string) {
	octets := a.AsSlice()
	slices.Reverse(octets)
	if a.Is4() {
		for _, o := range octets {
			labels = append(labels, strconv.Itoa(int(o)))
		}
		return labels, reverseOf4
	}
	for _, o := range octets {
		labels = append(labels, fmt.Sprintf("%x", o&0xf), fmt.Sprintf("%x", o>>4))
	}
	return labels, reverseOf6
}

// namedAddress returns the address of a record that name servers serve, and false for one that
// gives no name an address.
func namedAddress(d RecordData) (a netip.Addr, is bool) {
	if d.ViewID == 0 || d.Type != "A" && d.Type != "AAAA" {
		return a, false
	}
	if d.Host == "*" || strings.HasPrefix(d.Host, "*.") {
		return a, false
	}
	a, err := netip.ParseAddr(strings.TrimSpace(d.Value))
	if err != nil { // it may be in the form of RFC 3597
		data, err := ReadRData(reverseOf4, d)
		if err != nil {
			return a, false
		}
		a, err = netip.ParseAddr(strings.TrimSpace(data.String()))
		if err != nil {
			return a, false
		}
	}
	return a, a.Is4() == (d.Type == "A") && a.Zone() == ""
}

// ReversePlace is the [Place] of the name of a record's address, as a full name, empty for a
// record that has no PTR anywhere. The names of a zone's addresses are those behind the zone's own.
func ReversePlace(d RecordData) string {
	a, is := namedAddress(d)
	if !is {
		return ""
	}
	labels, base := reverseLabels(a)
	return Place(strings.Join(labels, ".") + "." + base)
}

// ReverseNames are the names of the zones in which the name of a record's address may be, in lower case, none
// for a record that has no PTR anywhere.
func ReverseNames(d RecordData) []string {
	a, is := namedAddress(d)
	if !is {
		return nil
	}
	labels, base := reverseLabels(a)
	names := append(make([]string, 0, len(labels)+1), base)
	for _, label := range slices.Backward(labels) {
		names = append(names, label+"."+names[len(names)-1])
	}
	return names
}

// KeptPTR returns the PTR that a reverse zone may have for a record of another zone, and false if
// the record has no address of the reverse zone.
func KeptPTR(reverse, zone string, d RecordData) (ptr RecordData, is bool) {
	prefix, _ := ReversePrefix(reverse)
	a, is := namedAddress(d)
	if !is || !prefix.Contains(a) {
		return ptr, false
	}
	labels, _ := reverseLabels(a)
	host := strings.Join(labels[:len(labels)-prefix.Bits()*len(labels)/a.BitLen()], ".")
	if host == "" {
		host = Apex
	}
	owner, err := OwnerName(d.Host, FoldName(zone))
	if err != nil {
		return ptr, false
	}
	return RecordData{ViewID: d.ViewID, Host: host, Type: "PTR", TTL: d.TTL, Value: spelledName(owner)}, true
}

// AddressChange is that records of a zone in a view may have come, gone or changed: those of Of,
// or any.
type AddressChange struct {
	Zone string
	View int64
	Of   []RecordData
	// Reverse are the [ReverseNames] of Of.
	Reverse []string
	Any     bool
}

// Concerns says whether a reverse zone in the same view counts as changed by it.
func (c AddressChange) Concerns(reverse string, s ZoneSettings) bool {
	if !s.keepsFrom(c.Zone) {
		return false
	}
	if !c.Any {
		return slices.Contains(c.Reverse, FoldName(reverse))
	}
	_, is := ReversePrefix(reverse)
	return is
}

// AddressChanges lists what an event may change of the addresses of names. Named returns the name of a
// zone that has records.
func AddressChanges(event domain.Event, named func(zone int64) string) (all []AddressChange) {
	record := func(zone int64, states ...RecordData) {
		for _, d := range states {
			if names := ReverseNames(d); len(names) > 0 {
				all = append(all, AddressChange{Zone: named(zone), View: d.ViewID, Of: []RecordData{d}, Reverse: names})
			}
		}
	}
	zone := func(name string, views []int64) {
		for _, view := range views {
			all = append(all, AddressChange{Zone: name, View: view, Any: true})
		}
	}
	switch e := event.(type) {
	case RecordAdded:
		record(e.ZoneID, e.Record)
	case RecordUpdated:
		if e.Before.Served() != e.After.Served() {
			record(e.ZoneID, e.Before, e.After)
		}
	case RecordDeleted:
		record(e.ZoneID, e.Record)
	case ZoneImported:
		zone(named(e.ZoneID), []int64{e.ViewID})
	case ZoneDeleted:
		zone(e.Zone.Name, e.Zone.ViewIDs)
	case ZoneUpdated:
		zone(e.Before.Name, changedViews(e.Before, e.After))
		zone(e.After.Name, changedViews(e.After, e.Before))
	case ZoneRestored:
		if e.Before != nil {
			zone(e.Before.Name, e.Before.ViewIDs)
		}
		zone(e.After.Name, e.After.ViewIDs)
	}
	return all
}

// Reversed are the names that a reverse zone has which one of the changes concerns, nil if it may have any.
func Reversed(changes []AddressChange) []string {
	names := map[string]bool{}
	for _, c := range changes {
		if c.Any {
			return nil
		}
		for _, name := range c.Reverse {
			names[name] = true
		}
	}
	return slices.AppendSeq([]string{}, maps.Keys(names))
}

// changedViews are the views of a zone in which what it serves is otherwise, or nothing, on the
// other side of a change.
func changedViews(of, other ZoneData) []int64 {
	if ServedOtherwise(of, other) {
		return of.ViewIDs
	}
	return viewsBeyond(of.ViewIDs, other.ViewIDs)
}
