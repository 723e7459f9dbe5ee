package bind

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// Status reports how far named is proved to be, with every failure, the oldest
// first. The caller fills in Log, Boot and Seq, and makes the report fit into a
// message.
func (e *Engine) Status() protocol.Report {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.state
	r := protocol.Report{
		Agent: e.cfg.Agent, Seen: s.seen, Applied: e.appliedLocked(), LastDNS: s.origin.LastDNS, LastID: s.origin.LastID,
		At: time.Now().UTC(), Named: e.version, Condition: e.conditionLocked(),
	}
	if f := s.settings.failure; f != nil {
		r.Failures = append(r.Failures, protocol.Failure{Since: f.since, Message: f.message})
	}
	if f := e.confLeftLocked(); f != nil {
		r.Failures = append(r.Failures, *f)
	}
	if f := e.silent; f != nil {
		r.Failures = append(r.Failures, protocol.Failure{Since: f.since, More: true, Message: f.message})
	}
	r.Failures = append(r.Failures, e.unservedLocked()...)
	for z := range s.failing {
		r.Failures = append(r.Failures, failureOf(s, z))
	}
	slices.SortFunc(r.Failures, func(x, y protocol.Failure) int {
		return cmp.Or(cmp.Compare(x.Since, y.Since), cmp.Compare(x.ZoneID, y.ZoneID), cmp.Compare(x.ViewID, y.ViewID))
	})
	return r
}

// appliedLocked is the position up to which all is proved. The caller holds the lock.
func (e *Engine) appliedLocked() domain.Position {
	if !e.loaded {
		return 0
	}
	return e.state.frontier.applied(e.state.seen)
}

func failureOf(s *desiredState, z *zoneInView) protocol.Failure {
	f := protocol.Failure{
		Since: z.failure.since, Message: z.failure.message,
		Zone: strings.TrimSuffix(z.key.zone, "."), ViewID: z.key.view, View: viewTitle(s, z.key.view),
	}
	if z.want != nil {
		f.ZoneID = z.want.zoneID
	}
	if z.reported != nil && z.want != nil { // what was served before is not, either
		f.Since, f.Now = 0, true
	}
	return f
}
