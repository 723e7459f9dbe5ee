package bind

import (
	"maps"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// content is all that one zone holds in one view: the records of the log, and
// the RRsets that are generated for its apex. A content does not change, except
// one that shares its sets map with the desired state.
type content struct {
	// zone is the absolute name in lower case.
	zone string
	sets map[setKey][]logRecord
	apex apex
	// settings say what the SOA has.
	settings dns.ZoneSettings
}

// set renders one RRset.
func (c content) set(key setKey) *rrset {
	if s, generated := c.apex.sets[key]; generated {
		return s
	}
	return assemble(c.sets[key])
}

// has says whether there are records under the key.
func (c content) has(key setKey) bool {
	if s, generated := c.apex.sets[key]; generated {
		return s != nil
	}
	return len(c.sets[key]) > 0
}

// size is how many RRsets there are, the SOA excepted.
func (c content) size() int {
	n := len(c.sets)
	for key, generated := range c.apex.sets {
		switch _, both := c.sets[key]; {
		case both && generated == nil:
			n--
		case !both && generated != nil:
			n++
		}
	}
	return n
}

// keys lists every RRset of the content in a fixed order, the SOA excepted.
func (c content) keys() []setKey {
	keys := slices.AppendSeq(make([]setKey, 0, len(c.sets)+len(c.apex.sets)), maps.Keys(c.sets))
	for key := range c.apex.sets {
		if _, both := c.sets[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

// soa renders the SOA with the given serial.
func (c content) soa(serial uint32) *mdns.SOA {
	return zonedata.SOA(c.zone, c.settings, c.apex.primary, serial)
}

// sameButSerial says whether two SOAs differ in their serial at most.
func sameButSerial(a, b *mdns.SOA) bool {
	x, y := *a, *b
	x.Serial, y.Serial, x.Hdr.Rdlength, y.Hdr.Rdlength = 0, 0, 0, 0
	return mdns.IsDuplicate(&x, &y) && x.Hdr.Ttl == y.Hdr.Ttl
}

// change is one RRset of which named holds (held) something else than it should
// (want). nil stands for no records.
type change struct {
	key        setKey
	held, want *rrset
}

// diff compares the RRsets that named holds with the content. Records that
// DNSSEC signing adds to a zone are named's own and left out.
func (c content) diff(held map[setKey]*rrset) []change {
	var changes []change
	compare := func(key setKey) {
		want := c.set(key)
		if have := held[key]; !want.equal(have) {
			changes = append(changes, change{key: key, held: have, want: want})
		}
	}
	for key := range c.sets {
		compare(key)
	}
	for key := range c.apex.sets {
		compare(key)
	}
	_, signed := held[setKey{owner: "@", rrtype: mdns.TypeRRSIG}]
	for key, have := range held {
		if !c.has(key) && !(madeBySigning(key) && (signed || !isKey(key.rrtype))) {
			changes = append(changes, change{key: key, held: have})
		}
	}
	// an RRset that is generated is found by two loops, one that is generated as absent by all
	return slices.CompactFunc(sortChanges(changes), func(a, b change) bool { return a.key == b.key })
}

func sortChanges(changes []change) []change {
	slices.SortFunc(changes, func(a, b change) int { return compareKeys(a.key, b.key) })
	return changes
}

// madeBySigning says whether signing may have made an RRset. Keys, and what is about them, are at the
// apex: a client may have them elsewhere.
func madeBySigning(key setKey) bool {
	const privateSigning = 65534 // BIND's record of unfinished signing
	switch key.rrtype {
	case mdns.TypeRRSIG, mdns.TypeNSEC, mdns.TypeNSEC3:
		return true
	case mdns.TypeNSEC3PARAM, mdns.TypeSOA, privateSigning:
		return key.owner == "@"
	default:
		return key.owner == "@" && isKey(key.rrtype)
	}
}

// isKey says whether records of the type are keys of a zone, or for its parent to know them by: the log
// may have them, and named if it signs.
func isKey(rrtype uint16) bool {
	return rrtype == mdns.TypeDNSKEY || rrtype == mdns.TypeCDS || rrtype == mdns.TypeCDNSKEY
}
