package access_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The users of the tests.
const (
	admin domain.UserID = 1
	guest domain.UserID = 2
	clerk domain.UserID = 3
)

// given is a log with an admin, a guest without rights, and more.
func given(more ...domain.Event) []domain.Event {
	return slices.Clip(append([]domain.Event{
		access.UserRegistered{ID: admin, Username: "admin", Source: access.SourceLocal, MailDigest: "m1", PasswordHash: "c1", PersonalKey: "k1"},
		access.UserRolesChanged{ID: admin, Before: []int64{}, After: []int64{access.RoleAdmin}},
		access.UserRegistered{ID: guest, Username: "Guest", Source: access.SourceLocal, PasswordHash: "c2", PersonalKey: "k2", Phone: "p2"},
	}, more...))
}

// decision is one row of a table: given events, when a command is decided by a
// user, then events, or an error with a code and a text.
type decision struct {
	name  string
	given []domain.Event
	as    domain.UserID
	when  domain.Command
	then  []domain.Event
	code  domain.Code
	text  string
}

func runDecisions(t *testing.T, table []decision) {
	t.Helper()
	for _, d := range table {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(d.given...).As(d.as).When(d.when).Check(t, d.then, d.code, d.text)
		})
	}
}

// race is one row of a table: an event that comes between a decision and its
// append, and whether the append must fail.
type race struct {
	name     string
	given    []domain.Event
	when     domain.Command
	between  domain.Event
	conflict bool
}

func runRaces(t *testing.T, as domain.UserID, table []race) {
	t.Helper()
	for _, r := range table {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(r.given...).As(as).When(r.when).CheckRace(t, r.between, r.conflict)
		})
	}
}

func must[T any](v T, err error) T { return domaintest.Must(v, err) }

func rolesOf(user domain.UserID, before, after []int64) domain.Event {
	return access.UserRolesChanged{ID: user, Before: before, After: after}
}

func register(name, mail string) access.RegisterUser {
	return access.RegisterUser{User: access.UserRegistered{Username: name, MailDigest: mail, PasswordHash: "c"}}
}

func registered(name, mail string) domain.Event {
	return access.UserRegistered{ID: 100, Username: name, Source: access.SourceLocal, MailDigest: mail, PasswordHash: "c"}
}

func TestRegisterUser(t *testing.T) {
	t.Parallel()
	first := register("boss", "")
	first.Roles, first.First = []int64{3, access.RoleAdmin, 3}, true
	withRoles := register("boss", "")
	withRoles.Roles = []int64{7}
	again := register("ADMIN", "")
	again.First = true
	firstUser := registered("boss", "").(access.UserRegistered)
	firstUser.ID = access.AdminID
	ldap := access.RegisterUser{User: access.UserRegistered{Username: "new", Source: access.SourceLDAP, Mail: "s", MailDigest: "m2", Nickname: "n", PasswordHash: "c"}}
	ldapUser := access.UserRegistered{ID: 100, Username: "new", Source: access.SourceLDAP, Mail: "s", MailDigest: "m2", Nickname: "n"}
	noMail := ldapUser
	noMail.Mail, noMail.MailDigest = "", ""
	gone := given(access.UserDeleted{ID: guest, Username: "Guest", MailDigest: "m2"})
	firstGone := given(rolesOf(guest, []int64{}, []int64{access.RoleAdmin}), access.UserDeleted{ID: admin, Username: "admin", MailDigest: "m1", Roles: []int64{1}})
	moved := given(access.UserProfileChanged{ID: admin, Before: access.Profile{MailDigest: "m1"}, After: access.Profile{MailDigest: "m2"}})
	runDecisions(t, []decision{
		{name: "new", given: given(), when: register("new", "m2"), then: []domain.Event{registered("new", "m2")}},
		{name: "without mail twice", given: given(), when: register("new", ""), then: []domain.Event{registered("new", "")}},
		{name: "taken name", given: given(), when: register("gUEST", "m2"), code: domain.CodeRefused, text: "用户已存在！"},
		{name: "taken mail", given: given(), when: register("new", "m1"), code: domain.CodeRefused, text: "邮箱已存在！"},
		{name: "bad name", when: register("a b", ""), code: domain.CodeInvalid, text: "username"},
		{name: "first start", when: first, then: []domain.Event{
			firstUser, access.UserRolesChanged{ID: access.AdminID, Before: []int64{}, After: []int64{access.RoleAdmin, 3}},
		}},
		{name: "first start twice", given: given(), when: again},
		{name: "no roles for others", as: guest, given: given(), when: withRoles, code: domain.CodeForbidden, text: "无权限！"},
		{name: "directory user", given: given(), when: ldap, then: []domain.Event{ldapUser}},
		{name: "directory user whose mail is taken", given: moved, when: ldap, then: []domain.Event{noMail}},
		{name: "directory user whose name is taken", given: given(ldapUser), when: ldap, code: domain.CodeRefused, text: "用户已存在！"},
		{name: "a deleted user's name", given: gone, when: register("GUEST", ""), then: []domain.Event{registered("GUEST", "")}},
		{name: "a deleted user's mail", given: gone, when: register("new", "m2"), then: []domain.Event{registered("new", "m2")}},
		{name: "a mail given up", given: moved, when: register("new", "m1"), then: []domain.Event{registered("new", "m1")}},
		{name: "a mail taken later", given: moved, when: register("new", "m2"), code: domain.CodeRefused, text: "邮箱已存在！"},
		{name: "the first user does not come back", given: firstGone, when: again},
	})
	taken := domaintest.Given(given()...).When(register("new", "m2"))
	for _, e := range []domain.Event{
		registered("NEW", ""), registered("other", "m2"),
		access.UserProfileChanged{ID: guest, After: access.Profile{MailDigest: "m2"}},
	} {
		if !taken.Conflicts(e) {
			t.Errorf("a registration does not notice %+v", e)
		}
	}
	if taken.Conflicts(registered("other", "m3")) {
		t.Error("a registration conflicts with that of another name")
	}
}

func TestAccountForms(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"abc": true, "A_b-1.c": true, strings.Repeat("a", 64): true,
		"": false, "ab": false, strings.Repeat("a", 65): false, "a b": false, "用户名": false, "a\nb": false, "a'b": false,
	} {
		if _, err := access.ParseUsername(name); (err == nil) != good {
			t.Errorf("username %q: %v", name, err)
		}
	}
	for password, good := range map[string]bool{
		"123456": true, strings.Repeat("密", 128): true, "      ": true,
		"12345": false, "": false, strings.Repeat("x", 129): false, "123456\xff": false,
	} {
		if err := access.CheckPassword(password); (err == nil) != good {
			t.Errorf("password %q: %v", password, err)
		}
	}
	for mail, good := range map[string]bool{
		"a@b": true, "x.y+z@example.com": true, "用户@例子.cn": true,
		"": false, "a": false, "@b": false, "a@": false, "a@b@c": false, "a b@c": false, "a@b\n": false, "<a@b>": false,
		strings.Repeat("a", 250) + "@b.cn": false, "a\xff@b": false,
	} {
		if _, err := access.ParseMail(mail); (err == nil) != good {
			t.Errorf("mail %q: %v", mail, err)
		}
	}
	if access.FoldMail("A@B.cn") != access.FoldMail("a@b.CN") {
		t.Error("mail addresses compare with case")
	}
	domaintest.Outcome{Err: access.CheckPasswords("123456", "123457")}.ThenError(t, domain.CodeRefused, "两次密码输入要一致！")
	if err := access.CheckPasswords("123456", "123456"); err != nil {
		t.Error(err)
	}
}
