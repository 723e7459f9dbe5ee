package dnsmodel

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/rowset"
)

// keys are the keys of the rows that a batch of events reads or writes.
type keys struct {
	views, zones, records, settings, serverSettings rowset.Keys[int64]
	// fleet says whether the servers are wanted, all of them, and what follows from them.
	fleet bool
	// resources are those that are named anew or deleted.
	resources map[access.Kind]*rowset.Keys[int64]
	// linked are the zones whose links to views are wanted.
	linked  rowset.Keys[int64]
	imports rowset.Keys[domain.Position]
	// bindConf says whether the configuration is wanted.
	bindConf bool
	// order says whether the order of views is wanted.
	order bool
	// rolloutPlan says whether the plan of rollouts is wanted.
	rolloutPlan bool
	rollouts    rowset.Keys[domain.Position]
	// restored are the zones that come back, in part or all of them.
	restored rowset.Keys[int64]
	// reopened are the links that are open again, with the first position at which each had ended.
	reopened map[linkKey]domain.Position
	// returning are the records that come back with their old id, returnedTo their zones.
	returning, returnedTo rowset.Keys[int64]
	// numbered are the zones, renamed the views whose bases are wanted, by name.
	numbered, renamed rowset.Keys[string]
	addressed         addressed
}

// touchedBy collects the keys. A record that is added has no row yet.
func touchedBy(events []domain.Recorded) *keys {
	k := &keys{resources: map[access.Kind]*rowset.Keys[int64]{}}
	for _, recorded := range events {
		k.addressed.add(recorded.Event)
		switch e := recorded.Event.(type) {
		case dns.ServerEnrolled, dns.ServerProved, dns.ServerWithdrawn, dns.FleetChanged, dns.ZonesRenumbered:
			k.fleet = true
		case dns.ServerCreated:
			k.fleet = true
			k.comesBack(access.KindServer, e.ID, e.Birth)
		case dns.ServerUpdated:
			k.fleet = true
			k.resource(access.KindServer, e.ID)
		case dns.ServerDeleted:
			k.fleet = true
			k.resource(access.KindServer, e.ID)
		case dns.ServerSettingsChanged:
			k.fleet = true
			k.serverSettings.Add(e.ID)
		case dns.DriftFound:
			k.fleet = true
			k.zones.Add(e.ZoneID)
			k.views.Add(e.ViewID)
		case dns.ViewCreated:
			k.views.Add(e.ID)
			k.comesBack(access.KindView, e.ID, e.Birth)
		case dns.ViewUpdated:
			k.views.Add(e.ID)
			k.resource(access.KindView, e.ID)
			if e.Before.Name != e.After.Name {
				k.renamed.Add(e.Before.Name)
				k.renamed.Add(e.After.Name)
			}
		case dns.ViewsOrdered:
			k.order = true
		case dns.ViewDeleted:
			k.views.Add(e.ID)
			k.resource(access.KindView, e.ID)
		case dns.ZoneCreated:
			k.zone(e.ID, e.Zone)
		case dns.ZoneUpdated:
			k.zone(e.ID, e.Before, e.After)
			if e.Before.Name != e.After.Name {
				k.settings.Add(e.ID) // under its new name it may have PTRs of others
			}
		case dns.ZoneDeleted:
			k.zone(e.ID, e.Zone)
			k.settings.Add(e.ID)
		case dns.ZoneRestored:
			k.zone(e.ID, e.After)
			k.settings.Add(e.ID)
			k.restored.Add(e.ID)
			k.reopen(e)
			if e.Before != nil {
				k.zone(e.ID, *e.Before)
			}
		case dns.ZoneSettingsChanged:
			k.zoneSettings(e)
		case dns.RecordAdded:
			if recorded.Causation != 0 {
				k.returning.Add(e.ID)
				k.returnedTo.Add(e.ZoneID)
				k.records.Add(e.ID)
			}
			k.record(e.ZoneID, e.Record)
		case dns.RecordUpdated:
			k.records.Add(e.ID)
			k.record(e.ZoneID, e.Before, e.After)
		case dns.RecordDeleted:
			k.records.Add(e.ID)
			k.record(e.ZoneID, e.Record)
		case dns.BindConfChanged:
			k.bindConf = true
		default:
			k.ofImport(e)
		}
	}
	return k
}

func (k *keys) ofImport(e domain.Event) {
	staging := func(id domain.Position, zone, view int64) {
		k.imports.Add(id)
		k.zones.Add(zone)
		k.linked.Add(zone)
		k.views.Add(view)
	}
	switch e := e.(type) {
	case dns.ImportBegun:
		staging(0, e.ZoneID, e.ViewID) // it has no row yet
	case dns.RecordsStaged:
		staging(e.Import, e.ZoneID, e.ViewID)
		for _, r := range e.Changed {
			k.records.Add(r.ID)
		}
		for _, r := range e.Removed {
			k.records.Add(r.ID)
		}
	case dns.ZoneImported:
		staging(e.Import, e.ZoneID, e.ViewID)
	case dns.ImportVoided:
		staging(e.Import, e.ZoneID, e.ViewID)
	default:
		k.ofRollout(e)
	}
}

func (k *keys) ofRollout(e domain.Event) {
	switch e := e.(type) {
	case dns.RolloutPlanned:
		k.rolloutPlan = true
	case dns.RolloutStarted:
		k.fleet = true // whose stages it is about
	case dns.RolloutStageReached:
		k.rollouts.Add(e.Rollout)
	case dns.RolloutEnded:
		k.rollouts.Add(e.Rollout)
	case dns.RolloutStopped:
		k.rollouts.Add(e.Rollout)
	}
}

func (k *keys) resource(kind access.Kind, id int64) {
	if k.resources[kind] == nil {
		k.resources[kind] = &rowset.Keys[int64]{}
	}
	k.resources[kind].Add(id)
}

// comesBack wants a resource that has a birth already.
func (k *keys) comesBack(kind access.Kind, id int64, birth *dns.Birth) {
	if birth != nil {
		k.resource(kind, id)
	}
}

func (k *keys) zone(id int64, states ...dns.ZoneData) {
	k.zones.Add(id)
	k.linked.Add(id)
	k.resource(access.KindZone, id)
	for _, z := range states {
		for _, view := range z.ViewIDs {
			k.views.Add(view)
		}
	}
}

func (k *keys) reopen(e dns.ZoneRestored) {
	if k.reopened == nil {
		k.reopened = map[linkKey]domain.Position{}
	}
	for _, l := range e.Links {
		key := linkKey{e.ID, l.View}
		if first, is := k.reopened[key]; !is || l.Until < first {
			k.reopened[key] = l.Until
		}
	}
}

func (k *keys) zoneSettings(e dns.ZoneSettingsChanged) {
	k.zones.Add(e.ID)
	k.linked.Add(e.ID)
	k.settings.Add(e.ID)
	if e.Raise == nil {
		return
	}
	k.numbered.Add(dns.FoldName(e.Raise.Zone))
	for _, view := range e.Raise.Views {
		k.views.Add(view)
	}
}

func (k *keys) record(zone int64, states ...dns.RecordData) {
	k.zones.Add(zone)
	k.linked.Add(zone)
	for _, r := range states {
		if r.ViewID != 0 {
			k.views.Add(r.ViewID)
		}
	}
}
