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

func TestUndoOfRoleChanges(t *testing.T) {
	t.Parallel()
	made := role8().(access.RoleCreated)
	made.Privileges = []int64{2, 3}
	at := func(p domain.Position, e domain.Event) *domain.Recorded {
		return &domain.Recorded{Position: p, Event: e}
	}
	changed := access.RoleChanged{ID: 8, FormerName: "r8", Name: "r9", Privileges: []int64{1}}
	back := access.RoleChanged{ID: 8, FormerName: "r9", Name: "r8", Privileges: made.Privileges, Replaced: new(domain.Position(0))}
	undo := access.NewUndoRoleChanged(changed, 5, at(4, made))
	gone := access.RoleDeleted{ID: 8, Name: "r9"}
	again := access.RoleCreated{ID: 8, Name: "r9", Privileges: []int64{1}}
	// The built-in role zone_admin grants of itself what is younger than its set.
	admins := func(replaced *domain.Position, set ...int64) access.RoleChanged {
		return access.RoleChanged{ID: 6, Name: access.BuiltinRoles()[5].Name, FormerName: access.BuiltinRoles()[5].Name, Privileges: set, Replaced: replaced}
	}
	first, second := admins(nil, 1), admins(nil, 2)
	begin := admins(new(domain.Position(0)), access.BuiltinRoles()[5].Privileges...)
	runDecisions(t, []decision{
		{name: "changed", given: given(made, changed), as: admin, when: undo, then: []domain.Event{back}},
		{name: "gone and back", given: given(made, changed, gone, again), as: admin, when: undo, then: []domain.Event{back}},
		{name: "changed since", given: given(made, changed, back), as: admin, when: undo, code: domain.CodeChanged, text: "role 8 was changed since"},
		{name: "gone since", given: given(made, changed, gone), as: admin, when: undo, code: domain.CodeChanged, text: "role 8 is gone"},
		{name: "name taken", given: given(made, changed, access.RoleCreated{ID: 9, Name: "r8"}), as: admin, when: undo, code: domain.CodeRefused, text: "重复的角色"},
		{name: "by who may not", given: given(made), as: guest, when: undo, code: domain.CodeForbidden, text: "admin"},
		{name: "built-in", given: given(first), as: admin, when: access.NewUndoRoleChanged(first, 4, nil), then: []domain.Event{begin}},
		{
			name: "built-in, of two", given: given(first, second), as: admin, when: access.NewUndoRoleChanged(second, 5, at(4, first)),
			then: []domain.Event{admins(new(domain.Position(4)), 1)},
		},
		{
			name: "built-in, of one that came back", given: given(first, second, admins(new(domain.Position(4)), 1)), as: admin,
			when: access.NewUndoRoleChanged(first, 4, nil), then: []domain.Event{begin},
		},
		{
			name: "built-in, set anew since", given: given(first, first), as: admin, when: access.NewUndoRoleChanged(first, 4, nil),
			code: domain.CodeChanged, text: "role 6 was changed since",
		},
	})
	runRaces(t, admin, []race{
		{"changed", given(made, changed), undo, back, true},
		{"name taken", given(made, changed), undo, access.RoleCreated{ID: 9, Name: "r8"}, true},
	})
}

func TestRestoreOfRolesAndPrivileges(t *testing.T) {
	t.Parallel()
	made := role8().(access.RoleCreated)
	made.Privileges = []int64{2, 3}
	role := access.RoleDeleted{ID: 8, Name: "r8"}
	restore := access.NewRestoreRole(role, 5, &domain.Recorded{Position: 4, Event: made})
	privilege := manual(14, 0, access.KindZone, 7).(access.PrivilegeCreated)
	gone := access.PrivilegeDeleted{ID: 14, Privilege: privilege.Privilege}
	back := access.NewRestorePrivilege(gone, 5)
	runDecisions(t, []decision{
		{name: "role", given: given(made, role), as: admin, when: restore, then: []domain.Event{made}},
		{name: "role, there again", given: given(made, role, made), as: admin, when: restore, code: domain.CodeChanged, text: "role 8 was restored since"},
		{name: "role, was there again", given: given(made, role, made, role), as: admin, when: restore, code: domain.CodeChanged, text: "role 8 was restored since"},
		{name: "role, name taken", given: given(made, role, access.RoleCreated{ID: 9, Name: "r8"}), as: admin, when: restore, code: domain.CodeRefused, text: "重复的角色"},
		{name: "role, by who may not", given: given(made, role), as: guest, when: restore, code: domain.CodeForbidden, text: "admin"},
		{name: "privilege", given: given(privilege, gone), as: admin, when: back, then: []domain.Event{privilege}},
		{name: "privilege, there again", given: given(privilege, gone, privilege), as: admin, when: back, code: domain.CodeChanged, text: "privilege 14 was restored since"},
		{
			name: "privilege, name taken", given: given(privilege, gone, access.PrivilegeCreated{ID: 17, Privilege: privilege.Privilege}), as: admin, when: back,
			code: domain.CodeRefused, text: "重复的权限",
		},
		{name: "privilege, by who may not", given: given(privilege, gone), as: guest, when: back, code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, admin, []race{
		{"role, there again", given(made, role), restore, made, true},
		{"privilege, there again", given(privilege, gone), back, privilege, true},
	})
}

func TestUndoOfPermissionsAndProfiles(t *testing.T) {
	t.Parallel()
	const update, task = access.CodeUpdateUser, access.CodeAddTask
	got := codesOf(guest, task).(access.UserPermissionsChanged)
	none := access.UserPermissionsChanged{ID: guest, Codes: []int{}}
	undo := access.NewUndoPermissions(got, nil)
	was, is := access.Profile{Phone: "p2"}, access.Profile{Phone: "p3", MailDigest: "m3", Mail: "s"}
	changed := access.UserProfileChanged{ID: guest, Before: was, After: is}
	back := access.UserProfileChanged{ID: guest, Before: is, After: was}
	profile, mail := access.NewUndoProfile(changed), access.NewUndoProfile(back)
	deleted := access.UserDeleted{ID: guest, MailDigest: "m3"}
	taken := access.UserRegistered{ID: 9, Username: "o", MailDigest: "m3"}
	runDecisions(t, []decision{
		{name: "first codes", given: given(got), as: admin, when: undo, then: []domain.Event{none}},
		{name: "further codes", given: given(got, none), as: admin, when: access.NewUndoPermissions(none, got), then: []domain.Event{got}},
		{name: "codes, changed since", given: given(got, codesOf(guest, update)), as: admin, when: undo, code: domain.CodeChanged, text: "the permissions of user 2 were changed since"},
		{name: "codes, the user is gone", given: given(got, deleted), as: admin, when: undo, code: domain.CodeNotFound, text: "User 2 不存在！"},
		{name: "codes that they lack", given: given(append(clerkWith(update), got)...), as: clerk, when: undo, code: domain.CodeForbidden, text: "addtask"},
		{name: "their own codes", given: given(got), as: guest, when: undo, code: domain.CodeForbidden, text: "自己的权限"},

		{name: "profile", given: given(changed), as: admin, when: profile, then: []domain.Event{back}},
		{name: "their own profile", given: given(changed), as: guest, when: profile, then: []domain.Event{back}},
		{name: "profile, changed since", given: given(changed, access.UserProfileChanged{ID: guest, Before: is}), as: admin, when: profile, code: domain.CodeChanged, text: "the profile of user 2 was changed since"},
		{name: "profile, the user is gone", given: given(changed, deleted), as: admin, when: profile, code: domain.CodeNotFound, text: "User 2 不存在！"},
		{name: "profile, the address is taken", given: given(changed, back, taken), as: admin, when: mail, code: domain.CodeRefused, text: "邮箱已存在！"},
		{name: "profile, by who may not", given: given(clerkWith(task)...), as: clerk, when: profile, code: domain.CodeForbidden, text: "updateuser"},
	})
	runRaces(t, admin, []race{
		{"codes, changed", given(got), undo, none, true},
		{"profile, changed", given(changed), profile, back, true},
		{"profile, the address is taken", given(changed, back), mail, taken, true},
	})
}
