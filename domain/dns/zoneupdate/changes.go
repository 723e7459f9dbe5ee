package zoneupdate

import (
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// kind is what an update does.
type kind int

const (
	add kind = iota
	// deleteSet deletes an RRset, or all of a name, deleteRecord a record.
	deleteSet
	deleteRecord
)

// change is a record of the update section (RFC 2136, section 2.5).
type change struct {
	kind kind
	key  zonedata.Key
	// host is the owner, relative to the zone, in the letters of the message.
	host string
	ttl  uint32
	// data is in canonical wire form, written as it stands in the message, uncompressed.
	data, written string
	// levels is said of the last addition to an RRset, whose TTL all of it gets in the end: the
	// additions before it would give each record one that nobody ever sees.
	levels bool
}

// readChanges reads the section, see section 3.4.1.3.
func readChanges(zone string, section []mdns.RR) ([]change, *Failure) {
	changes := make([]change, 0, len(section))
	for _, rr := range section {
		c, failure := readChange(zone, rr)
		if failure != nil {
			return nil, failure
		}
		changes = append(changes, c)
	}
	last := map[zonedata.Key]bool{}
	for i := range slices.Backward(changes) {
		if c := &changes[i]; c.kind == add {
			c.levels, last[c.key] = !last[c.key], true
		}
	}
	return changes, nil
}

func readChange(zone string, rr mdns.RR) (c change, failure *Failure) {
	h := rr.Header()
	owner, inside := zonedata.Relative(h.Name, zone)
	if !inside {
		return c, fail(mdns.RcodeNotZone, "%s is not in the zone %s", h.Name, zone)
	}
	c = change{key: zonedata.Key{Owner: owner, Type: h.Rrtype}, host: dns.Apex, ttl: h.Ttl}
	if owner != dns.Apex {
		c.host = dns.Respelled(h.Name[:len(h.Name)-len(zone)-1])
	}
	switch h.Class {
	case mdns.ClassINET:
		c.kind = add
		if h.Rdlength == 0 && !mayBeEmpty(rr) {
			return c, fail(mdns.RcodeFormatError, "a record of type %s has no data", dns.TypeName(h.Rrtype))
		}
		if c.data, failure = dataOf(rr); failure == nil {
			c.written, failure = writtenData(rr)
		}
		return c, failure
	case mdns.ClassANY:
		c.kind = deleteSet
		if h.Ttl != 0 || h.Rdlength != 0 || isMeta(h.Rrtype) && h.Rrtype != mdns.TypeANY {
			return c, fail(mdns.RcodeFormatError, "a deletion of an RRset has a TTL, data, or no type of a zone")
		}
		return c, nil
	case mdns.ClassNONE:
		c.kind = deleteRecord
		if h.Ttl != 0 {
			return c, fail(mdns.RcodeFormatError, "a deletion of a record has a TTL")
		}
		c.data, failure = dataOf(rr)
		return c, failure
	default:
		return c, fail(mdns.RcodeFormatError, "an update is of class %d", h.Class)
	}
}

func mayBeEmpty(rr mdns.RR) bool {
	switch rr.(type) {
	case *mdns.APL, *mdns.NULL, *mdns.RFC3597:
		return true
	default:
		return false
	}
}

// writtenData is the data as it stands in the message, uncompressed.
func writtenData(rr mdns.RR) (string, *Failure) {
	if rr.Header().Rdlength == 0 {
		return "", nil
	}
	data, err := zonedata.Written(rr)
	if err != nil {
		return "", fail(mdns.RcodeFormatError, "%v", err)
	}
	return data, nil
}

// ignoredAlways says that the change is one that never does anything: the SOA is generated, and
// the RRset of the zone's name servers is not deleted as a whole.
func (c change) ignoredAlways() bool {
	return c.key.Type == mdns.TypeSOA ||
		c.kind == deleteSet && c.key.Owner == dns.Apex && c.key.Type == mdns.TypeNS
}

func (c change) takes() []domain.Sequence {
	if c.kind == add && !c.ignoredAlways() {
		return []domain.Sequence{domain.SequenceRecord}
	}
	return nil
}
