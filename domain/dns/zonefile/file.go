package zonefile

import (
	"fmt"
	"iter"
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
	// Warnings are of what named leaves out, or takes otherwise than it is written.
	Warnings []domain.Warning
	// Signed counts records that a signer had made, and that were left out.
	Signed int

	packed
	// within is the included file that is read.
	within string
	// soaTTL is that of the SOA.
	soaTTL uint32
}

// Record is one record of a file.
type Record struct {
	Line int
	// Host is the owner as a client would write it, Owner the same as a key.
	Host, Owner string
	Type        uint16
	// Data is the data in wire form, its names in lower case; Written is the same as it was written.
	Data, Written string
	// TTL is that of the record's RRset.
	TTL uint32
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

func newFile(zone string) *File { return &File{Zone: zonedata.Absolute(zone), packed: newPacked()} }

// Len is how many records the file has, without the SOA.
func (f *File) Len() int { return len(f.records) }

// At is one of them, by its place in the file.
func (f *File) At(place int) Record { return f.record(&f.records[place]) }

// OwnerAt is the owner of one of them.
func (f *File) OwnerAt(place int) string { return f.owner(&f.sets[f.records[place].set]) }

// All goes through the records in the order of the file, without the SOA.
func (f *File) All() iter.Seq2[int, Record] {
	return func(yield func(int, Record) bool) {
		for i := range f.records {
			if !yield(i, f.At(i)) {
				return
			}
		}
	}
}

// Has returns the place of the record with this data.
func (f *File) Has(key zonedata.Key, data string) (place int, has bool) {
	set := f.findSet(key)
	if set == none {
		return 0, false
	}
	at := f.findRecord(set, key.Type, canonical(key.Type, data))
	return int(at), at != none
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
func (f *File) TTL(key zonedata.Key) uint32 {
	if set := f.findSet(key); set != none {
		return f.sets[set].ttl
	}
	return 0
}

// LenOf says how many records the file has of an RRset.
func (f *File) LenOf(key zonedata.Key) int {
	if set := f.findSet(key); set != none {
		return int(f.sets[set].count)
	}
	return 0
}

// Set is an RRset as the file has it, nil for none.
func (f *File) Set(key zonedata.Key) *zonedata.RRset {
	at := f.findSet(key)
	if at == none {
		return nil
	}
	s := f.sets[at]
	records := make([]zonedata.Record, 0, s.count)
	for place := s.last; place != none; place = f.records[place].before {
		records = append(records, zonedata.Record{TTL: s.ttl, Data: f.data(&f.records[place])})
	}
	return zonedata.Assemble(records)
}

// setTTL has an RRset have a TTL.
func (f *File) setTTL(owner string, rrtype uint16, ttl uint32) {
	if rrtype == mdns.TypeSOA { // which is none of the records
		f.soaTTL = ttl
		return
	}
	if set := f.findSet(zonedata.Key{Owner: owner, Type: rrtype}); set != none {
		f.sets[set].ttl = ttl
	}
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
