package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func role(name string, privileges ...int64) access.RoleInput {
	return access.RoleInput{Name: &name, PrivilegeIDs: &privileges}
}

func createRole(name string, privileges ...int64) domain.Command {
	return must(access.NewCreateRole(role(name, privileges...)))
}

func updateRole(id int64, name string, privileges ...int64) domain.Command {
	return must(access.NewUpdateRole(id, role(name, privileges...), nil))
}

// zone11 has the privileges 11, 12, 13; 14 is made by hand.
func zone11() []domain.Event {
	return []domain.Event{
		dns.ZoneCreated{ID: 7, Privilege: 11, Zone: dns.ZoneData{Name: "a.com"}}, manual(14, 0, access.KindZone, 7),
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	created := func(name string, privileges ...int64) []domain.Event {
		return []domain.Event{access.RoleCreated{ID: 100, Name: name, Privileges: append([]int64{}, privileges...)}}
	}
	changed := func(id int64, former, name string, privileges ...int64) []domain.Event {
		return []domain.Event{access.RoleChanged{ID: id, FormerName: former, Name: name, Privileges: append([]int64{}, privileges...)}}
	}
	unknown := func(name string, when domain.Command, id int64) decision {
		return decision{
			name: name, given: given(append(zone11(), role8(11))...), as: admin, when: when,
			code: domain.CodeInvalid, text: fmt.Sprintf("privilege_ids: Privilege %d 不存在！", id),
		}
	}
	world := given(append(zone11(), role8(11))...)
	zoneGone := append(world, dns.ZoneDeleted{ID: 7, Privilege: 11, Zone: dns.ZoneData{Name: "a.com"}})
	manualGone := append(world, access.PrivilegeDeleted{ID: 14, Privilege: access.PrivilegeData{Name: "pACCESS"}})
	runDecisions(t, []decision{
		{name: "create", given: world, as: admin, when: createRole("r1", 14, 4, 13, 11, 4), then: created("r1", 4, 11, 13, 14)},
		{name: "create empty", given: world, as: admin, when: createRole("r1"), then: created("r1")},
		{name: "create twice", given: world, as: admin, when: createRole("r8"), code: domain.CodeRefused, text: "重复的角色"},
		{name: "create built-in", given: world, as: admin, when: createRole("zone_admin"), code: domain.CodeRefused, text: "重复的角色"},
		{name: "create after delete", given: append(world, access.RoleDeleted{ID: 8, Name: "r8"}), as: admin, when: createRole("r8"), then: created("r8")},
		{name: "create freed name", given: append(world, changed(8, "r8", "r9")...), as: admin, when: createRole("r8"), then: created("r8")},
		{name: "create taken new name", given: append(world, changed(8, "r8", "r9")...), as: admin, when: createRole("r9"), code: domain.CodeRefused},
		unknown("create with none", createRole("r1", 11, 17), 17),
		unknown("create with an id between", createRole("r1", 11, 15), 15),
		unknown("create with a negative id", createRole("r1", -3, 11), -3),
		unknown("update with none", updateRole(8, "r8", 11, 500), 500),
		{name: "create, zone deleted", given: zoneGone, as: admin, when: createRole("r1", 12), code: domain.CodeInvalid, text: "Privilege 12 不存在！"},
		{name: "create, made by hand and deleted", given: manualGone, as: admin, when: createRole("r1", 14), code: domain.CodeInvalid, text: "Privilege 14 不存在！"},
		{name: "create as guest", given: world, as: guest, when: createRole("r1"), code: domain.CodeForbidden, text: "缺少权限：admin"},
		{name: "create with code 1", given: given(clerkWith(access.CodeAdmin)...), as: clerk, when: createRole("r1"), code: domain.CodeForbidden},

		{name: "update", given: world, as: admin, when: updateRole(8, "r9", 14), then: changed(8, "r8", "r9", 14)},
		{name: "update to empty", given: world, as: admin, when: updateRole(8, "r8"), then: changed(8, "r8", "r8")},
		{name: "update nothing", given: world, as: admin, when: updateRole(8, "r8", 11, 11)},
		{name: "update keeps what is gone", given: zoneGone, as: admin, when: updateRole(8, "r9", 11), then: changed(8, "r8", "r9", 11)},
		{name: "update to taken name", given: append(world, created("r1")...), as: admin, when: updateRole(8, "r1"), code: domain.CodeRefused, text: "重复的角色"},
		{name: "update to built-in name", given: world, as: admin, when: updateRole(8, "admin"), code: domain.CodeRefused, text: "重复的角色"},
		{name: "update unknown", given: world, as: admin, when: updateRole(9, "r9"), code: domain.CodeNotFound, text: "Role 9 不存在！"},
		{name: "update other version", given: world, as: admin, when: must(access.NewUpdateRole(8, role("r9"), new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "update this version", given: world, as: admin, when: must(access.NewUpdateRole(8, role("r9"), new(domain.Position(6)))), then: changed(8, "r8", "r9")},
		{name: "update as guest", given: append(world, holding(8)), as: guest, when: updateRole(8, "r8", 1, 2, 3, 4), code: domain.CodeForbidden},
		{name: "replace a built-in set", given: world, as: admin, when: updateRole(6, "zone_admin", 2, 11), then: changed(6, "zone_admin", "zone_admin", 2, 11)},
		{name: "replace it by the same", given: world, as: admin, when: updateRole(6, "zone_admin", 2), then: changed(6, "zone_admin", "zone_admin", 2)},
		{name: "rename a built-in", given: world, as: admin, when: updateRole(6, "zone", 2), code: domain.CodeRefused, text: "内置角色不能改名！"},
		{name: "change admin", given: world, as: admin, when: updateRole(1, "admin"), code: domain.CodeRefused, text: "角色admin拥有所有权限，不能修改！"},

		{name: "delete", given: world, as: admin, when: must(access.NewDeleteRole(8, nil)), then: []domain.Event{access.RoleDeleted{ID: 8, Name: "r8"}}},
		{name: "delete with users", given: append(append(world, clerkWith()...), holding(8), rolesOf(clerk, []int64{}, []int64{7, 8})), as: admin, when: must(access.NewDeleteRole(8, nil)), code: domain.CodeRefused, text: "这些用户依然关联当前角色 ['Guest', 'clerk'] ，请先解除关联！"},
		{name: "delete after its users left", given: append(world, holding(8), rolesOf(guest, []int64{8}, []int64{})), as: admin, when: must(access.NewDeleteRole(8, nil)), then: []domain.Event{access.RoleDeleted{ID: 8, Name: "r8"}}},
		{name: "delete after its user was deleted", given: append(world, holding(8), access.UserDeleted{ID: guest, Roles: []int64{8}}), as: admin, when: must(access.NewDeleteRole(8, nil)), then: []domain.Event{access.RoleDeleted{ID: 8, Name: "r8"}}},
		{name: "delete built-in", given: world, as: admin, when: must(access.NewDeleteRole(7, nil)), code: domain.CodeRefused, text: "内置角色不能删除！"},
		{name: "delete twice", given: append(world, access.RoleDeleted{ID: 8, Name: "r8"}), as: admin, when: must(access.NewDeleteRole(8, nil)), code: domain.CodeNotFound},
		{name: "delete other version", given: world, as: admin, when: must(access.NewDeleteRole(8, new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "delete as guest", given: world, as: guest, when: must(access.NewDeleteRole(8, nil)), code: domain.CodeForbidden},
	})
}

func TestRoleForms(t *testing.T) {
	t.Parallel()
	long := make([]int64, 30_001)
	for i := range long {
		long[i] = int64(i + 1)
	}
	for field, in := range map[string]access.RoleInput{
		"name: 不能为空！":              {PrivilegeIDs: &[]int64{}},
		"name: 不能包含控制字符！":          role("a\nb"),
		"name: 不能超过255个字符！":        role(strings.Repeat("a", 256)),
		"privilege_ids: 不能为空！":     {Name: new("r")},
		"privilege_ids: 不能超过30000": role("r", long...),
	} {
		_, err := access.NewCreateRole(in)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, field)
		_, err = access.NewUpdateRole(8, in, nil)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, field)
	}
	_, err := access.NewUpdateRole(0, role("r"), nil)
	domaintest.Outcome{Err: err}.ThenError(t, domain.CodeNotFound, "Role 0 不存在！")
	tooMany := make([]int64, 101)
	for i := range tooMany {
		tooMany[i] = int64(i + 1)
	}
	_, err = access.NewUpdateUser(guest, access.UserChange{Roles: &tooMany}, nil)
	domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, "role_ids")
}

func TestRoleRaces(t *testing.T) {
	t.Parallel()
	world := given(append(zone11(), role8(11))...)
	create, change, remove := createRole("r1", 12, 14), updateRole(8, "r1", 12), must(access.NewDeleteRole(8, nil))
	zoneGone := dns.ZoneDeleted{ID: 7, Privilege: 11, Zone: dns.ZoneData{Name: "a.com"}}
	runRaces(t, admin, []race{
		{"create, name taken", world, create, access.RoleCreated{ID: 9, Name: "r1"}, true},
		{"create, renamed to it", world, create, access.RoleChanged{ID: 8, FormerName: "r8", Name: "r1"}, true},
		{"create, another", world, create, access.RoleCreated{ID: 9, Name: "r2"}, false},
		{"create, its zone deleted", world, create, zoneGone, true},
		{"create, a privilege deleted", world, create, access.PrivilegeDeleted{ID: 14}, true},
		{"create, a privilege changed", world, create, access.PrivilegeChanged{ID: 14}, false},
		{"create, another zone", world, create, dns.ZoneDeleted{ID: 8, Privilege: 17}, false},
		{"create, right lost", world, create, rolesOf(admin, []int64{1}, []int64{}), true},
		{"update, its zone deleted", world, change, zoneGone, true},
		{"update, updated", world, change, access.RoleChanged{ID: 8, FormerName: "r8", Name: "r8"}, true},
		{"update, deleted", world, change, access.RoleDeleted{ID: 8, Name: "r8"}, true},
		{"update, name taken", world, change, access.RoleCreated{ID: 9, Name: "r1"}, true},
		{"delete, a user gets it", world, remove, rolesOf(guest, []int64{}, []int64{8}), true},
		{"delete, a user gets another", world, remove, rolesOf(guest, []int64{}, []int64{7}), false},
		{"delete, updated", world, remove, access.RoleChanged{ID: 8, FormerName: "r8", Name: "r8"}, true},
	})
	for _, gone := range []domain.Event{
		dns.ServerDeleted{ID: 1, Privilege: 11}, dns.ViewDeleted{ID: 1, Privilege: 11},
	} {
		if !domaintest.Given(world...).As(admin).When(create).Conflicts(gone) {
			t.Errorf("a role gets the privileges of what %T ends", gone)
		}
	}
}

// A set of ten thousand privileges is read in one round trip beside that of the actor.
func TestManyPrivilegesAreOneLoad(t *testing.T) {
	t.Parallel()
	const zones = 3334
	events := given()
	var ids []int64
	for n := range int64(zones) {
		first := access.FirstPrivilege + access.PrivilegeStep*n
		events = append(events, dns.ZoneCreated{ID: n + 1, Privilege: first, Zone: dns.ZoneData{Name: fmt.Sprint(n)}})
		ids = append(ids, first, first+1, first+2)
	}
	h := &countingHistory{byTag: map[domain.Tag][]domain.Recorded{}}
	for i, e := range events {
		for _, tag := range e.Tags() {
			h.byTag[tag] = append(h.byTag[tag], domain.Recorded{Position: domain.Position(i + 1), Event: e})
		}
	}
	cmd := createRole("big", ids...)
	decided, err := cmd.Decide(h, domaintest.Env(admin, cmd))
	if err != nil || len(decided) != 1 || len(decided[0].(access.RoleCreated).Privileges) != 3*zones {
		t.Fatalf("decided %d events, %v", len(decided), err)
	}
	if h.loads != 2 || h.folds != zones+2 {
		t.Errorf("%d loads of %d folds, want 2 of %d", h.loads, h.folds, zones+2)
	}
}

// countingHistory is a log by tag that counts.
type countingHistory struct {
	byTag        map[domain.Tag][]domain.Recorded
	loads, folds int
}

func (h *countingHistory) Load(folds ...domain.Fold) error {
	h.loads++
	h.folds += len(folds)
	for _, f := range folds {
		for _, r := range h.byTag[f.Item().Tag] {
			f.Apply(r)
		}
	}
	return nil
}
