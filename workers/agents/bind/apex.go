package bind

import (
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// generatedTTL is the TTL of generated NS and address records, in seconds, where the zone's
// settings say none.
const generatedTTL = dns.DefaultTTL

// apex is what is generated beside the records of the log, so that named loads
// the zone and takes its updates whatever the records are: named refuses a zone
// without apex NS, and one with an apex NS inside the zone that is an alias or
// has no address.
type apex struct {
	// sets overrides the log's records of the same key; nil means none are served.
	sets map[setKey]*rrset
	// primary is the SOA's primary name server, absolute.
	primary string
	// complaint says which records of the log cannot be served, if any.
	complaint string
	// fleetNames and fleetAddresses say whether the content depends on those of the
	// [dns.Fleet].
	fleetNames, fleetAddresses bool
}

// nameServers is what zones fall back to that have no apex NS of their own.
type nameServers struct{ dns.Fleet }

// apexOf generates the apex for a zone's records. Its cost depends on the number
// of apex NS, not on the zone's size.
func (n nameServers) apexOf(zone string, sets map[setKey][]logRecord) apex {
	return n.apexWith(zone, sets, generatedTTL)
}

// apexWith is apexOf with another TTL of what is generated. What that is says package
// zonedata, for the control plane as well.
func (n nameServers) apexWith(zone string, sets map[setKey][]logRecord, ttl uint32) apex {
	g := zonedata.Generate(zone, n.Fleet, ttl, func(key zonedata.Key) *zonedata.RRset {
		if s := assemble(sets[setKey{owner: key.Owner, rrtype: key.Type}]); s != nil {
			return &zonedata.RRset{TTL: s.ttl, Data: s.rdata}
		}
		return nil
	})
	out := apex{
		sets: make(map[setKey]*rrset, len(g.Sets)), primary: g.Primary, complaint: g.Complaint,
		fleetNames: g.FleetNames, fleetAddresses: g.FleetAddresses,
	}
	for key, s := range g.Sets {
		out.sets[setKey{owner: key.Owner, rrtype: key.Type}] = &rrset{ttl: s.TTL, rdata: s.Data}
	}
	return out
}
