package dnsmodel

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// The PTRs that reverse zones have of other zones are no rows: they are looked up where a zone's
// content is read, so that those of the past are right as well. Of a change of addresses the
// batch knows the event alone, and touches the reverse zones that it concerns.

// addresses collects the zones of which an event may change addresses. One that is new to the batch
// has no row yet by which events about its records could find its name.
func (k *keys) addresses(event domain.Event) {
	if made, is := event.(dns.ZoneCreated); is {
		k.addressedNames.Add(dns.FoldName(made.Zone.Name))
	}
	named := func(zone int64) string {
		k.addressed.Add(zone)
		return ""
	}
	for _, change := range dns.AddressChanges(event, named) {
		if change.Zone != "" {
			k.addressedNames.Add(dns.FoldName(change.Zone))
		}
	}
}

// keepers are the zones that have the PTRs of zones that are named, or have ids.
const keepers = `IN (SELECT s.zone_id FROM {schema}.zone_settings s WHERE s.settings->'ptr'->'from' ?|
	($1::text[] || ARRAY(SELECT lower(z.name) FROM {schema}.zones z WHERE z.id = ANY ($2::bigint[]))))`

// loadKeepers reads the reverse zones that a change of addresses may concern.
func (b *batch) loadKeepers(out *pgx.Batch, schema string, k *keys) {
	names, ids := k.addressedNames.List, k.addressed.List
	if len(names)+len(ids) == 0 {
		return
	}
	zones.Now().LoadWhere(out, schema, "id "+keepers, b.zones.LoadedVersion, names, ids)
	links.Now().LoadWhere(out, schema, "zone_id "+keepers, b.links.LoadedVersion, names, ids)
	zoneSettings.Now().LoadWhere(out, schema, "zone_id "+keepers, b.settings.LoadedVersion, names, ids)
}

// touchKeepers notes that an event changed the reverse zones that it concerns.
func (b *batch) touchKeepers(e domain.Recorded) {
	named := func(zone int64) string {
		row, _ := b.zones.Get(zone)
		return row.Name
	}
	for _, change := range dns.AddressChanges(e.Event, named) {
		for s := range b.settings.All() {
			keeper, exists := b.zones.Get(s.ZoneID)
			link, linked := b.links.Get(linkKey{s.ZoneID, change.View})
			if exists && linked && change.Concerns(keeper.Name, s.ZoneSettings) {
				link.changed = e.Position
				b.putLink(link)
			}
		}
	}
}
