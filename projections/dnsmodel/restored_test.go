package dnsmodel_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/modeltest"
)

// What ended with other links of the zone stays in the past when one is open again.
func TestOnlyRecordsOfReopenedLinksComeBack(t *testing.T) {
	t.Parallel()
	const n = 30
	pool := modeltest.Serving(t)
	log := linkedZone(n)
	model := modeltest.NewDNS()
	modeltest.ApplyAll(t, pool, model, "dns", log.Events, 1000)
	step := func(event domain.Event) domain.Position {
		log.Add(1, event)
		last := log.Events[len(log.Events)-1:]
		modeltest.ApplyAll(t, pool, model, "dns", last, 1)
		return last[0].Position
	}
	step(dns.ZoneUpdated{ID: 1, Before: zoneIn(1, 2), After: zoneIn(1)})
	purge(t, pool, model, "dns")
	ended := step(dns.ZoneDeleted{ID: 1, Zone: zoneIn(1)})
	purge(t, pool, model, "dns")
	step(dns.ZoneRestored{ID: 1, After: zoneIn(1), Links: []dns.RestoredLink{{View: 1, Since: 1, Until: ended}}})
	expectRecords(t, pool, 1, n)
	if left := storedRecords(t, pool); left != n {
		t.Errorf("%d records are among the present's, want the %d of the open link", left, n)
	}
}
