package access_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

const (
	admin domain.UserID = 1
	guest domain.UserID = 2
)

func given(more ...domain.Event) []domain.Event {
	return append([]domain.Event{
		access.UserRegistered{ID: admin, Username: "admin", MailDigest: "m1"},
		access.UserRolesChanged{ID: admin, Before: []int64{}, After: []int64{access.RoleAdmin}},
		access.UserRegistered{ID: guest, Username: "Guest"},
	}, more...)
}

func register(name, mail string) access.RegisterUser {
	return access.RegisterUser{User: access.UserRegistered{Username: name, MailDigest: mail, Credential: "c"}}
}

func registered(name, mail string) domain.Event {
	return access.UserRegistered{ID: 100, Username: name, Source: access.SourceLocal, MailDigest: mail, Credential: "c"}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	zone := access.On(access.KindZone, 7, "a.com", access.OperationUpdate)
	for _, c := range []struct {
		name  string
		actor domain.UserID
		right access.Right
		code  domain.Code
		text  string
	}{
		{"system", domain.System, access.AddZone(), "", ""},
		{"admin", admin, zone, "", ""},
		{"guest", guest, access.AddZone(), domain.CodeForbidden, "无权限！缺少权限：ZONE_ADD"},
		{"guest, zone", guest, zone, domain.CodeForbidden, "ZONE#a.com#UPDATE"},
		{"guest, server", guest, access.On(access.KindServer, 1, "s1", access.OperationDelete), domain.CodeForbidden, "SERVER#s1#DELETE"},
		{"guest, view", guest, access.On(access.KindView, 1, "v1", access.OperationAccess), domain.CodeForbidden, "VIEW#v1#ACCESS"},
		{"guest, record", guest, access.On(access.KindRecord, 1, "www", access.OperationUpdate), domain.CodeForbidden, "RECORD#www#UPDATE"},
		{"guest, conf", guest, access.EditBindConf(), domain.CodeForbidden, "BIND_CONF_EDIT"},
		{"guest, views", guest, access.AddView(), domain.CodeForbidden, "VIEW_ADD"},
		{"guest, servers", guest, access.AddServer(), domain.CodeForbidden, "SERVER_ADD"},
		{"nobody", 9, zone, domain.CodeUnauthenticated, "Token is invalid!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			actor, err := access.Load(domaintest.NewHistory(given()...), c.actor)
			if err != nil {
				t.Fatal(err)
			}
			err = actor.Require(c.right)
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			domaintest.Outcome{Err: err}.ThenError(t, c.code, c.text)
		})
	}
}

func TestRequireAfterLosingTheRole(t *testing.T) {
	t.Parallel()
	h := domaintest.NewHistory(given(access.UserRolesChanged{ID: admin, Before: []int64{access.RoleAdmin}, After: []int64{7}})...)
	actor, err := access.Load(h, admin)
	if err != nil {
		t.Fatal(err)
	}
	domaintest.Outcome{Err: actor.Require(access.AddZone())}.ThenError(t, domain.CodeForbidden, "无权限！")
	if !h.Conflicts(access.UserRolesChanged{ID: admin}) || h.Conflicts(access.UserRolesChanged{ID: guest}) {
		t.Error("a decision is not guarded by its actor's roles, or by another's")
	}
}

func TestRegisterUser(t *testing.T) {
	t.Parallel()
	first := register("root", "")
	first.Roles, first.First = []int64{3, access.RoleAdmin, 3}, true
	again := register("ADMIN", "")
	again.First = true
	firstUser := registered("root", "").(access.UserRegistered)
	firstUser.ID = access.AdminID
	for _, c := range []struct {
		name  string
		as    domain.UserID
		given []domain.Event
		when  domain.Command
		then  []domain.Event
		code  domain.Code
		text  string
	}{
		{name: "new", given: given(), when: register("new", "m2"), then: []domain.Event{registered("new", "m2")}},
		{name: "without mail twice", given: given(), when: register("new", ""), then: []domain.Event{registered("new", "")}},
		{name: "taken name", given: given(), when: register("gUEST", "m2"), code: domain.CodeRefused, text: "用户已存在！"},
		{name: "taken mail", given: given(), when: register("new", "m1"), code: domain.CodeRefused, text: "邮箱已存在！"},
		{name: "bad name", when: register("a b", ""), code: domain.CodeInvalid, text: "username"},
		{name: "first start", when: first, then: []domain.Event{
			firstUser, access.UserRolesChanged{ID: access.AdminID, Before: []int64{}, After: []int64{access.RoleAdmin, 3}},
		}},
		{name: "first start twice", given: given(), when: again},
		{name: "no roles for others", as: guest, given: given(), when: first, code: domain.CodeForbidden, text: "无权限！"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			outcome := domaintest.Given(c.given...).As(c.as).When(c.when)
			if c.code != "" {
				outcome.ThenError(t, c.code, c.text)
				return
			}
			outcome.Then(t, c.then...)
		})
	}
	race := domaintest.Given(given()...).When(register("new", "m2"))
	for _, taken := range []domain.Event{registered("NEW", ""), registered("other", "m2")} {
		if !race.Conflicts(taken) {
			t.Errorf("a registration does not notice %+v", taken)
		}
	}
	if race.Conflicts(registered("other", "m3")) {
		t.Error("a registration conflicts with that of another name")
	}
}

func TestChangeRoles(t *testing.T) {
	t.Parallel()
	change := access.ChangeRoles{ID: guest, Roles: []int64{4, 3, 4}}
	changed := access.UserRolesChanged{ID: guest, Before: []int64{}, After: []int64{3, 4}}
	domaintest.Given(given()...).As(admin).When(change).Then(t, changed)
	domaintest.Given(given(changed)...).As(admin).When(change).Then(t)
	domaintest.Given(given()...).As(guest).When(change).ThenError(t, domain.CodeForbidden, "admin")
	domaintest.Given(given()...).As(admin).When(access.ChangeRoles{ID: 9}).ThenError(t, domain.CodeNotFound, "User 9 不存在！")
	if !domaintest.Given(given()...).As(admin).When(change).Conflicts(changed) {
		t.Error("two changes of one user's roles do not conflict")
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
