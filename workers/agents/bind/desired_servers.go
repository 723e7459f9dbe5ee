package bind

import (
	"net/netip"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

func (s *desiredState) changeServer(id int64, data *dns.ServerData, p domain.Position) {
	if data == nil {
		delete(s.servers, id)
	} else {
		s.servers[id] = *data
	}
	if !s.resolveFallback() {
		return
	}
	for _, z := range s.inView {
		if z.want != nil && !z.want.forwards() && len(z.want.sets[apexNS]) == 0 {
			z.want.changed = p
			s.markDirty(z, p)
		}
	}
}

// resolveFallback works out the default name servers and says whether they changed.
func (s *desiredState) resolveFallback() bool {
	var addresses []netip.Addr
	for _, server := range s.servers {
		if addr, err := netip.ParseAddr(server.IP); err == nil && server.IsMaster() {
			addresses = append(addresses, addr.Unmap())
		}
	}
	if len(addresses) == 0 {
		addresses = []netip.Addr{s.own}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	same := slices.Equal(addresses, s.fallback.addresses)
	s.fallback = nameServers{names: s.names, addresses: addresses}
	return !same
}
