package reporter

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// effect says what an event changes in named.
type effect struct {
	// any is false for an event that changes nothing in any named.
	any bool
	// zone is the zone concerned, 0 for the configuration as a whole or many zones.
	zone int64
	// view is the one that it is about, 0 for all: what is wrong in another view does not
	// keep it from being served.
	view int64
	// before and after are the zone's names if the zone itself changes: a zone that
	// cannot be removed is reported by its name.
	before, after string
}

// effectOf says what an event changes in named, and in which views, nil for all.
func effectOf(e domain.Event) (effect, []int64) {
	switch e := e.(type) {
	case dns.ServerCreated, dns.ServerDeleted, dns.ServerEnrolled, dns.ServerProved, dns.ServerWithdrawn, dns.FleetChanged, dns.ZonesRenumbered:
		return effect{any: true}, nil // zones without apex NS may have other ones
	case dns.ServerUpdated:
		return effect{any: e.Before.IP != e.After.IP || e.Before.IsMaster() != e.After.IsMaster()}, nil
	case dns.ZoneSettingsChanged:
		return effect{any: true, zone: e.ID}, nil
	case dns.ViewsOrdered, dns.BindConfChanged, dns.RolloutStageReached, dns.RolloutEnded:
		return effect{any: true}, nil
	case dns.ViewCreated:
		return effect{any: true}, []int64{e.ID}
	case dns.ViewDeleted:
		return effect{any: true}, []int64{e.ID}
	case dns.ViewUpdated:
		// A view's name in named is its id, so that renaming it changes nothing there.
		return effect{any: e.Before.ACL != e.After.ACL}, []int64{e.ID}
	case dns.ZoneCreated:
		return effect{any: e.Zone.Group.Rendered(), zone: e.ID, after: e.Zone.Name}, e.Zone.ViewIDs
	case dns.ZoneUpdated:
		return effect{any: e.Before.Group.Rendered() || e.After.Group.Rendered(), zone: e.ID, before: e.Before.Name, after: e.After.Name},
			slices.Concat(e.Before.ViewIDs, e.After.ViewIDs)
	case dns.ZoneDeleted:
		return effect{any: e.Zone.Group.Rendered(), zone: e.ID, before: e.Zone.Name}, e.Zone.ViewIDs
	case dns.ZoneRestored:
		restored := effect{any: e.After.Group.Rendered(), zone: e.ID, after: e.After.Name}
		if e.Before != nil {
			restored.before = e.Before.Name
			return restored, slices.Concat(e.Before.ViewIDs, e.After.ViewIDs)
		}
		return restored, e.After.ViewIDs
	case dns.RecordAdded:
		return effect{any: rendered(e.Record), zone: e.ZoneID}, []int64{e.Record.ViewID}
	case dns.RecordUpdated:
		return effect{any: rendered(e.After) && e.Before.Served() != e.After.Served(), zone: e.ZoneID},
			[]int64{e.Before.ViewID, e.After.ViewID}
	case dns.RecordDeleted:
		return effect{any: rendered(e.Record), zone: e.ZoneID}, []int64{e.Record.ViewID}
	case dns.ZoneImported:
		return effect{any: true, zone: e.ZoneID}, []int64{e.ViewID}
	default:
		return effect{}, nil // what is staged changes nothing
	}
}

// rendered says whether a record is served by named: only external zones have
// records in no view.
func rendered(d dns.RecordData) bool { return d.ViewID != 0 }

// effects are what the events of a change change in named, each once.
type effects map[effect]struct{}

func (all effects) add(event domain.Event) {
	e, views := effectOf(event)
	if !e.any {
		return
	}
	if views == nil {
		all[e] = struct{}{}
	}
	for _, e.view = range views {
		all[e] = struct{}{}
	}
}

// zones is how many zones in views they are about, those that are about all left out.
func (all effects) zones() int {
	type zoneInView struct{ zone, view int64 }
	known := map[zoneInView]struct{}{}
	for e := range all {
		if e.zone != 0 {
			known[zoneInView{e.zone, e.view}] = struct{}{}
		}
	}
	return len(known)
}

// concernsAllZones says whether zones without a word of their own may have other content by an event.
func concernsAllZones(e domain.Event) bool {
	switch e.(type) {
	case dns.ServerCreated, dns.ServerUpdated, dns.ServerDeleted, dns.ServerEnrolled, dns.ServerWithdrawn, dns.FleetChanged, dns.ZonesRenumbered:
		return true
	default:
		return false
	}
}

// concern says whether one of them is about something that clients do not get now.
func (all effects) concern(f protocol.Failure) bool {
	for e := range all {
		if e.concerns(f) {
			return true
		}
	}
	return false
}

// touches says whether a failure is about something that one of them changes.
func (all effects) touches(f protocol.Failure, reached bool) bool {
	for e := range all {
		if e.touches(f, reached) {
			return true
		}
	}
	return false
}

// failureIn returns the failure in the agent's report that keeps the change at the
// position from being served. A failure of the configuration as a whole does not count
// for a zone whose change was read back from named. A failure that is older than the
// change counts only once the agent has seen the change, which may be the one that
// ends the failure.
func (all effects) failureIn(r protocol.Report, position domain.Position) (protocol.Failure, bool) {
	for _, f := range r.Failures {
		if f.Now && all.concern(f) {
			return f, true
		}
	}
	if r.Applied < position && r.Seen < position {
		return protocol.Failure{}, false
	}
	for _, f := range r.Failures {
		if !f.Now && f.Since <= position && (f.Since == position || all.touches(f, r.Applied >= position)) {
			return f, true
		}
	}
	return protocol.Failure{}, false
}

// concerns says whether the event is about something that clients do not get now. A zone
// that was deleted meanwhile is looked for by nobody.
func (c effect) concerns(f protocol.Failure) bool {
	switch {
	case f.More:
		return true
	case f.ZoneID != 0 && f.ZoneID != c.zone:
		return false
	default:
		return c.view == 0 || c.view == f.ViewID
	}
}

// touches says whether a failure is about something that the event changes; reached
// says that the agent has applied the log up to the event.
func (c effect) touches(f protocol.Failure, reached bool) bool {
	switch {
	case f.More:
		return true
	case f.ZoneID != 0:
		return f.ZoneID == c.zone && (c.view == 0 || f.ViewID == 0 || c.view == f.ViewID)
	case f.Zone != "":
		name := dns.FoldName(f.Zone)
		return name == dns.FoldName(c.before) || name == dns.FoldName(c.after)
	default:
		return c.zone == 0 || !reached
	}
}
