package main

import (
	"cmp"
	"fmt"
	"time"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// nameServers answers the API's questions about name servers from the reporter: package
// api does not know package workers.
type nameServers struct{ reports *reporter.Reporter }

// Health implements [v1.NameServers].
func (n nameServers) Health(server int64) v1.ServerHealth {
	c := n.reports.ServerCondition(server)
	h := v1.ServerHealth{Online: c.Online, AppliedPosition: c.Applied, Lag: c.Lag}
	switch {
	case c.Seen.IsZero():
		h.Error = "no agent has reported from this server yet"
	case !c.Online:
		h.Error = "the agent is away since " + c.Seen.UTC().Format(time.RFC3339)
	case c.Failure != nil:
		h.Error, h.FailedZone = cmp.Or(c.Failure.Message, "refused without a message"), c.Failure.ZoneID
		h.FailedGone, h.FailedView = c.Failure.Gone(), c.Failure.ViewID
	case c.Condition != nil && !c.Condition.Process:
		h.Error = "named does not run"
	case c.Condition != nil && !c.Condition.Resolve:
		h.Error = "the agent does not know yet what named is to serve, or named does not answer"
	}
	if c.Online && c.Named != "" {
		h.Named.Version = &c.Named
	}
	if is := c.Condition; is != nil {
		zones := v1.ZoneCounts(is.Zones)
		h.Process, h.Port, h.Resolve, h.QueryRate, h.Zones = &is.Process, &is.Port, &is.Resolve, is.QueryRate, &zones
		h.Named.Since = orNull(is.Since)
	}
	return h
}

// Zone implements [v1.NameServers].
func (n nameServers) Zone(z v1.ZoneInView) []v1.ZoneServer {
	var rows []v1.ZoneServer
	for _, s := range n.reports.Zone(reporter.ZoneInView(z)) {
		row := v1.ZoneServer{
			ServerID: s.ServerID, Server: s.Host, Position: s.Proved, State: v1.StatePending, Since: s.Since, Error: s.Error,
			FailedZone: s.FailedZone, FailedGone: s.FailedGone, FailedView: s.FailedView,
		}
		switch {
		case s.Error != "":
			row.State = v1.StateFailed
		case s.Applied:
			row.State = v1.StateInSync
		case !s.Online:
			row.Error = fmt.Sprintf("the agent of %s is away", s.Host)
		}
		rows = append(rows, row)
	}
	return rows
}

// FailedZones implements [v1.NameServers].
func (n nameServers) FailedZones(server int64) ([]v1.FailedZone, bool) {
	failures, more := n.reports.FailedZones(server)
	var zones []v1.FailedZone
	for _, f := range failures {
		zones = append(zones, v1.FailedZone{
			ZoneID: f.ZoneID, Zone: f.Zone, ViewID: f.ViewID, View: f.View, Since: f.Since, Error: cmp.Or(f.Message, "refused without a message"),
		})
	}
	return zones, more
}
