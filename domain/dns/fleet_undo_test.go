package dns_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

func TestUndoOfTheFleet(t *testing.T) {
	t.Parallel()
	one, two := dns.FleetData{NS: []string{"a."}}, dns.FleetData{NS: []string{"b."}, Addresses: []string{"192.0.2.1"}}
	first, second := dns.FleetChanged{After: one}, dns.FleetChanged{Before: one, After: two}
	back := dns.FleetChanged{Before: two, After: one}
	given := []domain.Event{first, second}
	runDecisions(t, []decision{
		{name: "the first", given: given[:1], when: dns.NewUndoFleet(first), then: []domain.Event{dns.FleetChanged{Before: one}}},
		{name: "the last", given: given, when: dns.NewUndoFleet(second), then: []domain.Event{back}},
		{name: "changed since", given: given, when: dns.NewUndoFleet(first), code: domain.CodeChanged, text: "the fleet was changed since"},
		{name: "by who may not", given: users(given...), as: guest, when: dns.NewUndoFleet(first), code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, []race{{"changed", given, dns.NewUndoFleet(second), back, true}})
}
