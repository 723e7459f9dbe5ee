package dnsmodel

import (
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/rowset"
)

// The PTRs that reverse zones have of other zones are no rows: they are looked up where a zone's
// content is read, so that those of the past are right as well. Of a change of addresses the
// batch knows the event alone, and touches the reverse zones that it concerns.

// addressed are the events of a batch that may change addresses of zones: these by their ids, or by name
// where they are new to the batch and have no row yet by which events about their records could find it.
type addressed struct {
	ids     rowset.Keys[int64]
	names   rowset.Keys[string]
	changes []dns.AddressChange
}

func (a *addressed) add(event domain.Event) {
	if made, is := event.(dns.ZoneCreated); is {
		a.names.Add(dns.FoldName(made.Zone.Name))
	}
	named := func(zone int64) string {
		a.ids.Add(zone)
		return ""
	}
	changes := dns.AddressChanges(event, named)
	for _, change := range changes {
		if change.Zone != "" {
			a.names.Add(dns.FoldName(change.Zone))
		}
	}
	a.changes = append(a.changes, changes...)
}

// keepers are the zones that have the PTRs of zones that are named, or have ids, and may have another name
// than that of an address.
const keepers = `IN (SELECT s.zone_id FROM {schema}.zone_settings s JOIN {schema}.zones k ON k.id = s.zone_id WHERE s.settings->'ptr'->'from' ?|
	($1::text[] || ARRAY(SELECT lower(z.name) FROM {schema}.zones z WHERE z.id = ANY ($2::bigint[])))
	AND ($3::text[] IS NULL OR lower(k.name) = ANY ($3)))`

// loadKeepers reads the reverse zones that a change of addresses may concern. Those that the events themselves
// are about are read with these.
func (b *batch) loadKeepers(out *pgx.Batch, schema string, k *keys) {
	names, ids, reverse := k.addressed.names.List, k.addressed.ids.List, dns.Reversed(k.addressed.changes)
	if len(names)+len(ids) == 0 {
		return
	}
	zones.Now().LoadWhere(out, schema, "id "+keepers, b.zones.LoadedVersion, names, ids, reverse)
	links.Now().LoadWhere(out, schema, "zone_id "+keepers, b.links.LoadedVersion, names, ids, reverse)
	zoneSettings.Now().LoadWhere(out, schema, "zone_id "+keepers, b.settings.LoadedVersion, names, ids, reverse)
}

// touchKeepers notes that an event changed the reverse zones that it concerns.
func (b *batch) touchKeepers(e domain.Recorded) {
	switch e.Event.(type) {
	case dns.RecordAdded, dns.RecordUpdated, dns.RecordDeleted:
	default:
		b.keepersByName = nil
	}
	named := func(zone int64) string {
		row, _ := b.zones.Get(zone)
		return row.Name
	}
	for _, change := range dns.AddressChanges(e.Event, named) {
		for s := range b.keepersOf(change) {
			keeper, exists := b.zones.Get(s.ZoneID)
			link, linked := b.links.Get(linkKey{s.ZoneID, change.View})
			if exists && linked && change.Concerns(keeper.Name, s.ZoneSettings) {
				link.changed = e.Position
				b.putLink(link)
			}
		}
	}
}

// keepersOf goes through the settings of the reverse zones that a change may concern: of one about addresses,
// those of their names.
func (b *batch) keepersOf(change dns.AddressChange) iter.Seq[ZoneSettings] {
	if change.Any {
		return b.settings.All()
	}
	if b.keepersByName == nil {
		b.keepersByName = map[string][]ZoneSettings{}
		for s := range b.settings.All() {
			if zone, exists := b.zones.Get(s.ZoneID); exists && s.PTR != nil {
				name := dns.FoldName(zone.Name)
				b.keepersByName[name] = append(b.keepersByName[name], s)
			}
		}
	}
	return func(yield func(ZoneSettings) bool) {
		for _, name := range change.Reverse {
			for _, s := range b.keepersByName[name] {
				if !yield(s) {
					return
				}
			}
		}
	}
}
