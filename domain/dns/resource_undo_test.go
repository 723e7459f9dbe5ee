package dns_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

func TestUndoOfViews(t *testing.T) {
	t.Parallel()
	made := view(1, "v1").(dns.ViewCreated)
	other := dns.ViewData{Name: "v2", ACL: "none"}
	changed := dns.ViewUpdated{ID: 1, Before: made.View, After: other}
	back := dns.ViewUpdated{ID: 1, Before: other, After: made.View}
	gone := dns.ViewDeleted{ID: 1, View: made.View, Privilege: made.Privilege}
	create, update := dns.NewUndoViewCreated(made), dns.NewUndoViewUpdated(changed)
	given := func(more ...domain.Event) []domain.Event { return append([]domain.Event{made}, more...) }

	runDecisions(t, []decision{
		{name: "made", given: given(), when: create, then: []domain.Event{gone}},
		{name: "made, and is so again", given: given(changed, back), when: create, then: []domain.Event{gone}},
		{name: "made, changed since", given: given(changed), when: create, code: domain.CodeChanged, text: "view 1 was changed since"},
		{name: "made, gone since", given: given(gone), when: create, code: domain.CodeChanged, text: "view 1 is gone"},
		{name: "made, used", given: given(zone(5, "b.com", 1)), when: create, code: domain.CodeRefused, text: "['b.com']"},
		{name: "made, by who may not delete it", given: users(given(changed)...), as: guest, when: create, code: domain.CodeForbidden, text: "VIEW#v2#DELETE"},

		{name: "changed", given: given(changed), when: update, then: []domain.Event{back}},
		{name: "changed, used", given: given(changed, zone(5, "b.com", 1)), when: update, then: []domain.Event{back}},
		{name: "changed, changed since", given: given(changed, back), when: update, code: domain.CodeChanged, text: "view 1 was changed since"},
		{name: "changed, gone since", given: given(changed, gone), when: update, code: domain.CodeChanged, text: "view 1 is gone"},
		{name: "changed, name taken", given: given(changed, view(2, "v1")), when: update, code: domain.CodeRefused, text: "重复的View"},
		{name: "changed, by who may not", given: users(given()...), as: guest, when: update, code: domain.CodeForbidden, text: "VIEW#v1#UPDATE"},
	})
	runRaces(t, []race{
		{"made, changed", given(), create, changed, true},
		{"made, used", given(), create, zone(5, "b.com", 1), true},
		{"changed, changed", given(changed), update, back, true},
		{"changed, name taken", given(changed), update, view(2, "v1"), true},
		{"changed, used", given(changed), update, zone(5, "b.com", 1), false},
	})
}

func TestUndoOfServers(t *testing.T) {
	t.Parallel()
	made := server(1, "s1", "1.1.1.1").(dns.ServerCreated)
	other := serverData("s2", "2.2.2.2")
	changed := dns.ServerUpdated{ID: 1, Before: made.Server, After: other}
	back := dns.ServerUpdated{ID: 1, Before: other, After: made.Server}
	gone := dns.ServerDeleted{ID: 1, Server: made.Server, Privilege: made.Privilege}
	agent := dns.ServerEnrolled{ID: 1}
	create, update := dns.NewUndoServerCreated(made), dns.NewUndoServerUpdated(changed)
	given := func(more ...domain.Event) []domain.Event { return append([]domain.Event{made}, more...) }

	runDecisions(t, []decision{
		{name: "made", given: given(), when: create, then: []domain.Event{gone}},
		{name: "made, had an agent", given: given(agent, dns.ServerWithdrawn{ID: 1}), when: create, then: []domain.Event{gone}},
		{name: "made, has an agent", given: given(agent), when: create, code: domain.CodeRefused, text: "server 1 has an agent"},
		{name: "made, changed since", given: given(changed), when: create, code: domain.CodeChanged, text: "server 1 was changed since"},
		{name: "made, gone since", given: given(gone), when: create, code: domain.CodeChanged, text: "server 1 is gone"},
		{name: "made, by who may not delete it", given: users(given(agent)...), as: guest, when: create, code: domain.CodeForbidden, text: "SERVER#1#DELETE"},

		{name: "changed", given: given(changed), when: update, then: []domain.Event{back}},
		{name: "changed, has an agent", given: given(changed, agent), when: update, then: []domain.Event{back}},
		{name: "changed, changed since", given: given(changed, back), when: update, code: domain.CodeChanged, text: "server 1 was changed since"},
		{name: "changed, gone since", given: given(changed, gone), when: update, code: domain.CodeChanged, text: "server 1 is gone"},
		{name: "changed, host taken", given: given(changed, server(2, "s1", "3.3.3.3")), when: update, code: domain.CodeRefused, text: "重复的Server"},
		{name: "changed, address taken", given: given(changed, server(2, "s3", "1.1.1.1")), when: update, code: domain.CodeRefused, text: "重复的Server"},
		{name: "changed, by who may not", given: users(given()...), as: guest, when: update, code: domain.CodeForbidden, text: "SERVER#1#UPDATE"},
	})
	runRaces(t, []race{
		{"made, changed", given(), create, changed, true},
		{"made, gets an agent", given(), create, agent, true},
		{"changed, changed", given(changed), update, back, true},
		{"changed, address taken", given(changed), update, server(2, "s3", "1.1.1.1"), true},
	})
}
