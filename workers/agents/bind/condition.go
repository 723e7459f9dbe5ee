package bind

import (
	"github.com/opsledger/opsledger/protocol"
)

// conditionLocked says how named is, beside what it is proved to serve. A process that is frozen
// is there, and answers nothing. The caller holds the lock.
func (e *Engine) conditionLocked() *protocol.Condition {
	c := &protocol.Condition{
		Process: e.version != "" || e.orphan() != 0, Since: e.since, QueryRate: e.queryRate, Zones: e.zones,
		Port: e.version != "" && e.silent == nil && !e.silentAnywhere(),
	}
	c.Resolve = c.Port && e.loaded && len(e.unserved) == 0
	c.Zones.Refused = len(e.state.failing)
	s := e.state
	c.Unapplied = max(0, s.frontier.waiting-count(s.settings.counted)-count(s.inventory.counted))
	return c
}

// silentAnywhere says whether clients get no answer at some address. The caller holds the lock.
func (e *Engine) silentAnywhere() bool {
	for _, f := range e.unserved {
		if f.silent {
			return true
		}
	}
	return false
}

// countZones counts the zones in views. That costs as much as there are zones, so that reports
// take over what was counted last.
func (e *Engine) countZones() {
	e.mu.Lock()
	defer e.mu.Unlock()
	var count protocol.ZoneCounts
	for _, z := range e.state.inView {
		if z.want == nil {
			continue
		}
		count.Total++
		if z.failure == nil && (z.unapplied() != 0 || !z.proved()) {
			count.Behind++
		}
	}
	e.zones = count
}
