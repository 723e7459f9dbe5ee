package zoneupdate

import (
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// prerequisites are those of a message (RFC 2136, section 2.4).
type prerequisites struct {
	single []prerequisite
	// sets are the RRsets that must be there as they are in the message, but for their TTL; order
	// has their keys.
	sets  map[zonedata.Key][]string
	order []zonedata.Key
}

// prerequisite asks whether there is something at a key; type ANY stands for any record.
type prerequisite struct {
	key    zonedata.Key
	exists bool
}

// isMeta says whether no zone has records of the type (RFC 6895, section 3.1).
func isMeta(rrtype uint16) bool { return rrtype == mdns.TypeOPT || rrtype >= 128 && rrtype <= 255 }

// read reads the section, see section 3.2.5.
func (p *prerequisites) read(zone string, section []mdns.RR) *Failure {
	p.sets = map[zonedata.Key][]string{}
	for _, rr := range section {
		h := rr.Header()
		owner, inside := zonedata.Relative(h.Name, zone)
		switch {
		case h.Ttl != 0:
			return fail(mdns.RcodeFormatError, "a prerequisite has a TTL")
		case !inside:
			return fail(mdns.RcodeNotZone, "%s is not in the zone %s", h.Name, zone)
		}
		key := zonedata.Key{Owner: owner, Type: h.Rrtype}
		switch h.Class {
		case mdns.ClassANY, mdns.ClassNONE:
			if h.Rdlength != 0 || isMeta(h.Rrtype) && h.Rrtype != mdns.TypeANY {
				return fail(mdns.RcodeFormatError, "a prerequisite of class %s has data or no type of a zone", mdns.ClassToString[h.Class])
			}
			p.single = append(p.single, prerequisite{key, h.Class == mdns.ClassANY})
		case mdns.ClassINET:
			data, failure := dataOf(rr)
			if failure != nil {
				return failure
			}
			if p.sets[key] == nil {
				p.order = append(p.order, key)
			}
			p.sets[key] = append(p.sets[key], data)
		default:
			return fail(mdns.RcodeFormatError, "a prerequisite is of class %d", h.Class)
		}
	}
	for _, key := range p.order {
		slices.Sort(p.sets[key])
		p.sets[key] = slices.Compact(p.sets[key])
	}
	return nil
}

// dataOf is the data of a record of the zone's class in canonical wire form.
func dataOf(rr mdns.RR) (string, *Failure) {
	if isMeta(rr.Header().Rrtype) {
		return "", fail(mdns.RcodeFormatError, "no zone has records of type %s", dns.TypeName(rr.Header().Rrtype))
	}
	if rr.Header().Rdlength == 0 {
		return "", nil // of which the library makes a record with the defaults of its type
	}
	data, err := zonedata.Data(rr)
	if err != nil {
		return "", fail(mdns.RcodeFormatError, "%v", err)
	}
	return data, nil
}

func (p *prerequisites) keys() []zonedata.Key {
	keys := slices.Clone(p.order)
	for _, one := range p.single {
		keys = append(keys, one.key)
	}
	return keys
}

// nodes are the owner names that the prerequisites are about, and the apex, on which depends what
// is generated.
func (p *prerequisites) nodes(u *Update) (nodes []dns.Node) {
	for _, key := range p.keys() {
		nodes = append(nodes, u.node(key.Owner))
	}
	if len(nodes) > 0 {
		nodes = append(nodes, u.node(dns.Apex))
	}
	return nodes
}

// unmet returns the failure of the first prerequisite that does not hold: first those about
// existence, then those about data, as section 3.2.5 has it.
func (p *prerequisites) unmet(u *Update, now *dns.Now, settings dns.ZoneSettings) (*Failure, error) {
	if len(p.keys()) == 0 {
		return nil, nil
	}
	served, err := newServed(u, now, settings)
	if err != nil {
		return nil, err
	}
	for _, one := range p.single {
		exists, err := served.has(one.key)
		if err != nil {
			return nil, err
		}
		if exists != one.exists {
			return one.failure(), nil
		}
	}
	for _, key := range p.order {
		set, err := served.set(key)
		if err != nil {
			return nil, err
		}
		if set == nil || !slices.Equal(set.Data, p.sets[key]) {
			return unmet(mdns.RcodeNXRrset, key, "is not as the message says"), nil
		}
	}
	return nil, nil
}

func (p prerequisite) failure() *Failure {
	name := p.key.Type == mdns.TypeANY
	switch {
	case name && p.exists:
		return unmet(mdns.RcodeNameError, p.key, "does not exist")
	case name:
		return unmet(mdns.RcodeYXDomain, p.key, "exists")
	case p.exists:
		return unmet(mdns.RcodeNXRrset, p.key, "does not exist")
	default:
		return unmet(mdns.RcodeYXRrset, p.key, "exists")
	}
}
