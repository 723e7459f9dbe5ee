package access_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func named(name string) access.PrivilegeInput { return access.PrivilegeInput{Name: &name} }

func TestPrivileges(t *testing.T) {
	t.Parallel()
	world := given(zone11()...) // 14 is "pACCESS" on zone 7
	before := access.PrivilegeData{Name: "pACCESS", ResourceType: access.KindZone, ResourceID: 7}
	full := access.PrivilegeInput{Name: new("p123"), Operation: new(0), ResourceType: new(6), ResourceID: new(int64(5)), Comment: new("aa.com的删除权限")}
	create := func(name string) domain.Command { return must(access.NewCreatePrivilege(named(name))) }
	change := func(id int64, in access.PrivilegeInput) domain.Command {
		return must(access.NewUpdatePrivilege(id, in, nil))
	}
	remove := func(id int64) domain.Command { return must(access.NewDeletePrivilege(id, nil)) }
	created := func(p access.PrivilegeData) []domain.Event {
		return []domain.Event{access.PrivilegeCreated{ID: domaintest.FirstPrivilege, Privilege: p}}
	}
	runDecisions(t, []decision{
		{name: "create, as documented", given: world, as: admin, when: must(access.NewCreatePrivilege(full)), then: created(access.PrivilegeData{Name: "p123", ResourceType: 6, ResourceID: 5, Comment: "aa.com的删除权限"})},
		{name: "create, name alone", given: world, as: admin, when: create("p1"), then: created(access.PrivilegeData{Name: "p1"})},
		{name: "create twice", given: world, as: admin, when: create("pACCESS"), code: domain.CodeRefused, text: "重复的权限"},
		{name: "create after delete", given: append(world, access.PrivilegeDeleted{ID: 14, Privilege: before}), as: admin, when: create("pACCESS"), then: created(access.PrivilegeData{Name: "pACCESS"})},
		{name: "create built-in name", given: world, as: admin, when: create("ZONE_ADD"), code: domain.CodeRefused, text: "重复的权限"},
		{name: "create reserved name", given: world, as: admin, when: create("ZONE#b.com#DELETE"), code: domain.CodeInvalid, text: "保留给自动生成的权限"},
		{name: "create reserved name with more", given: world, as: admin, when: create("SERVER#a#b#ACCESS"), code: domain.CodeInvalid, text: "name: "},
		{name: "create like a reserved name", given: world, as: admin, when: create("ZONE#b.com#READ"), then: created(access.PrivilegeData{Name: "ZONE#b.com#READ"})},
		{name: "create with one sign", given: world, as: admin, when: create("ZONE#DELETE"), then: created(access.PrivilegeData{Name: "ZONE#DELETE"})},
		{name: "create for a record", given: world, as: admin, when: create("RECORD#www#DELETE"), then: created(access.PrivilegeData{Name: "RECORD#www#DELETE"})},
		{name: "create as guest", given: world, as: guest, when: create("p1"), code: domain.CodeForbidden, text: "缺少权限：admin"},

		{name: "update", given: world, as: admin, when: change(14, full), then: []domain.Event{access.PrivilegeChanged{
			ID: 14, Before: before, After: access.PrivilegeData{Name: "p123", ResourceType: 6, ResourceID: 5, Comment: "aa.com的删除权限"},
		}}},
		{name: "update the name", given: world, as: admin, when: change(14, named("p9")), then: []domain.Event{access.PrivilegeChanged{
			ID: 14, Before: before, After: access.PrivilegeData{Name: "p9", ResourceType: access.KindZone, ResourceID: 7},
		}}},
		{name: "update nothing", given: world, as: admin, when: change(14, named("pACCESS"))},
		{name: "update to a taken name", given: append(world, access.PrivilegeCreated{ID: 17, Privilege: access.PrivilegeData{Name: "p9"}}), as: admin, when: change(14, named("p9")), code: domain.CodeRefused, text: "重复的权限"},
		{name: "update to a reserved name", given: world, as: admin, when: change(14, named("VIEW#v#UPDATE")), code: domain.CodeInvalid, text: "name"},
		{name: "update a zone's", given: world, as: admin, when: change(12, named("p9")), code: domain.CodeRefused, text: "自动生成的权限不能修改！"},
		{name: "update built-in", given: world, as: admin, when: change(2, named("p9")), code: domain.CodeRefused, text: "内置权限不能修改！"},
		{name: "update unknown", given: world, as: admin, when: change(15, named("p9")), code: domain.CodeNotFound, text: "Privilege 15 不存在！"},
		{name: "update other version", given: world, as: admin, when: must(access.NewUpdatePrivilege(14, named("p9"), new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "update as guest", given: world, as: guest, when: change(14, named("p9")), code: domain.CodeForbidden},

		{name: "delete", given: world, as: admin, when: remove(14), then: []domain.Event{access.PrivilegeDeleted{ID: 14, Privilege: before}}},
		{name: "delete twice", given: append(world, access.PrivilegeDeleted{ID: 14, Privilege: before}), as: admin, when: remove(14), code: domain.CodeNotFound},
		{name: "delete a zone's", given: world, as: admin, when: remove(13), code: domain.CodeRefused, text: "自动生成的权限不能删除！"},
		{name: "delete built-in", given: world, as: admin, when: remove(4), code: domain.CodeRefused, text: "内置权限不能删除！"},
		{name: "delete other version", given: world, as: admin, when: must(access.NewDeletePrivilege(14, new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "delete as guest", given: world, as: guest, when: remove(14), code: domain.CodeForbidden},
	})
}

func TestPrivilegeForms(t *testing.T) {
	t.Parallel()
	for text, in := range map[string]access.PrivilegeInput{
		"name: 不能为空！":     {},
		"name: 不能包含":      named("a\u2028b"),
		"operation: ":     {Name: new("p"), Operation: new(-1)},
		"resource_type: ": {Name: new("p"), ResourceType: new(1 << 40)},
		"resource_id: ":   {Name: new("p"), ResourceID: new(int64(-1))},
		"comment: ":       {Name: new("p"), Comment: new(strings.Repeat("a", 1001))},
	} {
		_, err := access.NewCreatePrivilege(in)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, text)
		_, err = access.NewUpdatePrivilege(14, in, nil)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, text)
	}
	_, err := access.NewDeletePrivilege(-1, nil)
	domaintest.Outcome{Err: err}.ThenError(t, domain.CodeNotFound, "Privilege -1 不存在！")
}

func TestPrivilegeRaces(t *testing.T) {
	t.Parallel()
	world := given(zone11()...)
	create := must(access.NewCreatePrivilege(named("p1")))
	change, remove := must(access.NewUpdatePrivilege(14, named("p1"), nil)), must(access.NewDeletePrivilege(14, nil))
	taken := access.PrivilegeCreated{ID: 17, Privilege: access.PrivilegeData{Name: "p1"}}
	runRaces(t, admin, []race{
		{"create, name taken", world, create, taken, true},
		{"create, renamed to it", world, create, access.PrivilegeChanged{ID: 14, After: taken.Privilege}, true},
		{"create, another", world, create, access.PrivilegeCreated{ID: 17, Privilege: access.PrivilegeData{Name: "p2"}}, false},
		{"create, role of that name", world, create, access.RoleCreated{ID: 9, Name: "p1"}, false},
		{"update, name taken", world, change, taken, true},
		{"update, updated", world, change, access.PrivilegeChanged{ID: 14}, true},
		{"update, deleted", world, change, access.PrivilegeDeleted{ID: 14}, true},
		{"delete, updated", world, remove, access.PrivilegeChanged{ID: 14}, true},
		{"delete, right lost", world, remove, rolesOf(admin, []int64{1}, []int64{}), true},
	})
}
