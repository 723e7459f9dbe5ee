package bind

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opsledger/opsledger/protocol"
)

// Status reports what is proved, with every failure, the oldest first. Log, Boot
// and Seq are left to the caller, and to make it fit into a message.
func (e *Engine) Status() protocol.Report {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.ledger
	r := protocol.Report{
		Agent: e.cfg.Agent, Seen: l.seen, Applied: l.frontier.applied(l.seen),
		At: time.Now().UTC(), Named: e.version,
	}
	if !e.loaded {
		r.Applied = 0
	}
	if f := l.settings.failure; f != nil {
		r.Failures = append(r.Failures, protocol.Failure{Since: f.since, Message: f.message})
	}
	for s := range l.failing {
		r.Failures = append(r.Failures, failureOf(l, s))
	}
	slices.SortFunc(r.Failures, func(x, y protocol.Failure) int {
		return cmp.Or(cmp.Compare(x.Since, y.Since), cmp.Compare(x.ZoneID, y.ZoneID), cmp.Compare(x.ViewID, y.ViewID))
	})
	return r
}

func failureOf(l *ledger, s *site) protocol.Failure {
	f := protocol.Failure{
		Since: s.failure.since, Message: s.failure.message,
		Zone: strings.TrimSuffix(s.key.zone, "."), ViewID: s.key.view, View: viewTitle(l, s.key.view),
	}
	if s.want != nil {
		f.ZoneID = s.want.zoneID
	}
	return f
}
