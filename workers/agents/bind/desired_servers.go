package bind

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// changeFleet takes an event on which the fallback of zones depends that say nothing of
// their own. Every zone whose content it changes has another position from then on.
func (s *desiredState) changeFleet(event domain.Event, p domain.Position) {
	if e, is := event.(dns.FleetChanged); is {
		s.fleet = e.After
	}
	if s.losesAgent(event) {
		s.left = p
	}
	s.servers.Take(event)
	s.changePeers(p)
	before := s.fallback.Fleet
	s.resolveFallback()
	s.changes.Note(before, s.fallback.Fleet, p)
	s.markMoved(p)
}

func (s *desiredState) resolveFallback() {
	s.fallback = nameServers{Fleet: dns.FleetOf(s.fleet, s.servers)}
}

func (s *desiredState) renumber(p domain.Position) {
	s.changes.Zones = p
	s.markMoved(p)
}

// markMoved makes all zones dirty whose position is p now.
func (s *desiredState) markMoved(p domain.Position) {
	if s.changes.Zones != p && s.changes.Names != p && s.changes.Addresses != p {
		return
	}
	for _, z := range s.inView {
		if s.position(z) == p {
			s.markDirty(z, p)
		}
	}
}

// position is that of the last event that changed what named is to serve of a zone, 0 where
// named is to serve nothing. It follows from the log alone, see [dns.FleetChanges].
func (s *desiredState) position(z *zoneInView) domain.Position {
	switch {
	case z.want == nil:
		return 0
	case z.want.forwards():
		return z.want.changed
	}
	return s.positionWith(z.want, s.fallback.apexOf(z.key.zone, z.want.sets))
}

func (s *desiredState) positionWith(c *viewCopy, a apex) domain.Position {
	return s.changes.Position(c.changed, a.fleetNames, a.fleetAddresses)
}

// number gives a job the position and the serial that follow from the log. They are the
// same on every name server.
func (s *desiredState) number(j job) job {
	j.secondary = s.peers.secondary
	if j.want == nil || j.want.forwards() {
		return j
	}
	j.changed = s.positionWith(j.want, j.content.apex)
	name := dns.SerialName{Zone: dns.FoldName(j.key.zone), View: s.views[j.key.view].Name}
	j.serial = s.bases[name].Serial(j.changed)
	return j
}
