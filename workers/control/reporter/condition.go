package reporter

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// ServerCondition is what is known of a name server from its agent.
type ServerCondition struct {
	AgentStatus
	// Condition is nil while the agent is away, or of an earlier version.
	Condition *protocol.Condition
	// Applied is the position up to which the server was last known to serve the log, Lag how
	// many positions the last event of name servers is ahead of it.
	Applied, Lag domain.Position
	// Failure is the first thing that it does not serve as the log says, nil for none.
	Failure *protocol.Failure
}

// ServerCondition returns what is known of a server, whose agent may never have reported.
func (r *Reporter) ServerCondition(server int64) ServerCondition {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	return conditionOf(r.last[server], r.lastDNS, now)
}

func conditionOf(w *lastReport, lastDNS domain.Position, now time.Time) ServerCondition {
	c := ServerCondition{Lag: lastDNS}
	if w == nil {
		return c
	}
	c.AgentStatus = AgentStatus{Online: w.online(now), Seen: w.received, Named: w.report.Named}
	c.Applied, c.Lag = w.report.Applied, max(0, lastDNS-w.report.Applied)
	if len(w.report.Failures) > 0 {
		c.Failure = &w.report.Failures[0]
	}
	if c.Online {
		c.Condition = w.report.Condition
	}
	return c
}

// ZoneInView is a zone as it is served in one view.
type ZoneInView struct {
	ID, ViewID int64
	Name       string
	// Content is the position of the last event that changed what it serves there.
	Content domain.Position
}

// Zone says how far each enrolled server is with what a zone serves in a view.
func (r *Reporter) Zone(z ZoneInView) []ServerChange {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	servers, _ := r.cfg.Roster.Enrolled()
	return zoneOn(z, servers, r.last, now)
}

// zoneOn knows nothing of a server whose agent is away: what it served then, it may have lost.
func zoneOn(z ZoneInView, servers []dnsmodel.Server, last map[int64]*lastReport, now time.Time) []ServerChange {
	rows := make([]ServerChange, 0, len(servers))
	for _, s := range servers {
		row := ServerChange{ServerID: s.ID, Host: s.Host, IP: s.IP}
		if w := last[s.ID]; w != nil && w.online(now) {
			z.fillIn(&row, w)
		}
		rows = append(rows, row)
	}
	return rows
}

func (z ZoneInView) fillIn(row *ServerChange, w *lastReport) {
	row.Online, row.AppliedPosition, row.Proved = true, w.report.Applied, w.report.Applied
	for _, f := range w.report.Failures {
		if z.failsBy(f, w.report) {
			row.fail(f)
			return
		}
	}
	if w.report.Applied >= z.Content {
		since := w.since(z.Content)
		row.Applied, row.Percent, row.Since = true, 100, &since
	}
}

// failsBy says whether the zone is not served for a failure in a report. One that the agent had
// before it has seen the zone's last change may end with that; one of the configuration does not
// keep from being served what was read back.
func (z ZoneInView) failsBy(f protocol.Failure, r protocol.Report) bool {
	switch {
	case !f.Now && r.Applied < z.Content && r.Seen < z.Content:
		return false
	case f.More:
		return true
	case f.ZoneID != 0:
		return f.ZoneID == z.ID && f.ViewID == z.ViewID
	case f.Gone():
		return f.ViewID == z.ViewID && dns.FoldName(f.Zone) == dns.FoldName(z.Name)
	case f.Now:
		return f.ViewID == z.ViewID
	default:
		return r.Applied < z.Content
	}
}

// FailedZones lists what a server's agent said last of zones that the server does not serve as
// the log says. more says that there are failures of another kind, such as of the configuration or
// of a whole view, and that other zones may be wrong, too.
func (r *Reporter) FailedZones(server int64) (zones []protocol.Failure, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.last[server]
	if w == nil {
		return nil, false
	}
	for _, f := range w.report.Failures {
		if f.ZoneID != 0 {
			zones = append(zones, f)
		}
		more = more || f.ZoneID == 0
	}
	return zones, more
}
