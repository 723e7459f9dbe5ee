package dnsmodel

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/rowset"
)

// keys are the keys of the rows that a batch of events reads or writes.
type keys struct {
	servers, views, zones, records rowset.Keys[int64]
	// resources are those that are named anew or deleted.
	resources map[access.Kind]*rowset.Keys[int64]
	// linked are the zones whose links to views are wanted.
	linked rowset.Keys[int64]
	// bindConf says whether the configuration is wanted.
	bindConf bool
}

// touchedBy collects the keys. A record that is added has no row yet.
func touchedBy(events []domain.Recorded) *keys {
	k := &keys{resources: map[access.Kind]*rowset.Keys[int64]{}}
	for _, e := range events {
		switch e := e.Event.(type) {
		case dns.ServerCreated:
			k.servers.Add(e.ID)
		case dns.ServerUpdated:
			k.servers.Add(e.ID)
			k.resource(access.KindServer, e.ID)
		case dns.ServerDeleted:
			k.servers.Add(e.ID)
			k.resource(access.KindServer, e.ID)
		case dns.ServerEnrolled:
			k.servers.Add(e.ID)
		case dns.ServerWithdrawn:
			k.servers.Add(e.ID)
		case dns.ViewCreated:
			k.views.Add(e.ID)
		case dns.ViewUpdated:
			k.views.Add(e.ID)
			k.resource(access.KindView, e.ID)
		case dns.ViewDeleted:
			k.views.Add(e.ID)
			k.resource(access.KindView, e.ID)
		case dns.ZoneCreated:
			k.zone(e.ID, e.Zone)
		case dns.ZoneUpdated:
			k.zone(e.ID, e.Before, e.After)
		case dns.ZoneDeleted:
			k.zone(e.ID, e.Zone)
		case dns.RecordAdded:
			k.record(e.ZoneID, e.Record)
		case dns.RecordUpdated:
			k.records.Add(e.ID)
			k.record(e.ZoneID, e.Before, e.After)
		case dns.RecordDeleted:
			k.records.Add(e.ID)
			k.record(e.ZoneID, e.Record)
		case dns.BindConfChanged:
			k.bindConf = true
		}
	}
	return k
}

func (k *keys) resource(kind access.Kind, id int64) {
	if k.resources[kind] == nil {
		k.resources[kind] = &rowset.Keys[int64]{}
	}
	k.resources[kind].Add(id)
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

func (k *keys) record(zone int64, states ...dns.RecordData) {
	k.zones.Add(zone)
	k.linked.Add(zone)
	for _, r := range states {
		if r.ViewID != 0 {
			k.views.Add(r.ViewID)
		}
	}
}
