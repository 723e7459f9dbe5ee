package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// FleetServers are the servers by their ids.
type FleetServers map[int64]FleetServer

// Take takes the next event, which mostly changes nothing here.
func (s FleetServers) Take(event domain.Event) {
	switch e := event.(type) {
	case ServerCreated:
		s[e.ID] = FleetServer{ServerData: e.Server}
	case ServerUpdated:
		s.change(e.ID, func(f *FleetServer) { f.ServerData = e.After })
	case ServerDeleted:
		delete(s, e.ID)
	case ServerEnrolled:
		s.change(e.ID, func(f *FleetServer) { f.Enrolled, f.Serves = true, !e.Unproved })
	case ServerProved:
		s.change(e.ID, func(f *FleetServer) { f.Serves = true })
	case ServerWithdrawn:
		s.change(e.ID, func(f *FleetServer) { f.Enrolled, f.Serves = false, false })
	}
}

func (s FleetServers) change(id int64, change func(*FleetServer)) {
	if f, known := s[id]; known {
		change(&f)
		s[id] = f
	}
}

// After returns what events make of the fleet: of what an admin has said, and of the servers.
func (d FleetData) After(servers FleetServers, events []domain.Event) (FleetData, FleetServers) {
	servers = maps.Clone(servers)
	for _, e := range events {
		if changed, is := e.(FleetChanged); is {
			d = changed.After
		}
		servers.Take(e)
	}
	return d, servers
}

// FleetOf is [ResolveFleet] of servers by their ids.
func FleetOf(d FleetData, servers FleetServers) Fleet {
	return ResolveFleet(d, slices.Collect(maps.Values(servers)))
}
