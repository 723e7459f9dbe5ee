package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// After returns what events make of the fleet: of what an admin has said, and of the servers, by
// their ids.
func (d FleetData) After(servers map[int64]FleetServer, events []domain.Event) (FleetData, map[int64]FleetServer) {
	servers = maps.Clone(servers)
	enroll := func(id int64, enrolled bool) {
		s := servers[id]
		s.Enrolled = enrolled
		servers[id] = s
	}
	for _, e := range events {
		switch e := e.(type) {
		case ServerCreated:
			servers[e.ID] = FleetServer{ServerData: e.Server}
		case ServerUpdated:
			servers[e.ID] = FleetServer{ServerData: e.After, Enrolled: servers[e.ID].Enrolled}
		case ServerDeleted:
			delete(servers, e.ID)
		case ServerEnrolled:
			enroll(e.ID, true)
		case ServerWithdrawn:
			enroll(e.ID, false)
		case FleetChanged:
			d = e.After
		}
	}
	return d, servers
}

// FleetOf is [ResolveFleet] of servers by their ids.
func FleetOf(d FleetData, servers map[int64]FleetServer) Fleet {
	return ResolveFleet(d, slices.Collect(maps.Values(servers)))
}
