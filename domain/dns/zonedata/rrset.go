package zonedata

import (
	"fmt"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// Key names an RRset within a zone and view.
type Key struct {
	// Owner is relative to the zone, in lower case, "@" for the apex, spelled as names are that
	// were read from a message.
	Owner string
	Type  uint16
}

// ApexNS is the key of the zone's own name servers.
var ApexNS = Key{Owner: dns.Apex, Type: mdns.TypeNS}

// RRset is the data of an RRset. It never changes once made; nil stands for no records.
type RRset struct {
	TTL uint32
	// Data is in canonical wire form (names in lower case), sorted, without repeats.
	Data []string
}

// Equal says whether two RRsets are served alike.
func (s *RRset) Equal(o *RRset) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.TTL == o.TTL && slices.Equal(s.Data, o.Data)
}

// Record is one record of the log within an RRset.
type Record struct {
	ID   int64
	TTL  uint32
	Data string
}

// Assemble makes the RRset of its records: the lowest TTL holds for all.
func Assemble(records []Record) *RRset {
	if len(records) == 0 {
		return nil
	}
	s := &RRset{TTL: records[0].TTL, Data: make([]string, 0, len(records))}
	for _, r := range records {
		s.TTL = min(s.TTL, r.TTL)
		s.Data = append(s.Data, r.Data)
	}
	return s.sorted()
}

func (s *RRset) sorted() *RRset {
	slices.Sort(s.Data)
	s.Data = slices.Compact(s.Data)
	return s
}

// Locate says which RRset of the named zone a record belongs to, and what its data is there.
func Locate(zone string, d dns.RecordData) (key Key, data string, err error) {
	rr, err := dns.RecordRR(zone, d)
	if err != nil {
		return Key{}, "", err
	}
	owner, inside := Relative(rr.Header().Name, Absolute(zone))
	if !inside {
		return Key{}, "", fmt.Errorf("%s is outside zone %s", rr.Header().Name, zone)
	}
	data, err = Data(rr)
	return Key{Owner: owner, Type: rr.Header().Rrtype}, data, err
}

// Data returns the canonical wire form of a record's data: uncompressed, with its names in
// lower case.
func Data(rr mdns.RR) (string, error) {
	c := mdns.Copy(rr)
	dns.FoldNames(c)
	return pack(c)
}

// Written is [Data] with the names as the record has them.
func Written(rr mdns.RR) (string, error) { return pack(mdns.Copy(rr)) }

// pack returns the data of a record, whose owner it changes.
func pack(rr mdns.RR) (string, error) {
	rr.Header().Name = "."
	buf := make([]byte, mdns.Len(rr)+16)
	end, err := mdns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return "", fmt.Errorf("pack %s record: %w", dns.TypeName(rr.Header().Rrtype), err)
	}
	const header = 1 + 10 // root name; type, class, ttl, length
	return string(buf[header:end]), nil
}

// RR makes a record of data in wire form. Owner is absolute.
func RR(owner string, rrtype uint16, ttl uint32, data string) (mdns.RR, error) {
	h := mdns.RR_Header{Name: owner, Rrtype: rrtype, Class: mdns.ClassINET, Ttl: ttl, Rdlength: uint16(len(data))}
	rr, _, err := mdns.UnpackRRWithHeader(h, []byte(data), 0)
	if err != nil {
		return nil, fmt.Errorf("unpack %s record of %s: %w", dns.TypeName(rrtype), owner, err)
	}
	return rr, nil
}

// Absolute is a zone's name in lower case with its final dot.
func Absolute(zone string) string { return dns.FoldName(zone) + "." }

// Owner returns the full name of a key's owner; zone has its final dot.
func Owner(owner, zone string) string {
	if owner == dns.Apex {
		return zone
	}
	return owner + "." + zone
}

// Relative returns a name relative to the zone, which has its final dot and is in lower case;
// inside is false for a name that is not in the zone.
func Relative(name, zone string) (owner string, inside bool) {
	name = strings.ToLower(name)
	if name == zone {
		return dns.Apex, true
	}
	owner, below := strings.CutSuffix(name, "."+zone)
	escaped := (len(owner) - len(strings.TrimRight(owner, `\`))) % 2 // the dot behind "x\" is no end of a label
	return owner, below && escaped == 0
}

// Records are records of the log by RRset.
type Records map[Key][]Record

// Lookup is a [Lookup] in all records that there are.
func (r Records) Lookup(key Key) *RRset { return Assemble(r[key]) }
