package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func setRoles(user domain.UserID, roles ...int64) domain.Command {
	return must(access.NewUpdateUser(user, access.UserChange{Roles: &roles}, nil))
}

// clerkWith registers the clerk, who holds the permission codes and no role.
func clerkWith(codes ...int) []domain.Event {
	return []domain.Event{
		access.UserRegistered{ID: clerk, Username: "clerk", Source: access.SourceLocal, PasswordHash: "c3"},
		access.UserPermissionsChanged{ID: clerk, Codes: codes},
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	phone := func(user domain.UserID, sealed access.Sealed) domain.Command {
		return must(access.NewUpdateUser(user, access.UserChange{Profile: access.ProfileChange{Phone: &sealed}}, nil))
	}
	mail := func(digest string) domain.Command {
		return must(access.NewUpdateUser(guest, access.UserChange{Profile: access.ProfileChange{Mail: new(access.Sealed("s")), MailDigest: &digest}}, nil))
	}
	both := must(access.NewUpdateUser(guest, access.UserChange{
		Profile: access.ProfileChange{Position: new(access.Sealed("po"))}, Roles: &[]int64{7},
	}, nil))
	at := func(p domain.Position) domain.Command {
		return must(access.NewUpdateUser(guest, access.UserChange{Roles: &[]int64{7}}, &p))
	}
	p2, moved := access.Profile{Phone: "p2"}, access.Profile{Phone: "x"}
	twoAdmins := given(rolesOf(guest, []int64{}, []int64{1}))

	runDecisions(t, []decision{
		{name: "roles", given: given(role8()), as: admin, when: setRoles(guest, 8, 3, 8), then: []domain.Event{rolesOf(guest, []int64{}, []int64{3, 8})}},
		{name: "no roles", given: given(holding(3)), as: admin, when: setRoles(guest), then: []domain.Event{rolesOf(guest, []int64{3}, []int64{})}},
		{name: "same roles", given: given(holding(3, 7)), as: admin, when: setRoles(guest, 7, 3)},
		{name: "no roles as before", given: given(), as: admin, when: setRoles(guest)},
		{name: "unknown role", given: given(), as: admin, when: setRoles(guest, 3, 8), code: domain.CodeInvalid, text: "role_ids: Role 8 不存在！"},
		{name: "deleted role", given: given(role8(), access.RoleDeleted{ID: 8, Name: "r8"}), as: admin, when: setRoles(guest, 8), code: domain.CodeInvalid, text: "Role 8 不存在！"},
		{name: "unknown user", given: given(), as: admin, when: setRoles(9, 3), code: domain.CodeNotFound, text: "User 9 不存在！"},
		{name: "deleted user", given: given(access.UserDeleted{ID: guest}), as: admin, when: setRoles(guest, 3), code: domain.CodeNotFound, text: "User 2 不存在！"},
		{name: "other version", given: given(), as: admin, when: at(2), code: domain.CodePrecondition},
		{name: "this version", given: given(), as: admin, when: at(3), then: []domain.Event{rolesOf(guest, []int64{}, []int64{7})}},
		{name: "a login is no version", given: given(access.UserLoggedIn{ID: guest}), as: admin, when: at(3), then: []domain.Event{rolesOf(guest, []int64{}, []int64{7})}},
		{name: "system", given: given(), when: setRoles(guest, 1), then: []domain.Event{rolesOf(guest, []int64{}, []int64{1})}},

		{name: "a guest cannot raise themselves", given: given(), as: guest, when: setRoles(guest, 1), code: domain.CodeForbidden, text: "缺少权限：admin"},
		{name: "nor another", given: given(clerkWith()...), as: guest, when: setRoles(clerk, 7), code: domain.CodeForbidden},
		{name: "nor with updateuser", given: given(clerkWith(access.CodeUpdateUser)...), as: clerk, when: setRoles(clerk, 7), code: domain.CodeForbidden, text: "缺少权限：admin"},
		{name: "nor with code 1", given: given(clerkWith(access.CodeAdmin)...), as: clerk, when: setRoles(guest, 7), code: domain.CodeForbidden, text: "缺少权限：admin"},
		{name: "who lacks the right learns nothing of users", given: given(), as: guest, when: setRoles(9, 7), code: domain.CodeForbidden},

		{name: "the last admin stays", given: given(), as: admin, when: setRoles(admin, 7), code: domain.CodeRefused, text: "不能移除最后一个！"},
		{name: "the last but one goes", given: twoAdmins, as: admin, when: setRoles(admin), then: []domain.Event{rolesOf(admin, []int64{1}, []int64{})}},
		{name: "a deleted admin does not count", given: append(twoAdmins, access.UserDeleted{ID: guest, Roles: []int64{1}}), as: admin, when: setRoles(admin), code: domain.CodeRefused},
		{name: "a former admin does not count", given: append(twoAdmins, rolesOf(guest, []int64{1}, []int64{})), as: admin, when: setRoles(admin), code: domain.CodeRefused},

		{name: "own profile", given: given(), as: guest, when: phone(guest, "x"), then: []domain.Event{access.UserProfileChanged{ID: guest, Before: p2, After: moved}}},
		{name: "same profile", given: given(), as: guest, when: phone(guest, "p2")},
		{name: "another's profile", given: given(clerkWith()...), as: clerk, when: phone(guest, "x"), code: domain.CodeForbidden, text: "缺少权限：updateuser"},
		{name: "another's profile with updateuser", given: given(clerkWith(access.CodeUpdateUser)...), as: clerk, when: phone(guest, "x"), then: []domain.Event{access.UserProfileChanged{ID: guest, Before: p2, After: moved}}},
		{name: "own profile after deletion", given: given(access.UserDeleted{ID: guest}), as: guest, when: phone(guest, "x"), code: domain.CodeUnauthenticated},
		{name: "profile and roles", given: given(), as: admin, when: both, then: []domain.Event{
			access.UserProfileChanged{ID: guest, Before: p2, After: access.Profile{Phone: "p2", Position: "po"}}, rolesOf(guest, []int64{}, []int64{7}),
		}},
		{name: "mail", given: given(), as: guest, when: mail("m9"), then: []domain.Event{
			access.UserProfileChanged{ID: guest, Before: p2, After: access.Profile{Phone: "p2", Mail: "s", MailDigest: "m9"}},
		}},
		{name: "another's mail", given: given(), as: guest, when: mail("m1"), code: domain.CodeRefused, text: "邮箱已存在！"},
	})
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	remove := func(user domain.UserID) domain.Command { return must(access.NewDeleteUser(user, nil)) }
	gone := access.UserDeleted{ID: guest, Username: "Guest", PasswordHash: "c2", PersonalKey: "k2"}
	withRole := gone
	withRole.Roles = []int64{3}
	moved := access.UserDeleted{ID: guest, Username: "Guest", MailDigest: "m9", PersonalKey: "k2", PasswordHash: "c5"}
	runDecisions(t, []decision{
		{name: "delete", given: given(), as: admin, when: remove(guest), then: []domain.Event{gone}},
		{name: "with a role", given: given(holding(3)), as: admin, when: remove(guest), then: []domain.Event{withRole}},
		{name: "what changed since", given: given(
			access.UserProfileChanged{ID: guest, After: access.Profile{MailDigest: "m9"}}, access.UserPasswordChanged{ID: guest, PasswordHash: "c5", Former: "c2"},
		), as: admin, when: remove(guest), then: []domain.Event{moved}},
		{name: "twice", given: given(gone), as: admin, when: remove(guest), code: domain.CodeNotFound, text: "User 2 不存在！"},
		{name: "other version", given: given(), as: admin, when: must(access.NewDeleteUser(guest, new(domain.Position(9)))), code: domain.CodePrecondition},
		{name: "the last admin", given: given(), as: admin, when: remove(admin), code: domain.CodeRefused, text: "不能移除最后一个！"},
		{name: "by a guest", given: given(clerkWith()...), as: guest, when: remove(clerk), code: domain.CodeForbidden, text: "缺少权限：deleteuser"},
		{name: "themselves", given: given(), as: guest, when: remove(guest), code: domain.CodeForbidden},
		{name: "with deleteuser", given: given(clerkWith(access.CodeDeleteUser)...), as: clerk, when: remove(guest), then: []domain.Event{gone}},
		{name: "whose role they lack", given: given(append(clerkWith(access.CodeDeleteUser), holding(3))...), as: clerk, when: remove(guest), code: domain.CodeForbidden, text: "您没有的角色"},
		{name: "whose role they hold", given: given(append(clerkWith(access.CodeDeleteUser), holding(3), rolesOf(clerk, nil, []int64{3}))...), as: clerk, when: remove(guest), then: []domain.Event{withRole}},
		{name: "whose code they lack", given: given(append(clerkWith(access.CodeDeleteUser), access.UserPermissionsChanged{ID: guest, Codes: []int{access.CodeAddTask}})...), as: clerk, when: remove(guest), code: domain.CodeForbidden, text: "addtask"},
		{name: "code 1 covers codes", given: given(append(clerkWith(access.CodeAdmin), access.UserPermissionsChanged{ID: guest, Codes: []int{access.CodeAddTask}})...), as: clerk, when: remove(guest), then: []domain.Event{gone}},
		{name: "code 1 does not cover admin", given: given(append(clerkWith(access.CodeAdmin), holding(1))...), as: clerk, when: remove(guest), code: domain.CodeForbidden},
		{name: "unknown", given: given(), as: admin, when: remove(9), code: domain.CodeNotFound},
	})
	_, err := access.NewDeleteUser(0, nil)
	domaintest.Outcome{Err: err}.ThenError(t, domain.CodeNotFound, "User 0 不存在！")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	change := func(user domain.UserID, verified string) domain.Command {
		return access.ChangePassword{ID: user, PasswordHash: "c9", Verified: verified}
	}
	changed := access.UserPasswordChanged{ID: guest, PasswordHash: "c9", Former: "c2"}
	linked := access.UserLinked{ID: guest, Former: "c2"}
	runDecisions(t, []decision{
		{name: "own", given: given(), as: guest, when: change(guest, "c2"), then: []domain.Event{changed}},
		{name: "own, old one wrong", given: given(), as: guest, when: change(guest, ""), code: domain.CodeRefused, text: "原密码错误！"},
		{name: "own, old one outdated", given: given(access.UserPasswordChanged{ID: guest, PasswordHash: "c5"}), as: guest, when: change(guest, "c2"), code: domain.CodeRefused, text: "原密码错误！"},
		{name: "by admin", given: given(), as: admin, when: change(guest, ""), then: []domain.Event{changed}},
		{name: "by another", given: given(clerkWith()...), as: clerk, when: change(guest, "c2"), code: domain.CodeForbidden},
		{name: "with updateuser", given: given(clerkWith(access.CodeUpdateUser)...), as: clerk, when: change(guest, ""), then: []domain.Event{changed}},
		{name: "with updateuser, of an admin", given: given(clerkWith(access.CodeUpdateUser)...), as: clerk, when: change(admin, ""), code: domain.CodeForbidden, text: "您没有的角色"},
		{name: "with updateuser, of a former admin", given: given(append(clerkWith(access.CodeUpdateUser), holding(1), rolesOf(guest, []int64{1}, []int64{}))...), as: clerk, when: change(guest, ""), then: []domain.Event{changed}},
		{name: "of a directory user", given: given(linked), as: admin, when: change(guest, ""), code: domain.CodeRefused, text: "目录"},
		{name: "of nobody", given: given(), as: admin, when: change(9, ""), code: domain.CodeNotFound},
		{name: "link", given: given(), as: admin, when: access.LinkUser{ID: guest}, then: []domain.Event{linked}},
		{name: "link twice", given: given(linked), as: admin, when: access.LinkUser{ID: guest}},
		{name: "link by a guest", given: given(), as: guest, when: access.LinkUser{ID: guest}, code: domain.CodeForbidden, text: "admin"},
	})
}

func TestLogins(t *testing.T) {
	t.Parallel()
	runDecisions(t, []decision{
		{name: "login", given: given(), when: access.RecordLogin{ID: guest}, then: []domain.Event{access.UserLoggedIn{ID: guest}}},
		{name: "login of a deleted user", given: given(access.UserDeleted{ID: guest}), when: access.RecordLogin{ID: guest}, code: domain.CodeUnauthenticated},
		{name: "failed", given: given(), when: access.RecordFailedLogin{Failed: access.LoginFailed{ID: guest, NameDigest: "d", Reason: access.FailedSecret}}, then: []domain.Event{
			access.LoginFailed{ID: guest, Reason: access.FailedSecret},
		}},
		{name: "failed, unknown", given: given(), when: access.RecordFailedLogin{Failed: access.LoginFailed{NameDigest: "d", Reason: access.FailedUnknown}}, then: []domain.Event{
			access.LoginFailed{NameDigest: "d", Reason: access.FailedUnknown},
		}},
	})
}

func TestUserRaces(t *testing.T) {
	t.Parallel()
	twoAdmins := given(rolesOf(guest, []int64{}, []int64{1}))
	base := given(append(clerkWith(), role8())...)
	runRaces(t, admin, []race{
		{"last admin, the other goes", twoAdmins, setRoles(admin), rolesOf(guest, []int64{1}, []int64{}), true},
		{"last admin, the other is deleted", twoAdmins, setRoles(admin), access.UserDeleted{ID: guest, Roles: []int64{1}}, true},
		{"last admin deleted, the other goes", twoAdmins, must(access.NewDeleteUser(admin, nil)), rolesOf(guest, []int64{1}, []int64{}), true},
		{"a guest goes, an admin goes", given(clerkWith()...), setRoles(clerk, 7), rolesOf(guest, []int64{1}, []int64{}), false},
		{"role given, deleted", base, setRoles(clerk, 8), access.RoleDeleted{ID: 8, Name: "r8"}, true},
		{"role given, changed", base, setRoles(clerk, 8), access.RoleChanged{ID: 8, Name: "r8", FormerName: "r8"}, false},
		{"roles, roles", base, setRoles(clerk, 7), rolesOf(clerk, []int64{}, []int64{3}), true},
		{"roles, deleted", base, setRoles(clerk, 7), access.UserDeleted{ID: clerk}, true},
		{"roles, own right lost", base, setRoles(clerk, 7), rolesOf(admin, []int64{1}, []int64{}), true},
		{"roles, login", base, setRoles(clerk, 7), access.UserLoggedIn{ID: clerk}, false},
		{"deleted, raised", base, must(access.NewDeleteUser(clerk, nil)), rolesOf(clerk, []int64{}, []int64{1}), true},
		{"deleted, other password", base, must(access.NewDeleteUser(clerk, nil)), access.UserPasswordChanged{ID: clerk}, true},
		{"password, linked", base, access.ChangePassword{ID: clerk, PasswordHash: "c9"}, access.UserLinked{ID: clerk}, true},
		{"password, password", base, access.ChangePassword{ID: clerk, PasswordHash: "c9"}, access.UserPasswordChanged{ID: clerk}, true},
		{"login, deleted", base, access.RecordLogin{ID: clerk}, access.UserDeleted{ID: clerk}, true},
		{"login, login", base, access.RecordLogin{ID: clerk}, access.UserLoggedIn{ID: clerk}, false},
	})
	mail := must(access.NewUpdateUser(guest, access.UserChange{Profile: access.ProfileChange{MailDigest: new("m9")}}, nil))
	runRaces(t, guest, []race{
		{"mail, registered", base, mail, access.UserRegistered{ID: 9, Username: "nine", MailDigest: "m9"}, true},
		{"mail, taken", base, mail, access.UserProfileChanged{ID: clerk, After: access.Profile{MailDigest: "m9"}}, true},
		{"mail, another", base, mail, access.UserProfileChanged{ID: clerk, After: access.Profile{MailDigest: "m8"}}, false},
	})
	linking := access.ChangePassword{ID: guest, PasswordHash: "c9", Verified: "c2"}
	runRaces(t, guest, []race{{"own password, raised", base, linking, rolesOf(guest, nil, []int64{7}), true}})
}
