package zoneupdate

import (
	"cmp"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// Set is an RRset as a client wants it.
type Set struct {
	// Host is the owner relative to the zone, as [dns.ParseHost] returns it.
	Host string
	// Type is as [dns.ParseRecordType] returns it.
	Type string
	// Records are what the RRset is to have, nil for what it has. None removes it.
	Records []SetRecord
	TTL     uint32
	// Comments are those of the RRset, nil for those that it has.
	Comments []string
}

// SetRecord is a record of a [Set].
type SetRecord struct {
	// Value is the data as the client wrote it, with absolute names.
	Value string
	// data is Value in canonical wire form, canonical is equal for the same data.
	data, canonical string
}

func (s Set) key() zonedata.Key {
	number, _ := dns.TypeNumber(s.Type)
	return zonedata.Key{Owner: dns.FoldName(s.Host), Type: number}
}

// NewSetRecord checks the data of a record of a type.
func NewSetRecord(zone, rrtype, value string) (SetRecord, error) {
	data, err := dns.AcceptRData(dns.FoldName(zone), rrtype, value)
	if err != nil {
		return SetRecord{}, err
	}
	r := SetRecord{Value: value, canonical: data.Canonical()}
	r.data, err = zonedata.Data(data.RR(".", 0))
	return r, err
}

// Canonical is equal for records with the same data.
func (r SetRecord) Canonical() string { return r.canonical }

// Sets makes RRsets of a zone in a view what a client wants, as one change.
//
// Invariants:
//  1. A record that is wanted keeps its id, and its comment unless the client gives comments.
//  2. What is generated and wanted as it is becomes no record, which is a success.
//  3. Rules between records hold at the end, whatever the order of the RRsets.
//  4. It tells who may not ACCESS the zone nothing about it.
type Sets struct {
	u    *Update
	sets []Set
}

// NewSets returns the command. The zone's id may be 0 where the command is a part of what makes the
// zone, see [Sets.Operations].
func NewSets(to Target, sets []Set) *Sets {
	u := &Update{to: to, located: map[dns.RecordData]located{}}
	u.to.Zone = dns.FoldName(to.Zone)
	// Whether an address, or the set of name servers, is generated depends on the others.
	sets = slices.Clone(sets)
	slices.SortStableFunc(sets, func(a, b Set) int { return cmp.Compare(generatedAfter(a.key()), generatedAfter(b.key())) })
	return &Sets{u: u, sets: sets}
}

func generatedAfter(key zonedata.Key) int {
	switch {
	case key == zonedata.ApexNS, key.Type == mdns.TypePTR: // which an alias may stand in the way of
		return 1
	case key.Type == mdns.TypeA || key.Type == mdns.TypeAAAA:
		return 2
	default:
		return 0
	}
}

// Len is how many RRsets there are.
func (s *Sets) Len() int { return len(s.sets) }

// Zone is the absolute name of the zone.
func (s *Sets) Zone() string { return s.u.zone() }

// At is the RRset that an operation is about.
func (s *Sets) At(i int) Set { return s.sets[i] }

// Opening is what is decided first where the zone is there already.
func (s *Sets) Opening() domain.Command { return opening{s.u} }

// Operations are the RRsets as operations of a batch. Made is the place of the operation that makes
// the zone, -1 for a zone that is there.
func (s *Sets) Operations(made int) []batch.Operation {
	operations := make([]batch.Operation, len(s.sets))
	for i, set := range s.sets {
		o := batch.Operation{Takes: slices.Repeat([]domain.Sequence{domain.SequenceRecord}, len(set.Records))}
		u := *s.u
		o.Build = func(created []int64) (domain.Command, error) {
			if len(created) > 0 {
				u.to.ZoneID = created[0]
			}
			return setStep{&u, set}, nil
		}
		if made >= 0 {
			o.Uses = []int{made}
		}
		operations[i] = o
	}
	return operations
}
