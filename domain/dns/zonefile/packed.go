package zonefile

import (
	"hash/maphash"
	"strings"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// packed are records in little memory: of a million, each takes about 80 octets beside its texts.
//
// Invariants:
//  1. What is the same text in records that follow each other is kept once: owners above all.
//  2. A text that was given out stays as it is, and is no copy.
type packed struct {
	records []packedRecord
	sets    []packedSet
	texts   texts
	// byData finds records by RRset and data, byKey RRsets.
	byData, byKey places
	seed          maphash.Seed
}

// none is the place of nothing.
const none int32 = -1

type packedRecord struct {
	line int32
	// set is the place of its RRset, before that of the record before it there.
	set, before          int32
	hostAt, dataAt       uint32
	hostLength, dataSize uint16
	// spelled says that behind the data stands the same with names as they were written.
	spelled bool
}

// packedSet is an RRset; last is the place of its last record.
type packedSet struct {
	ownerAt             uint32
	ttl                 uint32
	count, last         int32
	ownerLength, rrtype uint16
}

func newPacked() packed { return packed{seed: maphash.MakeSeed()} }

// record gives a record out.
func (p *packed) record(r *packedRecord) Record {
	set := &p.sets[r.set]
	rec := Record{
		Line: int(r.line), Host: p.texts.at(r.hostAt, int(r.hostLength)), Owner: p.owner(set), Type: set.rrtype, Data: p.data(r), TTL: set.ttl,
	}
	if rec.Written = rec.Data; r.spelled {
		rec.Written = p.texts.at(r.dataAt+uint32(r.dataSize), int(r.dataSize))
	}
	return rec
}

func (p *packed) owner(s *packedSet) string   { return p.texts.at(s.ownerAt, int(s.ownerLength)) }
func (p *packed) data(r *packedRecord) string { return p.texts.at(r.dataAt, int(r.dataSize)) }
func (p *packed) hash(text string, n int) uint64 {
	return maphash.String(p.seed, text) ^ uint64(n)*0x9e3779b97f4a7c15
}

// findSet is the place of an RRset, or none.
func (p *packed) findSet(key zonedata.Key) int32 {
	return p.byKey.find(p.hash(key.Owner, int(key.Type)), func(place int32) bool {
		s := &p.sets[place]
		return s.rrtype == key.Type && p.owner(s) == key.Owner
	})
}

// findRecord is the place of the record of an RRset with data in canonical form, or none.
func (p *packed) findRecord(set int32, rrtype uint16, data string) int32 {
	return p.byData.find(p.hash(data, int(set)), func(place int32) bool {
		r := &p.records[place]
		return r.set == set && canonical(rrtype, p.data(r)) == data
	})
}

// add takes a record, which may be there already.
func (p *packed) add(r Record) {
	host := p.place(r.Host)
	set, data := p.setOf(r, host), canonical(r.Type, r.Data)
	if p.findRecord(set, r.Type, data) != none {
		return
	}
	s, place := &p.sets[set], int32(len(p.records))
	packed := packedRecord{
		line: int32(r.Line), set: set, before: s.last, hostAt: host, hostLength: uint16(len(r.Host)),
		dataSize: uint16(len(r.Data)), spelled: r.Written != r.Data,
	}
	if packed.spelled {
		packed.dataAt = p.texts.add(r.Data + r.Written) // which are equally long
	} else {
		packed.dataAt = p.texts.add(r.Data)
	}
	p.records = append(p.records, packed)
	s.count, s.last = s.count+1, place
	p.byData.add(place, func(of int32) uint64 {
		r := &p.records[of]
		return p.hash(canonical(p.sets[r.set].rrtype, p.data(r)), int(r.set))
	})
}

// place is where a host's text is, which may be that of the record before.
func (p *packed) place(host string) uint32 {
	if n := len(p.records); n > 0 {
		if last := &p.records[n-1]; p.texts.at(last.hostAt, int(last.hostLength)) == host {
			return last.hostAt
		}
	}
	return p.texts.add(host)
}

// setOf is the place of a record's RRset, whose host is in its place already.
func (p *packed) setOf(r Record, host uint32) int32 {
	if set := p.findSet(r.Key()); set != none {
		return set
	}
	s := packedSet{rrtype: r.Type, last: none, ownerLength: uint16(len(r.Owner)), ownerAt: host}
	if r.Owner != r.Host {
		s.ownerAt = p.texts.add(r.Owner)
	}
	p.sets = append(p.sets, s)
	place := int32(len(p.sets) - 1)
	p.byKey.add(place, func(of int32) uint64 { return p.hash(p.owner(&p.sets[of]), int(p.sets[of].rrtype)) })
	return place
}

// texts are texts one behind the other, in pages that never move.
type texts struct{ pages []*strings.Builder }

// A page has 1 MiB, the first ones less. A text has 128 KiB at most: data, and as it is written.
const (
	pageBits  = 20
	firstPage = 4 << 10
)

// add keeps a text, and returns its place.
func (t *texts) add(text string) uint32 {
	n := len(t.pages)
	if n == 0 || t.pages[n-1].Len()+len(text) > t.pages[n-1].Cap() {
		page := &strings.Builder{}
		page.Grow(max(len(text), min(1<<pageBits, firstPage<<min(n, pageBits))))
		t.pages, n = append(t.pages, page), n+1
	}
	page := t.pages[n-1]
	at := uint32(n-1)<<pageBits | uint32(page.Len())
	page.WriteString(text)
	return at
}

func (t *texts) at(place uint32, length int) string {
	in := place & (1<<pageBits - 1)
	return t.pages[place>>pageBits].String()[in : int(in)+length]
}

// places is a hash table of places (open addressing with linear probing).
type places struct {
	slots []int32 // place+1, 0 for a free one
	used  int
}

// find is the place that is the wanted one among those of a hash, or none.
func (p *places) find(hash uint64, is func(int32) bool) int32 {
	if len(p.slots) == 0 {
		return none
	}
	mask := uint64(len(p.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch place := p.slots[i] - 1; {
		case place == none:
			return none
		case is(place):
			return place
		}
	}
}

// add takes a place that is not there yet. Three quarters of the slots are taken at most.
func (p *places) add(place int32, hash func(int32) uint64) {
	if p.used++; 4*p.used > 3*len(p.slots) {
		before := p.slots
		p.slots = make([]int32, max(8, 2*len(before)))
		for _, taken := range before {
			if taken != 0 {
				p.put(taken-1, hash(taken-1))
			}
		}
	}
	p.put(place, hash(place))
}

func (p *places) put(place int32, hash uint64) {
	mask := uint64(len(p.slots) - 1)
	i := hash & mask
	for p.slots[i] != 0 {
		i = (i + 1) & mask
	}
	p.slots[i] = place + 1
}
