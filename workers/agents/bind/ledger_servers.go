package bind

import (
	"net/netip"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

func (l *ledger) changeServer(id int64, data *dns.ServerData, p domain.Position) {
	if data == nil {
		delete(l.servers, id)
	} else {
		l.servers[id] = *data
	}
	if !l.resolveFallback() {
		return
	}
	for _, s := range l.sites {
		if s.want != nil && !s.want.forwards() && len(s.want.sets[apexNS]) == 0 {
			s.want.changed = p
			l.owe(s, p)
		}
	}
}

// resolveFallback works out the default name servers and says whether they changed.
func (l *ledger) resolveFallback() bool {
	var addresses []netip.Addr
	for _, server := range l.servers {
		if addr, err := netip.ParseAddr(server.IP); err == nil && server.IsMaster() {
			addresses = append(addresses, addr.Unmap())
		}
	}
	if len(addresses) == 0 {
		addresses = []netip.Addr{l.own}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	same := slices.Equal(addresses, l.fallback.addresses)
	l.fallback = nameServers{names: l.names, addresses: addresses}
	return !same
}
