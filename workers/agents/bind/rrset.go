package bind

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// setKey names an RRset within a zone and view.
type setKey struct {
	// owner is relative to the zone, in lower case, "@" for the apex.
	owner  string
	rrtype uint16
}

var apexNS = setKey{owner: "@", rrtype: mdns.TypeNS}

// rrset is the data of an RRset. It never changes once made; nil stands for no
// records.
type rrset struct {
	ttl uint32
	// rdata is in canonical wire form (names in lower case), sorted, without repeats.
	rdata []string
}

func (s *rrset) equal(o *rrset) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.ttl == o.ttl && slices.Equal(s.rdata, o.rdata)
}

// logRecord is one record of the log within an RRset.
type logRecord struct {
	id  int64
	ttl uint32
	// literal and value are those of [dns.RecordData].
	literal bool
	value   string
	rdata   string
	// kept says that it is the PTR of another zone's record, whose id and TTL it has.
	kept bool
}

// assemble makes the RRset of its records: the lowest TTL holds for all.
func assemble(records []logRecord) *rrset {
	if len(records) == 0 {
		return nil
	}
	s := &rrset{ttl: records[0].ttl, rdata: make([]string, 0, len(records))}
	for _, r := range records {
		s.ttl = min(s.ttl, r.ttl)
		s.rdata = append(s.rdata, r.rdata)
	}
	slices.Sort(s.rdata)
	s.rdata = slices.Compact(s.rdata)
	return s
}

// records makes the set's records for a zone (absolute name).
func (s *rrset) records(zone string, key setKey) ([]mdns.RR, error) {
	if s == nil {
		return nil, nil
	}
	out := make([]mdns.RR, 0, len(s.rdata))
	for _, data := range s.rdata {
		rr, err := zonedata.RR(absolute(key.owner, zone), key.rrtype, s.ttl, data)
		if err != nil {
			return nil, err
		}
		out = append(out, rr)
	}
	return out, nil
}

// collect groups records by RRset. Records outside the zone are an error.
func collect(zone string, rrs []mdns.RR) (map[setKey]*rrset, error) {
	sets := make(map[setKey]*rrset)
	for _, rr := range rrs {
		h := rr.Header()
		owner, ok := relative(h.Name, zone)
		if !ok {
			return nil, fmt.Errorf("record %s is outside zone %s", h.Name, zone)
		}
		data, err := zonedata.Data(rr)
		if err != nil {
			return nil, err
		}
		key := setKey{owner: owner, rrtype: h.Rrtype}
		s := sets[key]
		if s == nil {
			s = &rrset{ttl: h.Ttl}
			sets[key] = s
		}
		s.rdata = append(s.rdata, data)
	}
	for _, s := range sets {
		slices.Sort(s.rdata)
		s.rdata = slices.Compact(s.rdata)
	}
	return sets, nil
}

// absolute returns the owner's full name; zone has its final dot.
func absolute(owner, zone string) string {
	switch {
	case owner == "@":
		return zone
	case zone == ".":
		return owner + "."
	default:
		return owner + "." + zone
	}
}

// relative returns the owner relative to the zone, false for a name outside it.
func relative(name, zone string) (string, bool) {
	name = strings.ToLower(name)
	if name == zone {
		return "@", true
	}
	if zone == "." {
		return strings.TrimSuffix(name, "."), true
	}
	owner, below := strings.CutSuffix(name, "."+zone)
	return owner, below && !endsEscaped(owner)
}

// endsEscaped says whether what follows the text is escaped by its end: the dot behind
// "x\" is no end of a label.
func endsEscaped(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

func compareKeys(a, b setKey) int {
	return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.rrtype, b.rrtype))
}

// targetsOf lists the names that an NS set points to.
func targetsOf(s *rrset) []string {
	if s == nil {
		return nil
	}
	return zonedata.Targets(s.rdata)
}
