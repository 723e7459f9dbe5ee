package access_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func codesOf(user domain.UserID, codes ...int) domain.Event {
	return access.UserPermissionsChanged{ID: user, Codes: codes}
}

func setCodes(user domain.UserID, codes ...int) domain.Command {
	return must(access.NewChangePermissions(user, codes, nil))
}

func TestChangePermissions(t *testing.T) {
	t.Parallel()
	const update, task, machine = access.CodeUpdateUser, access.CodeAddTask, access.CodeAddMachine
	strong := func(event domain.Event) []domain.Event { return given(append(clerkWith(update, task), event)...) }
	at := must(access.NewChangePermissions(guest, []int{task}, new(domain.Position(2))))
	runDecisions(t, []decision{
		{name: "by admin", given: given(), as: admin, when: setCodes(guest, machine, task, machine), then: []domain.Event{codesOf(guest, task, machine)}},
		{name: "none", given: given(codesOf(guest, task)), as: admin, when: setCodes(guest), then: []domain.Event{access.UserPermissionsChanged{ID: guest, Codes: []int{}}}},
		{name: "the same", given: given(codesOf(guest, task, machine)), as: admin, when: setCodes(guest, machine, task)},
		{name: "none as before", given: given(), as: admin, when: setCodes(guest)},
		{name: "with updateuser, what they hold", given: given(clerkWith(update, task)...), as: clerk, when: setCodes(guest, task), then: []domain.Event{codesOf(guest, task)}},
		{name: "with code 1, anything", given: given(clerkWith(access.CodeAdmin)...), as: clerk, when: setCodes(guest, access.CodeAdmin, task), then: []domain.Event{codesOf(guest, 1, task)}},
		{name: "without updateuser", given: given(clerkWith(task)...), as: clerk, when: setCodes(guest, task), code: domain.CodeForbidden, text: "缺少权限：updateuser"},
		{name: "a code that they lack", given: given(clerkWith(update, task)...), as: clerk, when: setCodes(guest, machine, task), code: domain.CodeForbidden, text: "addmachine"},
		{name: "code 1 without it", given: given(clerkWith(update, task)...), as: clerk, when: setCodes(guest, access.CodeAdmin), code: domain.CodeForbidden, text: "admin"},
		{name: "taking a code that they lack", given: strong(codesOf(guest, machine)), as: clerk, when: setCodes(guest), code: domain.CodeForbidden, text: "addmachine"},
		{name: "leaving a code that they lack", given: strong(codesOf(guest, machine)), as: clerk, when: setCodes(guest, machine)},
		{name: "of a user whose code they lack", given: strong(codesOf(guest, machine)), as: clerk, when: setCodes(guest, machine, task), code: domain.CodeForbidden, text: "您没有的权限：addmachine"},
		{name: "of a user whose role they lack", given: strong(holding(7)), as: clerk, when: setCodes(guest, task), code: domain.CodeForbidden, text: "您没有的角色"},
		{name: "of an admin", given: strong(holding(1)), as: clerk, when: setCodes(guest, task), code: domain.CodeForbidden, text: "您没有的角色"},
		{name: "their own", given: given(clerkWith(update, task)...), as: clerk, when: setCodes(clerk, update), code: domain.CodeForbidden, text: "自己的权限"},
		{name: "an admin's own", given: given(), as: admin, when: setCodes(admin, task), code: domain.CodeForbidden, text: "自己的权限"},
		{name: "their own as it is", given: given(clerkWith(task)...), as: clerk, when: setCodes(clerk, task)},
		{name: "other version", given: given(), as: admin, when: at, code: domain.CodePrecondition},
		{name: "of nobody", given: given(), as: admin, when: setCodes(9, task), code: domain.CodeNotFound},
		{name: "system", given: given(), when: setCodes(guest, 1), then: []domain.Event{codesOf(guest, 1)}},
	})
	_, err := access.NewChangePermissions(guest, []int{6, 18}, nil)
	domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, "permissions: 权限代码18不存在！")
}

func TestPermissionRaces(t *testing.T) {
	t.Parallel()
	const update, task = access.CodeUpdateUser, access.CodeAddTask
	base := given(clerkWith(update, task)...)
	runRaces(t, clerk, []race{
		{"granted, own right lost", base, setCodes(guest, task), codesOf(clerk, update), true},
		{"granted, raised meanwhile", base, setCodes(guest, task), rolesOf(guest, []int64{}, []int64{1}), true},
		{"granted, granted", base, setCodes(guest, task), codesOf(guest, access.CodeAdmin), true},
		{"granted, login", base, setCodes(guest, task), access.UserLoggedIn{ID: guest}, false},
	})
}

func TestParsePermissions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{"": {}, " ": {}, "1": {1}, "3, 2,3": {2, 3}, "17": {17}} {
		if got, err := access.ParsePermissions(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{",", "1,", "0", "18", "-1", "1;2", "1.0", "x", "65537", "99999999999999999999", "+1"} {
		if got, err := access.ParsePermissions(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
	if text := access.FormatPermissions([]int{1, 2, 17}); text != "1,2,17" {
		t.Error(text)
	}
}

func TestAddUser(t *testing.T) {
	t.Parallel()
	const add, task = access.CodeAddUser, access.CodeAddTask
	newUser := func(name string, codes ...int) domain.Command {
		return must(access.NewAddUser(access.UserRegistered{Username: name, MailDigest: "m9", PasswordHash: "c"}, codes))
	}
	plain := access.UserRegistered{ID: 100, Username: "new", Source: access.SourceLocal, MailDigest: "m9", PasswordHash: "c"}
	runDecisions(t, []decision{
		{name: "by admin", given: given(), as: admin, when: newUser("new", task, add), then: []domain.Event{plain, codesOf(100, add, task)}},
		{name: "without codes", given: given(clerkWith(add)...), as: clerk, when: newUser("new"), then: []domain.Event{plain}},
		{name: "with adduser, what they hold", given: given(clerkWith(add, task)...), as: clerk, when: newUser("new", task), then: []domain.Event{plain, codesOf(100, task)}},
		{name: "a code that they lack", given: given(clerkWith(add)...), as: clerk, when: newUser("new", task), code: domain.CodeForbidden, text: "addtask"},
		{name: "code 1 without it", given: given(clerkWith(add, task)...), as: clerk, when: newUser("new", 1), code: domain.CodeForbidden, text: "admin"},
		{name: "without adduser", given: given(clerkWith(task)...), as: clerk, when: newUser("new"), code: domain.CodeForbidden, text: "缺少权限：adduser"},
		{name: "by nobody", given: given(), as: 9, when: newUser("new"), code: domain.CodeUnauthenticated},
		{name: "taken name", given: given(), as: admin, when: newUser("guest"), code: domain.CodeRefused, text: "用户已存在！"},
	})
	if !domaintest.Given(given()...).As(admin).When(newUser("new", task)).Conflicts(rolesOf(admin, []int64{1}, []int64{})) {
		t.Error("an addition outlives the right to it")
	}
}
