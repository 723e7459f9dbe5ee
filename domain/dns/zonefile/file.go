package zonefile

import (
	"fmt"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// File is what a master file says of one zone.
//
// Invariants:
//  1. No two of its records are the same, which they are by [dns.RData.Canonical].
//  2. All records of an RRset have one TTL in it, see [File.TTL]: the one that named takes.
type File struct {
	// Zone is absolute, in lower case.
	Zone string
	// SOA is nil where the file has none.
	SOA *SOA
	// Records are in the order of the file, without the SOA.
	Records []Record
	// Warnings are of what named leaves out, or takes otherwise than it is written.
	Warnings []domain.Warning
	// Signed counts records that a signer had made, and that were left out.
	Signed int

	index map[recordKey]int32
	sets  map[zonedata.Key]set
	// within is the included file that is read.
	within string
	// before has for each record the place of the one before it in its RRset, -1 for none.
	before []int32
}

// Record is one record of a file.
type Record struct {
	Line int
	// Host is the owner as a client would write it, Owner the same as a key.
	Host, Owner string
	Type        uint16
	// Data is the data in wire form, its names in lower case; Written is the same as it was written.
	Data, Written string
}

// Key is that of the record's RRset.
func (r *Record) Key() zonedata.Key { return zonedata.Key{Owner: r.Owner, Type: r.Type} }

// SOA is the start of authority that a file has.
type SOA struct {
	Line         int
	MName, RName string
	Serial, TTL  uint32
	dns.SOATimers
}

type recordKey struct {
	zonedata.Key
	data string
}

// set is what the file says of an RRset: last is the place of its last record.
type set struct {
	ttl         uint32
	count, last int32
}

func newFile(zone string) *File {
	return &File{Zone: zonedata.Absolute(zone), index: map[recordKey]int32{}, sets: map[zonedata.Key]set{}}
}

// Has returns the place in Records of one with this data.
func (f *File) Has(key zonedata.Key, data string) (place int, has bool) {
	i, has := f.index[recordKey{key, canonical(key.Type, data)}]
	return int(i), has
}

// canonical is the same for data that are the same record: the tags of CAA compare without case.
func canonical(rrtype uint16, data string) string {
	if rrtype != mdns.TypeCAA {
		return data
	}
	const tag = 2 // behind the flags and the tag's length
	end := tag + int(data[tag-1])
	return data[:tag] + strings.ToLower(data[tag:end]) + data[end:]
}

// TTL is that of an RRset of the file.
func (f *File) TTL(key zonedata.Key) uint32 { return f.sets[key].ttl }

// Len says how many records the file has of an RRset.
func (f *File) Len(key zonedata.Key) int { return int(f.sets[key].count) }

// Set is an RRset as the file has it, nil for none.
func (f *File) Set(key zonedata.Key) *zonedata.RRset {
	s := f.sets[key]
	if s.count == 0 {
		return nil
	}
	records := make([]zonedata.Record, 0, s.count)
	for at := s.last; at >= 0; at = f.before[at] {
		records = append(records, zonedata.Record{TTL: s.ttl, Data: f.Records[at].Data})
	}
	return zonedata.Assemble(records)
}

// setTTL has an RRset have a TTL.
func (f *File) setTTL(owner string, rrtype uint16, ttl uint32) {
	key := zonedata.Key{Owner: owner, Type: rrtype}
	s := f.sets[key]
	s.ttl = ttl
	f.sets[key] = s
}

// add takes a record, which may be there already.
func (f *File) add(r Record) {
	key := r.Key()
	s := f.sets[key]
	if _, has := f.Has(key, r.Data); !has {
		place, before := int32(len(f.Records)), s.last
		if s.count == 0 {
			before = -1
		}
		f.index[recordKey{key, canonical(key.Type, r.Data)}] = place
		f.Records, f.before = append(f.Records, r), append(f.before, before)
		s.count, s.last = s.count+1, place
	}
	f.sets[key] = s
}

// maxWarnings is how many warnings of one file are kept; a reply has fewer.
const maxWarnings = 20

func (f *File) warn(line int, format string, args ...any) {
	if len(f.Warnings) < maxWarnings {
		where := "line " + fmt.Sprint(line) + ": "
		if f.within != "" {
			where = strings.ReplaceAll(f.within, "%", "%%") + " " + where
		}
		f.Warnings = append(f.Warnings, domain.Warn("", where+format, args...))
	}
}
