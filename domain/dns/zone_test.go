package dns_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

func master(name string, views ...int64) dns.ZoneData {
	return dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: views}
}

func zone(id int64, name string, views ...int64) domain.Event {
	return dns.ZoneCreated{ID: id, Privilege: privilegeOf(id), Zone: master(name, views...)}
}

func deletedZone(id int64, name string, views ...int64) domain.Event {
	return dns.ZoneDeleted{ID: id, Privilege: privilegeOf(id), Zone: master(name, views...)}
}

func relinked(id int64, name string, before, after []int64) domain.Event {
	return dns.ZoneUpdated{ID: id, Before: master(name, before...), After: master(name, after...)}
}

func external(name string) dns.ZoneData {
	return dns.ZoneData{Name: name, Group: dns.GroupExternal, Type: dns.ZoneMaster}
}

func zoneInput(name, kind string, views ...int64) dns.ZoneInput {
	in := dns.ZoneInput{Name: &name, Type: &kind}
	if views != nil {
		in.ViewIDs = &views
	}
	return in
}

func inGroup(group int, in dns.ZoneInput) dns.ZoneInput {
	in.Group = &group
	return in
}

func forwarding(forwarders string, in dns.ZoneInput) dns.ZoneInput {
	in.Forwarders = &forwarders
	return in
}

func forwardOnly(name string, views ...int64) dns.ZoneData {
	z := master(name, views...)
	z.Type, z.Forwarders = dns.ZoneForwardOnly, []string{"1.1.1.1"}
	return z
}

func TestCreateZone(t *testing.T) {
	t.Parallel()
	create := func(in dns.ZoneInput) domain.Command { return must(dns.NewCreateZone(in)) }
	created := func(z dns.ZoneData) []domain.Event {
		return []domain.Event{dns.ZoneCreated{ID: 100, Privilege: privilegeOf(100), Zone: z}}
	}
	views := []domain.Event{view(1, "v1"), view(2, "v2")}
	one := slices.Concat(views, []domain.Event{zone(1, "a.com", 1)})
	hijack := master("b.com", 1)
	hijack.Group = dns.GroupHijack

	runDecisions(t, []decision{
		{name: "master", given: views, when: create(zoneInput("a.com", "master", 2, 1, 2)), then: created(master("a.com", 1, 2))},
		{name: "hijack", given: views, when: create(inGroup(2, zoneInput("b.com", "master", 1))), then: created(hijack)},
		{name: "forward only", given: views, when: create(forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1))), then: created(forwardOnly("a.com", 1))},
		{name: "external needs no view", when: create(inGroup(0, zoneInput("a.com", "master"))), then: created(external("a.com"))},
		{name: "external ignores views", when: create(inGroup(0, zoneInput("a.com", "master", 9))), then: created(external("a.com"))},
		{name: "IDN", given: views, when: create(zoneInput("中国.", "master", 1)), then: created(master("xn--fiqs8s", 1))},
		{name: "same name", given: one, when: create(zoneInput("A.com.", "master", 1)), code: domain.CodeRefused, text: "重复的Zone！相同名字的Zone，每种类型域名下只能存在一个！"},
		{name: "same name as hijack", given: one, when: create(inGroup(2, zoneInput("a.com", "master", 2))), code: domain.CodeRefused, text: "重复的Zone！"},
		{name: "same name outside", given: one, when: create(inGroup(0, zoneInput("a.com", "master"))), then: created(external("a.com"))},
		{name: "same name outside twice", given: []domain.Event{dns.ZoneCreated{ID: 1, Privilege: privilegeOf(1), Zone: external("a.com")}}, when: create(inGroup(0, zoneInput("a.com", "master"))), code: domain.CodeRefused, text: "重复的Zone！"},
		{name: "name is free after delete", given: slices.Concat(one, []domain.Event{deletedZone(1, "a.com", 1)}), when: create(zoneInput("a.com", "master", 1)), then: created(master("a.com", 1))},
		{name: "name is free after rename", given: slices.Concat(one, []domain.Event{dns.ZoneUpdated{ID: 1, Before: master("a.com", 1), After: master("b.com", 1)}}), when: create(zoneInput("a.com", "master", 1)), then: created(master("a.com", 1))},
		{name: "unknown view", given: views, when: create(zoneInput("a.com", "master", 1, 3)), code: domain.CodeInvalid, text: "view_ids: View 3 不存在！"},
		{name: "deleted view", given: slices.Concat(views, []domain.Event{dns.ViewDeleted{ID: 2, Privilege: privilegeOf(2), View: dns.ViewData{Name: "v2"}}}), when: create(zoneInput("a.com", "master", 2)), code: domain.CodeInvalid, text: "View 2 不存在！"},
		{name: "guest may not", given: users(views...), as: guest, when: create(zoneInput("a.com", "master", 1)), code: domain.CodeForbidden, text: "ZONE_ADD"},
	})
}

func TestUpdateZone(t *testing.T) {
	t.Parallel()
	change := func(in dns.ZoneInput) domain.Command { return must(dns.NewUpdateZone(1, in, nil)) }
	updated := func(before, after dns.ZoneData) []domain.Event {
		return []domain.Event{dns.ZoneUpdated{ID: 1, Before: before, After: after}}
	}
	views := []domain.Event{view(1, "v1"), view(2, "v2")}
	one := slices.Concat(views, []domain.Event{zone(1, "a.com", 1)})
	two := slices.Concat(one, []domain.Event{zone(2, "b.com", 1)})
	forward := slices.Concat(views, []domain.Event{dns.ZoneCreated{ID: 1, Privilege: privilegeOf(1), Zone: forwardOnly("a.com", 1)}})
	outside := []domain.Event{dns.ZoneCreated{ID: 1, Privilege: privilegeOf(1), Zone: external("a.com")}}
	kept := forwardOnly("a.com", 1)
	kept.Type = dns.ZoneMaster
	hijack := master("a.com", 1)
	hijack.Group = dns.GroupHijack
	www := record(1, 1, 1, "www", "A", "1.1.1.1")
	both := slices.Concat(views, []domain.Event{zone(1, "a.com", 1, 2)})
	long := strings.Repeat("h.", 100) + "h"

	runDecisions(t, []decision{
		{name: "rename", given: one, when: change(zoneInput("c.com", "master", 1)), then: updated(master("a.com", 1), master("c.com", 1))},
		{name: "rename case", given: one, when: change(zoneInput("A.COM", "master", 1)), then: updated(master("a.com", 1), master("A.COM", 1))},
		{name: "rename to taken", given: two, when: change(zoneInput("B.com", "master", 1)), code: domain.CodeRefused, text: "重复的Zone！"},
		{name: "rename with records", given: slices.Concat(one, []domain.Event{www}), when: change(zoneInput("c.com", "master", 1)), then: updated(master("a.com", 1), master("c.com", 1))},
		{name: "rename to a name too long for a record", given: slices.Concat(one, []domain.Event{record(1, 1, 1, long, "A", "1.1.1.1")}), when: change(zoneInput(name253[:100], "master", 1)), code: domain.CodeRefused, text: "不再合法"},
		{name: "rename to a name too long for a target", given: slices.Concat(one, []domain.Event{record(1, 1, 1, "x", "CNAME", long)}), when: change(zoneInput(name253[:100], "master", 1)), code: domain.CodeRefused, text: "不再合法"},
		{name: "nothing", given: one, when: change(zoneInput("a.com", "master", 1, 1))},
		{name: "link", given: one, when: change(zoneInput("a.com", "master", 1, 2)), then: updated(master("a.com", 1), master("a.com", 1, 2))},
		{name: "link unknown", given: one, when: change(zoneInput("a.com", "master", 1, 3)), code: domain.CodeInvalid, text: "View 3 不存在！"},
		{name: "unlink", given: both, when: change(zoneInput("a.com", "master", 2)), then: updated(master("a.com", 1, 2), master("a.com", 2))},
		{name: "unlink all", given: one, when: change(zoneInput("a.com", "master")), code: domain.CodeInvalid, text: "view_ids: 至少要关联一个View！"},
		{name: "to hijack", given: one, when: change(inGroup(2, zoneInput("a.com", "master", 1))), then: updated(master("a.com", 1), hijack)},
		{name: "group stays", given: []domain.Event{view(1, "v1"), dns.ZoneCreated{ID: 1, Privilege: privilegeOf(1), Zone: hijack}}, when: change(zoneInput("a.com", "master", 1))},
		{name: "to external", given: one, when: change(inGroup(0, zoneInput("a.com", "master", 1))), code: domain.CodeRefused, text: "zone_group"},
		{name: "from external", given: slices.Concat(views, outside), when: change(inGroup(1, zoneInput("a.com", "master", 1))), code: domain.CodeRefused, text: "zone_group"},
		{name: "external without group and views", given: outside, when: change(zoneInput("b.com", "master")), then: updated(external("a.com"), external("b.com"))},
		{name: "forwarders stay", given: forward, when: change(zoneInput("a.com", "master", 1)), then: updated(forwardOnly("a.com", 1), kept)},
		{name: "empty forwarders stay", given: forward, when: change(forwarding("", zoneInput("a.com", "forward only", 1)))},
		{name: "to forward only", given: one, when: change(forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1))), then: updated(master("a.com", 1), forwardOnly("a.com", 1))},
		{name: "to forward only without forwarders", given: one, when: change(zoneInput("a.com", "forward only", 1)), code: domain.CodeInvalid, text: "forwarders"},
		{name: "to forward only with records", given: slices.Concat(one, []domain.Event{www}), when: change(forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1))), code: domain.CodeRefused, text: "zone_type: 当前Zone还有Record"},
		{
			name: "to forward only after deleting the record", given: slices.Concat(one, []domain.Event{www, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: www.Record}}),
			when: change(forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1))), then: updated(master("a.com", 1), forwardOnly("a.com", 1)),
		},
		{
			name: "to forward only while unlinking the records' view", given: slices.Concat(both, []domain.Event{www}),
			when: change(forwarding("1.1.1.1", zoneInput("a.com", "forward only", 2))), then: updated(master("a.com", 1, 2), forwardOnly("a.com", 2)),
		},
		{
			name:  "to forward only after unlinking and linking again",
			given: slices.Concat(both, []domain.Event{www, relinked(1, "a.com", []int64{1, 2}, []int64{2}), relinked(1, "a.com", []int64{2}, []int64{1, 2})}),
			when:  change(forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1, 2))), then: updated(master("a.com", 1, 2), forwardOnly("a.com", 1, 2)),
		},
		{name: "unknown", when: change(zoneInput("a.com", "master", 1)), code: domain.CodeNotFound, text: "Zone 1 不存在！"},
		{name: "deleted", given: slices.Concat(one, []domain.Event{deletedZone(1, "a.com", 1)}), when: change(zoneInput("a.com", "master", 1)), code: domain.CodeNotFound},
		{name: "other version", given: one, when: must(dns.NewUpdateZone(1, zoneInput("b.com", "master", 1), new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "version does not move with records", given: slices.Concat(one, []domain.Event{www}), when: must(dns.NewUpdateZone(1, zoneInput("c.com", "master", 1), new(domain.Position(3)))), then: updated(master("a.com", 1), master("c.com", 1))},
		{name: "guest may not", given: users(one...), as: guest, when: change(zoneInput("b.com", "master", 1)), code: domain.CodeForbidden, text: "ZONE#1#UPDATE"},

		{name: "delete", given: slices.Concat(one, []domain.Event{www}), when: must(dns.NewDeleteZone(1, nil)), then: []domain.Event{deletedZone(1, "a.com", 1)}},
		{name: "delete unknown", when: must(dns.NewDeleteZone(1, nil)), code: domain.CodeNotFound, text: "不存在！"},
		{name: "delete other version", given: one, when: must(dns.NewDeleteZone(1, new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "guest may not delete", given: users(one...), as: guest, when: must(dns.NewDeleteZone(1, nil)), code: domain.CodeForbidden, text: "ZONE#1#DELETE"},
	})
}

func TestZoneRaces(t *testing.T) {
	t.Parallel()
	views := []domain.Event{view(1, "v1"), view(2, "v2")}
	one := slices.Concat(views, []domain.Event{zone(1, "a.com", 1)})
	create := must(dns.NewCreateZone(zoneInput("b.com", "master", 1)))
	rename := must(dns.NewUpdateZone(1, zoneInput("b.com", "master", 1), nil))
	link := must(dns.NewUpdateZone(1, zoneInput("a.com", "master", 1, 2), nil))
	forward := must(dns.NewUpdateZone(1, forwarding("1.1.1.1", zoneInput("a.com", "forward only", 1)), nil))
	remove := must(dns.NewDeleteZone(1, nil))
	noView := func(id int64) domain.Event {
		return dns.ViewDeleted{ID: id, Privilege: privilegeOf(id), View: dns.ViewData{Name: "v"}}
	}
	www := record(1, 1, 1, "www", "A", "1.1.1.1")
	runRaces(t, []race{
		{"create, name taken", views, create, zone(3, "B.com", 2), true},
		{"create, renamed to it", views, create, dns.ZoneUpdated{ID: 3, Before: master("c.com", 2), After: master("b.com", 2)}, true},
		{"create, same name outside", views, create, dns.ZoneCreated{ID: 3, Privilege: privilegeOf(3), Zone: external("b.com")}, false},
		{"create, view deleted", views, create, noView(1), true},
		{"create, view renamed", views, create, dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1"}, After: dns.ViewData{Name: "x"}}, false},
		{"create, other view deleted", views, create, noView(2), false},
		{"create, rights lost", views, create, access.UserRolesChanged{ID: admin}, true},
		{"rename, name taken", one, rename, zone(3, "b.com", 2), true},
		{"rename, record added", one, rename, www, true},
		{"rename, zone deleted", one, rename, deletedZone(1, "a.com", 1), true},
		{"rename, unlinked", one, rename, relinked(1, "a.com", []int64{1}, []int64{2}), true},
		{"link, view deleted", one, link, noView(2), true},
		{"link, record added", one, link, www, false},
		{"forward only, record added", one, forward, www, true},
		{"forward only, record moved", one, forward, dns.RecordUpdated{ID: 1, ZoneID: 1, Before: www.Record, After: www.Record}, true},
		{"forward only, record deleted", one, forward, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: www.Record}, false},
		{"forward only, record of another zone", one, forward, record(1, 2, 1, "www", "A", "1.1.1.1"), false},
		{"delete, record added", one, remove, www, false},
		{"delete, updated", one, remove, relinked(1, "a.com", []int64{1}, []int64{2}), true},
	})
}

func TestZoneInputNamesTheField(t *testing.T) {
	t.Parallel()
	many := make([]int64, 1001)
	for i := range many {
		many[i] = int64(i + 1)
	}
	good := zoneInput("a.com", "master", 1)
	noName, noType := good, good
	noName.Name, noType.Type = nil, nil
	for field, list := range map[string][]dns.ZoneInput{
		"name":       {noName, zoneInput("", "master", 1), zoneInput(".", "master", 1)},
		"zone_type":  {noType, zoneInput("a.com", "", 1), zoneInput("a.com", "slave", 1), zoneInput("a.com", "MASTER", 1)},
		"zone_group": {inGroup(3, good), inGroup(-1, good)},
		"forwarders": {forwarding("x", good), forwarding("1.1.1.1 }", good)},
		"view_ids":   {zoneInput("a.com", "master", 0), zoneInput("a.com", "master", -1, 1), zoneInput("a.com", "master", many...)},
	} {
		for _, in := range list {
			_, err := dns.NewCreateZone(in)
			wantField(t, "create", err, field)
			_, err = dns.NewUpdateZone(1, in, nil)
			wantField(t, "update", err, field)
		}
	}
	for field, in := range map[string]dns.ZoneInput{
		"view_ids":   zoneInput("a.com", "master"),
		"forwarders": zoneInput("a.com", "forward only", 1),
	} {
		_, err := dns.NewCreateZone(in)
		wantField(t, "create", err, field)
	}
}
