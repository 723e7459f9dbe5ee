package zonedata

import (
	"cmp"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Zone is what a zone is in a view at a position of the log, but for the records of the log,
// of which there may be a million.
//
// Invariants:
//  1. With the records of the log at the same position it is what every name server that has
//     applied the position serves.
type Zone struct {
	// Name is absolute, in lower case.
	Name     string
	Settings dns.ZoneSettings
	// Position is that of the last event that changed the content, of which Serial follows.
	Position domain.Position
	Serial   uint32
	Fleet    dns.Fleet
	Generated
}

// SOA is the zone's.
func (z Zone) SOA() *mdns.SOA { return SOA(z.Name, z.Settings, z.Primary, z.Serial) }

// Set is an RRset as it is served, given the zone's own.
func (z Zone) Set(key Key, own Lookup) *RRset {
	if s, generated := z.Sets[key]; generated {
		return s
	}
	return own(key)
}

// SOA renders a zone's SOA; zone is the absolute name, primary what is generated for it.
func SOA(zone string, s dns.ZoneSettings, primary string, serial uint32) *mdns.SOA {
	timers := s.Timers()
	return &mdns.SOA{
		Hdr: mdns.RR_Header{Name: zone, Rrtype: mdns.TypeSOA, Class: mdns.ClassINET, Ttl: s.TTL()},
		Ns:  cmp.Or(s.MName, primary), Mbox: s.Mailbox(dns.FoldName(zone)), Serial: serial,
		Refresh: timers.Refresh, Retry: timers.Retry, Expire: timers.Expire, Minttl: timers.Minimum,
	}
}
