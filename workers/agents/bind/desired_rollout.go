package bind

import (
	"maps"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// rollout is one that is under way: a change of the configuration that the servers have one stage
// after the other. The log's events of that time, zones and records among them, are applied as ever.
type rollout struct {
	stages  dns.RolloutStages
	reached int
	// former is what the servers of stages have that are not reached.
	former dns.FormerSettings
}

// waits says whether the server is to have the former configuration.
func (s *desiredState) waits() bool {
	return s.rollout != nil && s.rollout.stages.Of(s.self) > s.rollout.reached
}

// configuration is what named's configuration is to be made of, as a copy.
func (s *desiredState) configuration() (views map[int64]dns.ViewData, order []int64, conf dns.BindConfChanged) {
	views = maps.Clone(s.views)
	if s.waits() {
		return s.rollout.former.ApplyTo(views, s.order, s.conf)
	}
	return views, s.order, s.conf
}

// changeRollout takes an event of a rollout. What a change replaces is noted with the change itself, of
// which RolloutStarted is the last event: so named never has a configuration before its time.
func (s *desiredState) changeRollout(event domain.Event, p domain.Position) {
	waited := s.waits()
	switch e := event.(type) {
	case dns.RolloutStarted:
		s.startRollout(e)
		return
	case dns.RolloutStageReached:
		if s.rollout != nil {
			s.rollout.reached = e.Stage
		}
	case dns.RolloutEnded, dns.RolloutStopped:
		s.rollout = nil
	}
	if waited && !s.waits() {
		s.markSettingsDirty(p)
	}
}

func (s *desiredState) startRollout(e dns.RolloutStarted) {
	servers := make(map[int64]dns.ServerData, len(s.servers))
	for id, server := range s.servers {
		servers[id] = server.ServerData
	}
	s.rollout = &rollout{stages: dns.StagesOf(e.Order, servers), reached: 1, former: e.Former}
}
