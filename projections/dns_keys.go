package projections

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// dnsKeys are the keys of the rows that a batch of events reads or writes.
type dnsKeys struct {
	servers, views, zones, records keys[int64]
	// resources are those that are named anew or deleted.
	resources keys[resourceKey]
	// linked are the zones whose links to views are wanted.
	linked keys[int64]
	// bindConf says whether the configuration is wanted.
	bindConf bool
}

// touchedBy collects the keys. A record that is added has no row yet.
func touchedBy(events []domain.Recorded) *dnsKeys {
	k := &dnsKeys{}
	for _, e := range events {
		switch e := e.Event.(type) {
		case dns.ServerCreated:
			k.servers.add(e.ID)
		case dns.ServerUpdated:
			k.servers.add(e.ID)
			k.resources.add(resourceKey{access.KindServer, e.ID})
		case dns.ServerDeleted:
			k.servers.add(e.ID)
			k.resources.add(resourceKey{access.KindServer, e.ID})
		case dns.ServerEnrolled:
			k.servers.add(e.ID)
		case dns.ServerWithdrawn:
			k.servers.add(e.ID)
		case dns.ViewCreated:
			k.views.add(e.ID)
		case dns.ViewUpdated:
			k.views.add(e.ID)
			k.resources.add(resourceKey{access.KindView, e.ID})
		case dns.ViewDeleted:
			k.views.add(e.ID)
			k.resources.add(resourceKey{access.KindView, e.ID})
		case dns.ZoneCreated:
			k.zone(e.ID, e.Zone)
		case dns.ZoneUpdated:
			k.zone(e.ID, e.Before, e.After)
		case dns.ZoneDeleted:
			k.zone(e.ID, e.Zone)
		case dns.RecordAdded:
			k.record(e.ZoneID, e.Record)
		case dns.RecordUpdated:
			k.records.add(e.ID)
			k.record(e.ZoneID, e.Before, e.After)
		case dns.RecordDeleted:
			k.records.add(e.ID)
			k.record(e.ZoneID, e.Record)
		case dns.BindConfChanged:
			k.bindConf = true
		}
	}
	return k
}

func (k *dnsKeys) zone(id int64, states ...dns.ZoneData) {
	k.zones.add(id)
	k.linked.add(id)
	k.resources.add(resourceKey{access.KindZone, id})
	for _, z := range states {
		for _, view := range z.ViewIDs {
			k.views.add(view)
		}
	}
}

func (k *dnsKeys) record(zone int64, states ...dns.RecordData) {
	k.linked.add(zone)
	for _, r := range states {
		if r.ViewID != 0 {
			k.views.add(r.ViewID)
		}
	}
}
