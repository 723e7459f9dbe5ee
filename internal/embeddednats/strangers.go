package embeddednats

import (
	"context"
	"net/netip"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/internal/network"
)

const (
	// crowdEvery is how often it is looked whether strangers take the places of others.
	crowdEvery = 200 * time.Millisecond
	// mostStrange is how many connections that have not said whose they are one address may
	// have while places are scarce, where there are many places.
	mostStrange = 512
)

// TurnAway keeps places for who may connect, until ctx ends: while more than half of them
// are taken, it closes connections of addresses that have many which have not said whose
// they are. The library itself closes one that does not say so within authTimeout, and
// refuses everybody while no place is free.
//
// Invariants:
//  1. Of one network no more than mostStrange strange connections, or an eighth of all,
//     outlive a look while more than half of the places are taken; the youngest go.
//  2. A connection that has said whose it is, is never closed here.
func (s *Server) TurnAway(ctx context.Context) error {
	for s.closed && backoff.Sleep(ctx, crowdEvery) {
		if s.inner.NumClients() <= s.connections/2 {
			continue
		}
		if closed := s.turnAway(); closed > 0 {
			s.log.log.Warn("connections were closed that did not say whose they are, since places are scarce", "closed", closed)
		}
	}
	<-ctx.Done()
	return nil
}

// turnAway closes what is too much now.
func (s *Server) turnAway() (closed int) {
	all, err := s.inner.Connz(&server.ConnzOptions{Username: true, Limit: 2 * s.connections})
	if err != nil {
		return 0
	}
	for _, id := range tooMany(all.Conns, max(min(mostStrange, s.connections/8), 1)) {
		if s.inner.DisconnectClientByID(id) == nil {
			closed++
		}
	}
	return closed
}

// tooMany returns the ids of the strange connections, in the order of their arrival, beyond
// so many of each network.
func tooMany(open []*server.ConnInfo, most int) (ids []uint64) {
	strange := map[string]int{}
	for _, c := range open {
		address, err := netip.ParseAddr(c.IP)
		if c.AuthorizedUser != "" || err != nil { // an own connection has no address
			continue
		}
		from := network.Of(address)
		if strange[from]++; strange[from] > most {
			ids = append(ids, c.Cid)
		}
	}
	return ids
}
