package dns

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// FleetData is what a client may say about the NS set of zones without apex NS of
// their own.
type FleetData struct {
	// NS are absolute names with a final dot; without any, each zone's name server is
	// master.<zone>.
	NS []string `json:"ns,omitempty"`
	// Addresses are what names inside a zone get that have no address there, as
	// canonical texts. Without any these are the addresses of the masters that serve.
	Addresses []string `json:"addresses,omitempty"`
}

func (d FleetData) equal(o FleetData) bool {
	return slices.Equal(d.NS, o.NS) && slices.Equal(d.Addresses, o.Addresses)
}

// FleetServer is a server as the fleet's addresses follow from it.
type FleetServer struct {
	ServerData
	// Enrolled says that the server has an agent, and Serves that it has once served all that
	// the log says: as far as the log knows it still does, whether the agent runs or not.
	Enrolled, Serves bool
}

// Fleet is what zones get that say nothing of their own: names in lower case and
// addresses, each sorted and without repeats. There is at least one address.
type Fleet struct {
	Names     []string
	Addresses []netip.Addr
}

// ResolveFleet says what follows from the servers and from what an admin has said. It is
// the same on every name server.
func ResolveFleet(d FleetData, servers []FleetServer) Fleet {
	var f Fleet
	for _, name := range d.NS {
		f.Names = append(f.Names, strings.ToLower(name))
	}
	slices.Sort(f.Names)
	f.Names = slices.Compact(f.Names)
	for _, text := range d.Addresses {
		if addr, err := netip.ParseAddr(text); err == nil {
			f.Addresses = append(f.Addresses, addr)
		}
	}
	if len(f.Addresses) == 0 {
		f.Addresses = addressesOf(servers)
	}
	slices.SortFunc(f.Addresses, netip.Addr.Compare)
	f.Addresses = slices.Compact(f.Addresses)
	return f
}

// addressesOf lists the masters that serve. While there are none, what comes nearest to
// them stands in: named refuses a zone whose name server has no address.
func addressesOf(servers []FleetServer) []netip.Addr {
	for _, serves := range []func(FleetServer) bool{
		func(s FleetServer) bool { return s.IsMaster() && s.Serves },
		func(s FleetServer) bool { return s.IsMaster() && s.Enrolled },
		func(s FleetServer) bool { return s.IsMaster() },
		func(s FleetServer) bool { return s.Enrolled },
		func(FleetServer) bool { return true },
	} {
		var found []netip.Addr
		for _, s := range servers {
			if addr, err := netip.ParseAddr(s.IP); err == nil && serves(s) {
				found = append(found, addr.Unmap())
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
}

// FleetChanges are the positions of the last events that changed what zones have in common.
//
// Invariants:
//  1. A zone's position in a view is that of the last event about the zone there, or of
//     one of these that its content depends on, whichever is later; see [FleetChanges.Position].
//  2. Whether a zone's content depends on the fleet changes only with an event
//     about the zone, or with the fleet's names; so its position never falls.
type FleetChanges struct {
	// Zones is of [ZonesRenumbered], which concerns every zone; Names and Addresses are
	// those of the [Fleet].
	Zones     domain.Position `json:"zones,omitempty"`
	Names     domain.Position `json:"names,omitempty"`
	Addresses domain.Position `json:"addresses,omitempty"`
}

// Note notes that an event at the position may have made another fleet of the one before.
func (c *FleetChanges) Note(before, after Fleet, p domain.Position) {
	if !slices.Equal(before.Names, after.Names) {
		c.Names = p
	}
	if !slices.Equal(before.Addresses, after.Addresses) {
		c.Addresses = p
	}
}

// Position is that of the last event that changed what a zone serves in a view. changed
// is that of the last event about the zone there; the zone's content may depend on the
// fleet's names and addresses.
func (c FleetChanges) Position(changed domain.Position, names, addresses bool) domain.Position {
	p := max(changed, c.Zones)
	if names {
		p = max(p, c.Names)
	}
	if addresses {
		p = max(p, c.Addresses)
	}
	return p
}
