package reporter

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// concern says what an event changes in named.
type concern struct {
	// effect is false for an event that leaves every name server as it is.
	effect bool
	// zone is the zone concerned, 0 for the configuration as a whole or many zones.
	zone int64
	// before and after are the zone's names when the zone itself changes: a zone
	// that is to be gone fails under its name.
	before, after string
}

// concernOf says what an event changes in named.
func concernOf(e domain.Event) concern {
	switch e := e.(type) {
	case dns.ServerCreated:
		return concern{effect: e.Server.IsMaster()}
	case dns.ServerUpdated:
		return concern{effect: apexOf(e.Before) != apexOf(e.After)}
	case dns.ServerDeleted:
		return concern{effect: e.Server.IsMaster()}
	case dns.ViewCreated, dns.ViewDeleted, dns.BindConfChanged:
		return concern{effect: true}
	case dns.ViewUpdated:
		// A view's name in named is its id, so that renaming it changes nothing there.
		return concern{effect: e.Before.ACL != e.After.ACL}
	case dns.ZoneCreated:
		return concern{effect: e.Zone.Group.Rendered(), zone: e.ID, after: e.Zone.Name}
	case dns.ZoneUpdated:
		return concern{effect: e.Before.Group.Rendered() || e.After.Group.Rendered(), zone: e.ID, before: e.Before.Name, after: e.After.Name}
	case dns.ZoneDeleted:
		return concern{effect: e.Zone.Group.Rendered(), zone: e.ID, before: e.Zone.Name}
	case dns.RecordAdded:
		return concern{effect: rendered(e.Record), zone: e.ZoneID}
	case dns.RecordUpdated:
		return concern{effect: rendered(e.After) && servedAs(e.Before) != servedAs(e.After), zone: e.ZoneID}
	case dns.RecordDeleted:
		return concern{effect: rendered(e.Record), zone: e.ZoneID}
	default:
		return concern{}
	}
}

// apexOf is what a server contributes to zones without own apex name servers.
func apexOf(d dns.ServerData) dns.ServerData {
	if !d.IsMaster() {
		return dns.ServerData{}
	}
	return dns.ServerData{Host: d.Host, IP: d.IP, Type: d.Type}
}

// rendered says whether a record is served by named: only external zones have
// records in no view.
func rendered(d dns.RecordData) bool { return d.ViewID != 0 }

// servedAs is the part of a record that named knows of.
func servedAs(d dns.RecordData) dns.RecordData {
	d.Comment = ""
	return d
}

// covered returns the failure that keeps the change at the position from being
// served by the agent that made the report. A failure of the configuration as a
// whole does not take back what was read back from named for a zone; a failure
// that is older than the change counts only once the agent has seen the change,
// which may be what heals it.
func (c concern) covered(r protocol.Report, position domain.Position) (protocol.Failure, bool) {
	if r.Applied < position && r.Seen < position {
		return protocol.Failure{}, false
	}
	for _, f := range r.Failures {
		if f.Since <= position && (f.Since == position || c.touches(f, r.Applied >= position)) {
			return f, true
		}
	}
	return protocol.Failure{}, false
}

// touches says whether a failure is about what the event changes; reached says
// that the agent has otherwise applied the event.
func (c concern) touches(f protocol.Failure, reached bool) bool {
	switch {
	case f.More:
		return true
	case f.ZoneID != 0:
		return f.ZoneID == c.zone
	case f.Zone != "":
		name := dns.FoldName(f.Zone)
		return name == dns.FoldName(c.before) || name == dns.FoldName(c.after)
	default:
		return c.zone == 0 || !reached
	}
}
