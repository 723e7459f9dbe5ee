package reporter

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
)

// addKeepers adds the reverse zones whose content events change since they have the PTRs of the zones
// that the events are about: as all of that is now, as failures are.
func (r *Reporter) addKeepers(ctx context.Context, a asked) error {
	ids := map[int64]bool{}
	named := func(zone int64) string {
		ids[zone] = true
		return ""
	}
	some := false
	for _, event := range a.events {
		some = len(dns.AddressChanges(event, named)) > 0 || some
	}
	if !some {
		return nil
	}
	names, err := r.zones.ZoneNames(ctx, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return fmt.Errorf("read zones: %w", err)
	}
	var all []dns.AddressChange
	for _, event := range a.events {
		all = append(all, dns.AddressChanges(event, func(zone int64) string { return names[zone] })...)
	}
	changes := map[string][]dns.AddressChange{}
	for _, change := range all {
		changes[dns.FoldName(change.Zone)] = append(changes[dns.FoldName(change.Zone)], change)
	}
	keepers, err := r.zones.Keepers(ctx, slices.Collect(maps.Keys(changes)), dns.Reversed(all))
	if err != nil {
		return fmt.Errorf("read reverse zones: %w", err)
	}
	for _, k := range keepers {
		for _, zone := range k.Settings.KeptFrom() {
			for _, change := range changes[zone] {
				if change.Concerns(k.Name, k.Settings) {
					a.effects[effect{any: true, zone: k.ID, view: change.View}] = struct{}{}
				}
			}
		}
	}
	return nil
}
