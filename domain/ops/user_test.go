package ops_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

const someKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXHNtlNb8Y4RtdkZ5QHnQ8ZcYCc0l1FTrwmY0r1VbfX"

func TestAddUser(t *testing.T) {
	t.Parallel()
	add := func(lines ...string) ops.AddUser {
		return domaintest.Must(ops.NewAddUser(access.UserRegistered{Username: "new", PasswordHash: "c"}, []int{6}, lines))
	}
	user := access.UserRegistered{ID: 100, Username: "new", Source: access.SourceLocal, PasswordHash: "c"}
	codes := access.UserPermissionsChanged{ID: 100, Codes: []int{6}}
	domaintest.Given(given()...).As(admin).When(add()).Then(t, user, codes)
	domaintest.Given(given()...).As(admin).When(add(someKey+" me@home")).Then(t, user, codes,
		ops.UserKeysChanged{User: 100, Before: []string{}, After: []string{someKey}})
	domaintest.Given(given()...).As(nobody).When(add(someKey)).ThenError(t, domain.CodeForbidden, "adduser")
	if _, err := ops.NewAddUser(access.UserRegistered{Username: "new"}, nil, []string{"command=\"x\" " + someKey}); err == nil {
		t.Error("options of a key are accepted")
	}
}

// Whoever can set a user's keys can log in wherever that user may.
func TestKeysOfTheStronger(t *testing.T) {
	t.Parallel()
	const update = access.CodeUpdateUser
	for name, c := range map[string]struct {
		user string
		more []domain.Event
		ok   bool
	}{
		"a user without rights":        {user: "nobody", ok: true},
		"a user with a code of theirs": {user: "nobody", more: []domain.Event{access.UserPermissionsChanged{ID: nobody, Codes: []int{update}}}, ok: true},
		"a user with another code":     {user: "nobody", more: []domain.Event{access.UserPermissionsChanged{ID: nobody, Codes: []int{access.CodeManageSSHKey}}}},
		"a user with a role":           {user: "nobody", more: []domain.Event{access.UserRolesChanged{ID: nobody, After: []int64{7}}}},
		"an admin":                     {user: "admin"},
		"themselves":                   {user: "operator", ok: true},
	} {
		weak := access.UserPermissionsChanged{ID: operator, Codes: []int{update}}
		outcome := domaintest.Given(given(append(c.more, weak)...)...).As(operator).When(domaintest.Must(ops.NewSetUserKeys(c.user, []string{someKey})))
		if !c.ok {
			outcome.ThenError(t, domain.CodeForbidden, "您没有的")
		} else if outcome.Err != nil || len(outcome.Events) != 1 {
			t.Errorf("%s: %v %v", name, outcome.Events, outcome.Err)
		}
	}
}

// Who lacks the right learns nothing of which names there are.
func TestNamesAreNotTold(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"admin", "nobody else"} {
		domaintest.Given(given()...).As(operator).When(create(name, "10.0.0.1")).ThenError(t, domain.CodeRefused, "creator must be the caller")
		domaintest.Given(given()...).As(nobody).When(domaintest.Must(ops.NewSetUserKeys(name, nil))).ThenError(t, domain.CodeForbidden, "updateuser")
		domaintest.Given(given()...).As(nobody).When(domaintest.Must(ops.NewGrantAccount(name, "10.0.0.1", "root"))).ThenError(t, domain.CodeForbidden, "managesshkey")
		domaintest.Given(given()...).As(nobody).When(domaintest.Must(ops.NewRevokeAccount(name, "10.0.0.1", "root"))).ThenError(t, domain.CodeForbidden, "managesshkey")
	}
}
