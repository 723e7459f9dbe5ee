package dns_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// drifting is a server with an agent, and a zone with a record.
func drifting(mode dns.DriftMode, more ...domain.Event) []domain.Event {
	return append([]domain.Event{
		dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"}}, dns.ServerEnrolled{ID: 1},
		dns.ServerSettingsChanged{ID: 1, Before: dns.DefaultServerSettings(), After: dns.ServerSettings{OnDrift: mode}},
		dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v", ACL: "any"}},
		dns.ZoneCreated{ID: 3, Zone: dns.ZoneData{Name: "a.test", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{2}}},
		dns.RecordAdded{ID: 4, ZoneID: 3, Record: dns.RecordData{ViewID: 2, Host: "www", Type: "A", TTL: 60, Value: "192.0.2.1"}},
	}, more...)
}

func foundIn(zone string) dns.DriftFound {
	return dns.DriftFound{ServerID: 1, ZoneID: 3, Zone: zone, ViewID: 2, What: dns.DriftRecords, Expected: "x", Found: "y", Done: dns.DriftRepaired}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	found := foundIn("a.test")
	find := must(dns.NewFindDrift(found))
	record := must(dns.NewDeleteRecord(4, nil))
	gone := dns.RecordDeleted{ID: 4, ZoneID: 3, Record: dns.RecordData{ViewID: 2, Host: "www", Type: "A", TTL: 60, Value: "192.0.2.1"}}
	raised := func(to uint32) dns.ZoneSettingsChanged {
		return dns.ZoneSettingsChanged{ID: 3, Raise: &dns.SerialRaise{Zone: "a.test", Views: []int64{2}, To: to}}
	}
	adopted, reported, elsewhere, configuration := found, found, found, dns.DriftFound{ServerID: 1, What: dns.DriftConfiguration, Done: dns.DriftRepaired}
	adopted.Done, adopted.Adopted = dns.DriftAdopted, 1
	reported.Done = dns.DriftReported
	elsewhere.ZoneID, elsewhere.ViewID = 0, 0
	unlinked, nowhere := found, found
	unlinked.ViewID, nowhere.ViewID = 9, 0
	long := found
	long.Found = strings.Repeat("ä", 600)
	cut := found
	cut.Found = strings.Repeat("ä", 500)
	after := func(seconds int, events ...domain.Event) domaintest.Scenario {
		return domaintest.Given(drifting(dns.DriftAdopt)...).At(domaintest.Now.Add(-time.Duration(seconds)*time.Second), events...)
	}
	for name, c := range map[string]struct {
		given domaintest.Scenario
		when  domain.Command
		then  []domain.Event
		code  domain.Code
		text  string
	}{
		"found":                  {given: after(0), when: find, then: []domain.Event{found}},
		"of a server without":    {given: domaintest.Given(drifting(dns.DriftRepair, dns.ServerWithdrawn{ID: 1})...), when: find, code: domain.CodeNotFound, text: "Server 1"},
		"a minute ago":           {given: after(60, found), when: find, then: []domain.Event{found}},
		"less than a minute ago": {given: after(59, found), when: find},
		"another zone just now":  {given: after(1, foundIn("b.test"), configuration), when: find, then: []domain.Event{found}},
		"the same in other case": {given: after(1, foundIn("A.Test")), when: find},
		"of no zone":             {given: after(1, found), when: must(dns.NewFindDrift(configuration)), then: []domain.Event{configuration}},
		"of no zone, again":      {given: after(1, configuration), when: must(dns.NewFindDrift(configuration))},
		"of a zone that is gone": {given: domaintest.Given(drifting(dns.DriftRepair, dns.ZoneDeleted{ID: 3, Zone: dns.ZoneData{Name: "a.test"}})...), when: find.Over(9, 1), then: []domain.Event{elsewhere}},
		"by another name":        {given: after(0), when: must(dns.NewFindDrift(foundIn("b.test"))).Over(100, 99), then: []domain.Event{found, raised(101)}},
		"by another name, again": {given: after(59, found), when: must(dns.NewFindDrift(foundIn("b.test")))},
		"in a view without it":   {given: after(0), when: must(dns.NewFindDrift(unlinked)).Over(100, 99), then: []domain.Event{nowhere}},
		"long texts":             {given: after(0), when: must(dns.NewFindDrift(long)), then: []domain.Event{cut}},

		"a foreign serial above":        {given: after(0), when: find.Over(100, 99), then: []domain.Event{found, raised(101)}},
		"as far above as it goes":       {given: after(0), when: find.Over(99+dns.SerialReach, 99), then: []domain.Event{found, raised(100 + dns.SerialReach)}},
		"further than that":             {given: after(0), when: find.Over(100+dns.SerialReach, 99), then: []domain.Event{found}},
		"at the end of all serials":     {given: after(0), when: find.Over(1<<32-1, 1<<32-2), then: []domain.Event{found, raised(1)}},
		"the same serial":               {given: after(0), when: find.Over(99, 99), then: []domain.Event{found}},
		"a serial below":                {given: after(0), when: find.Over(98, 99), then: []domain.Event{found}},
		"a serial that is left":         {given: after(0), when: must(dns.NewFindDrift(reported)).Over(100, 99), then: []domain.Event{reported}},
		"adopted":                       {given: after(0), when: find.Adopting(record), then: []domain.Event{adopted, gone}},
		"adopted with its serial":       {given: after(0), when: find.Over(100, 99).Adopting(record), then: []domain.Event{adopted, raised(101), gone}},
		"adopted without the mode":      {given: domaintest.Given(drifting(dns.DriftRepair)...), when: find.Adopting(record), code: domain.CodeRefused, text: "not adopted"},
		"adopted what is refused":       {given: after(0), when: find.Adopting(must(dns.NewDeleteRecord(9, nil))), code: domain.CodeNotFound, text: "9"},
		"adopted as many as in a day":   {given: after(86399, dns.DriftFound{ServerID: 1, Zone: "x", Adopted: dns.MaxAdopted - 1}), when: find.Adopting(record), then: []domain.Event{adopted, gone}},
		"adopted more than in a day":    {given: after(86399, dns.DriftFound{ServerID: 1, Zone: "x", Adopted: dns.MaxAdopted}), when: find.Adopting(record), code: domain.CodeRefused, text: "1000 records"},
		"adopted more, the next day":    {given: after(86400, dns.DriftFound{ServerID: 1, Zone: "x", Adopted: dns.MaxAdopted}), when: find.Adopting(record), then: []domain.Event{adopted, gone}},
		"adopted more of other servers": {given: after(9, dns.DriftFound{ServerID: 2, Zone: "x", Adopted: dns.MaxAdopted}), when: find.Adopting(record), then: []domain.Event{adopted, gone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.given.When(c.when).Check(t, c.then, c.code, c.text)
		})
	}
	if _, err := dns.NewFindDrift(adopted); err == nil {
		t.Error("an agent says what is adopted")
	}
}

// Above 100 zones in a minute no zone is told by itself, and what stands for them is.
func TestDriftOfManyZones(t *testing.T) {
	t.Parallel()
	var many []domain.Event
	for i := range dns.MaxDriftZones {
		many = append(many, foundIn(fmt.Sprintf("z%d.test", i)))
	}
	given := func(seconds int, n int) domaintest.Scenario {
		return domaintest.Given(drifting(dns.DriftRepair)...).At(domaintest.Now.Add(-time.Duration(seconds)*time.Second), many[:n]...)
	}
	one, all := foundIn("a.test"), dns.DriftFound{ServerID: 1, What: dns.DriftMany, Done: dns.DriftRepaired, Zones: 7}
	given(59, dns.MaxDriftZones-1).When(must(dns.NewFindDrift(one))).Then(t, one)
	given(59, dns.MaxDriftZones).When(must(dns.NewFindDrift(one))).Then(t)
	given(59, dns.MaxDriftZones).When(must(dns.NewFindDrift(all))).Then(t, all)
	given(60, dns.MaxDriftZones).When(must(dns.NewFindDrift(one))).Then(t, one)
}

func TestServerSettings(t *testing.T) {
	t.Parallel()
	adopt, report := "adopt", "report"
	to := func(before, after dns.DriftMode) dns.ServerSettingsChanged {
		return dns.ServerSettingsChanged{ID: 1, Before: dns.ServerSettings{OnDrift: before}, After: dns.ServerSettings{OnDrift: after}}
	}
	given := drifting(dns.DriftAdopt)
	gone := drifting(dns.DriftAdopt, dns.ServerWithdrawn{ID: 1}, dns.ServerDeleted{ID: 1})
	change := func(mode *string, ifMatch *domain.Position) domain.Command {
		return must(dns.NewChangeServerSettings(1, mode, ifMatch))
	}
	undo := dns.NewUndoServerSettings(to(dns.DriftRepair, dns.DriftAdopt))
	runDecisions(t, []decision{
		{name: "changed", given: given, when: change(&report, nil), then: []domain.Event{to(dns.DriftAdopt, dns.DriftReport)}},
		{name: "the default is repair", given: given[:2], when: change(&adopt, new(domain.Position(0))), then: []domain.Event{to(dns.DriftRepair, dns.DriftAdopt)}},
		{name: "the same", given: given, when: change(&adopt, nil)},
		{name: "nothing", given: given, when: change(nil, nil)},
		{name: "another version", given: given, when: change(&report, new(domain.Position(1))), code: domain.CodePrecondition},
		{name: "no server", given: given[3:], when: change(&report, nil), code: domain.CodeNotFound, text: "Server 1"},
		{name: "by who may not", given: users(given...), as: guest, when: change(&report, nil), code: domain.CodeForbidden, text: "admin"},
		{name: "undone", given: given, when: undo, then: []domain.Event{to(dns.DriftAdopt, dns.DriftRepair)}},
		{name: "undone, changed since", given: append(given, to(dns.DriftAdopt, dns.DriftReport)), when: undo, code: domain.CodeChanged, text: "settings of server 1"},
		{name: "undone, gone", given: gone, when: undo, code: domain.CodeChanged, text: "server 1 is gone"},
		{name: "undone by who may not", given: users(given...), as: guest, when: undo, code: domain.CodeForbidden, text: "admin"},
	})
	for _, bad := range []string{"", "repaired", "ADOPT"} {
		if _, err := dns.NewChangeServerSettings(1, &bad, nil); err == nil || !strings.Contains(err.Error(), "on_drift") && !strings.Contains(err.Error(), "repair, adopt") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
