package reporter

import (
	"cmp"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// State says how far the name servers are with a change.
type State string

// The states.
const (
	// Pending: not every server is known to have the change.
	Pending State = "PENDING"
	// InSync: every server has the change, or the event changes nothing in named.
	InSync State = "INSYNC"
	// Failed: at least one server cannot apply the change, and says why.
	Failed State = "FAILED"
)

// Change is the state of one event on all enrolled servers.
type Change struct {
	Position domain.Position
	State    State
	// Percent is the share of the change's zones that are proved to be served, over all servers, 100
	// without servers. Of a change of the configuration it is the share of the servers that have it.
	Percent int
	// Servers has one entry for each enrolled server, never nil.
	Servers []ServerChange
}

// ServerChange is the state of one event on one server.
type ServerChange struct {
	ServerID int64
	Host, IP string
	// Applied says that the server is known to serve the change.
	Applied bool
	// Percent is 100 when Applied, else the share of the change's zones that the server is proved to
	// serve, as far as is known.
	Percent int
	// Since is when the server was first known to serve the change, nil while it is not.
	Since *time.Time
	// AppliedPosition is the position up to which the server has applied the log.
	AppliedPosition domain.Position
	// Proved is the position up to which the server is known to serve what was asked about, 0
	// while that is not known.
	Proved domain.Position
	// Online says that the agent has reported lately.
	Online bool
	// Error is named's own message if a failure keeps the change from being served.
	Error string
	// FailedZone is the zone that the failure is about, 0 if it is about no zone alone, or about
	// one that is gone (FailedGone). FailedView is its view, 0 for none.
	FailedZone int64
	FailedGone bool
	FailedView int64
}

// evaluate says how far the servers are with the change.
func (a *asked) evaluate(servers []dnsmodel.Server, words map[int64]*lastReport, now time.Time) Change {
	change := Change{Position: a.end, State: InSync, Percent: 100, Servers: make([]ServerChange, 0, len(servers))}
	percent := 0
	for _, s := range servers {
		row := ServerChange{ServerID: s.ID, Host: s.Host, IP: s.IP}
		from, waits, failed := a.from(s.ID)
		if w := words[s.ID]; w != nil && from == 0 {
			row.Online, row.AppliedPosition, row.Proved = w.online(now), w.report.Applied, w.report.Applied
		} else if w != nil {
			row.fillIn(from, a, w, now)
		}
		switch {
		case row.Applied:
		case row.Error != "", failed:
			change.State = Failed
		case change.State != Failed:
			change.State = Pending
		}
		row.Error = cmp.Or(row.Error, waits)
		percent += row.Percent
		change.Servers = append(change.Servers, row)
	}
	if len(servers) > 0 {
		change.Percent = percent / len(servers)
	}
	return change
}

// percentOn is the share of the change's zones that a server without all of the change is known to serve.
// What other changes wait for counts against it: the report has one number for all.
func (a *asked) percentOn(from domain.Position, w *lastReport) int {
	c, zones := w.report.Condition, a.effects.zones()
	if c == nil || w.report.Seen < from {
		return 0
	}
	if a.everywhere {
		zones = c.Zones.Total
	}
	if zones == 0 {
		return 0
	}
	lacking := min(zones, max(1, c.Unapplied+c.Zones.Refused))
	return (zones - lacking) * 100 / zones
}

// fillIn fills in what the agent's last report says about the event.
func (s *ServerChange) fillIn(position domain.Position, a *asked, w *lastReport, now time.Time) {
	s.Online, s.AppliedPosition = w.online(now), w.report.Applied
	s.Proved = w.report.Applied
	failure, failed := a.effects.failureIn(w.report, position)
	if !failed || !failure.Now {
		s.Percent = a.percentOn(position, w)
	}
	if failed {
		s.fail(failure)
		return
	}
	if w.report.Applied >= position {
		since := w.since(position)
		s.Applied, s.Percent, s.Since = true, 100, &since
	}
}

// fail says that a failure keeps from being served what was asked about.
func (s *ServerChange) fail(f protocol.Failure) {
	s.Proved = max(0, min(s.Proved, f.Since-1))
	s.Error, s.FailedZone, s.FailedGone, s.FailedView = cmp.Or(f.Message, "refused without a message"), f.ZoneID, f.Gone(), f.ViewID
}

// withoutEffect is the state of an event that changes nothing in named.
func withoutEffect(position domain.Position, at time.Time, servers []dnsmodel.Server, words map[int64]*lastReport, now time.Time) Change {
	change := (&asked{end: position}).evaluate(servers, words, now)
	change.State, change.Percent = InSync, 100
	for i := range change.Servers {
		s := &change.Servers[i]
		s.Applied, s.Percent, s.Error, s.FailedZone, s.Since = true, 100, "", 0, &at
	}
	return change
}
