package bind

import (
	"net/netip"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// peers are the other name servers with an agent, as far as this one exchanges zones with them. They
// follow from the log alone.
type peers struct {
	// secondary says that this server is a slave.
	secondary bool
	// primaries are whom a slave has its zones from, and secondaries whom a master gives them to. Each
	// is sorted, and the other one is empty.
	primaries, secondaries []netip.Addr
	// left is when an agent was last known to lose its rights: from then on other keys hold.
	left domain.Position
}

// exchange says whether zones go from server to server at all.
func (p peers) exchange() bool { return p.secondary || len(p.secondaries) > 0 }

func (p peers) equal(o peers) bool {
	return p.secondary == o.secondary && p.left == o.left &&
		slices.Equal(p.primaries, o.primaries) && slices.Equal(p.secondaries, o.secondaries)
}

// peersOf are the peers of one of the servers. A server that the log does not have is a master.
func peersOf(self int64, servers dns.FleetServers, left domain.Position) (p peers) {
	own, known := servers[self]
	p.secondary = known && !own.IsMaster()
	for id, s := range servers {
		addr, err := netip.ParseAddr(s.IP)
		if id == self || !s.Enrolled || err != nil {
			continue
		}
		switch {
		case p.secondary && s.IsMaster():
			p.primaries = append(p.primaries, addr.Unmap())
		case !p.secondary && !s.IsMaster():
			p.secondaries = append(p.secondaries, addr.Unmap())
		}
	}
	slices.SortFunc(p.primaries, netip.Addr.Compare)
	slices.SortFunc(p.secondaries, netip.Addr.Compare)
	if p.exchange() {
		p.left = left
	}
	return p
}

// losesAgent says whether an event takes an agent's rights.
func (s *desiredState) losesAgent(event domain.Event) bool {
	switch e := event.(type) {
	case dns.ServerWithdrawn:
		return s.servers[e.ID].Enrolled
	case dns.ServerDeleted:
		return s.servers[e.ID].Enrolled
	default:
		return false
	}
}

// changePeers takes over what the servers have become by an event. The configuration names the peers,
// the statements of zones do not: so a change of the peers costs one reconfiguration, and only another
// type of this server a job for each zone.
func (s *desiredState) changePeers(p domain.Position) {
	before := s.peers
	if s.peers = peersOf(s.self, s.servers, s.left); s.peers.equal(before) {
		return
	}
	s.markSettingsDirty(p)
	if s.peers.secondary == before.secondary {
		return
	}
	for _, z := range s.inView {
		if z.want != nil && !z.want.forwards() {
			z.replace(z.want) // whoever works on it does so for the former type
			s.markDirty(z, p)
		}
	}
}
