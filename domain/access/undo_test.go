package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

func TestUndoOfRoles(t *testing.T) {
	t.Parallel()
	made := role8().(access.RoleCreated)
	undo := access.NewUndoRoleCreated(made)
	named := access.RoleChanged{ID: 8, FormerName: "r8", Name: "r9"}
	filled := access.RoleChanged{ID: 8, FormerName: "r8", Name: "r8", Privileges: []int64{1}}
	gone := access.RoleDeleted{ID: 8, Name: "r8"}
	runDecisions(t, []decision{
		{name: "made", given: given(made), as: admin, when: undo, then: []domain.Event{gone}},
		{name: "named otherwise since", given: given(made, named), as: admin, when: undo, code: domain.CodeChanged, text: "role 8 was changed since"},
		{name: "other privileges since", given: given(made, filled), as: admin, when: undo, code: domain.CodeChanged, text: "role 8 was changed since"},
		{name: "gone since", given: given(made, gone), as: admin, when: undo, code: domain.CodeChanged, text: "role 8 is gone"},
		{name: "a user has it", given: given(made, holding(8)), as: admin, when: undo, code: domain.CodeRefused, text: "Guest"},
		{name: "by who may not", given: given(made, named), as: guest, when: undo, code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, admin, []race{
		{"changed", given(made), undo, named, true},
		{"a user gets it", given(made), undo, holding(8), true},
	})
}

func TestUndoOfPrivileges(t *testing.T) {
	t.Parallel()
	made := manual(14, 0, access.KindZone, 7).(access.PrivilegeCreated)
	other := access.PrivilegeData{Name: "other", ResourceType: access.KindZone, ResourceID: 8}
	changed := access.PrivilegeChanged{ID: 14, Before: made.Privilege, After: other}
	back := access.PrivilegeChanged{ID: 14, Before: other, After: made.Privilege}
	gone := access.PrivilegeDeleted{ID: 14, Privilege: made.Privilege}
	namesake := access.PrivilegeCreated{ID: 17, Privilege: made.Privilege}
	create, update := access.NewUndoPrivilegeCreated(made), access.NewUndoPrivilegeChanged(changed)
	runDecisions(t, []decision{
		{name: "made", given: given(made), as: admin, when: create, then: []domain.Event{gone}},
		{name: "made, changed since", given: given(made, changed), as: admin, when: create, code: domain.CodeChanged, text: "privilege 14 was changed since"},
		{name: "made, gone since", given: given(made, gone), as: admin, when: create, code: domain.CodeChanged, text: "privilege 14 is gone"},
		{name: "made, by who may not", given: given(made, changed), as: guest, when: create, code: domain.CodeForbidden, text: "admin"},

		{name: "changed", given: given(made, changed), as: admin, when: update, then: []domain.Event{back}},
		{name: "changed, changed since", given: given(made, changed, back), as: admin, when: update, code: domain.CodeChanged, text: "privilege 14 was changed since"},
		{name: "changed, name taken", given: given(made, changed, namesake), as: admin, when: update, code: domain.CodeRefused, text: "重复的权限"},
		{name: "changed, by who may not", given: given(made), as: guest, when: update, code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, admin, []race{
		{"made, changed", given(made), create, changed, true},
		{"changed, changed", given(made, changed), update, back, true},
		{"changed, name taken", given(made, changed), update, namesake, true},
	})
}

func TestUndoOfUserRoles(t *testing.T) {
	t.Parallel()
	got, lost := rolesOf(guest, []int64{}, []int64{8}), rolesOf(guest, []int64{8}, []int64{})
	undo := func(e domain.Event) domain.Command { return access.NewUndoUserRoles(e.(access.UserRolesChanged)) }
	roleGone := access.RoleDeleted{ID: 8, Name: "r8"}
	first := rolesOf(admin, []int64{}, []int64{access.RoleAdmin})
	runDecisions(t, []decision{
		{name: "got", given: given(role8(), got), as: admin, when: undo(got), then: []domain.Event{lost}},
		{name: "lost", given: given(role8(), got, lost), as: admin, when: undo(lost), then: []domain.Event{got}},
		{name: "changed since", given: given(role8(), got, lost), as: admin, when: undo(got), code: domain.CodeChanged, text: "the roles of user 2 were changed since"},
		{name: "the role is gone", given: given(role8(), got, lost, roleGone), as: admin, when: undo(lost), code: domain.CodeInvalid, text: "Role 8 不存在！"},
		{name: "the user is gone", given: given(role8(), got, access.UserDeleted{ID: guest, Roles: []int64{8}}), as: admin, when: undo(got), code: domain.CodeChanged, text: "user 2 is gone"},
		{name: "the last admin", given: given(), as: admin, when: undo(first), code: domain.CodeRefused, text: "admin"},
		{name: "by who may not", given: given(role8(), got), as: guest, when: undo(lost), code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, admin, []race{
		{"changed", given(role8(), got), undo(got), lost, true},
		{"the role goes", given(role8(), got, lost), undo(lost), roleGone, true},
	})
}
