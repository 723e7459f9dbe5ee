package rest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity/directory"
	"github.com/opsledger/opsledger/internal/testkit"
)

const bodyDirectoryAway = `{"message":"Failed","error":"LDAP服务器暂时无法访问，请稍后重试！"}`

func newDirectoryStack(t *testing.T, names ...string) (*stack, *testkit.LDAPServer) {
	t.Helper()
	var ldif strings.Builder
	for _, name := range names {
		testkit.LDAPPerson(&ldif, name, "directory secret")
	}
	testkit.LDAPPerson(&ldif, "alice", "wonder land", "mail: alice@example.org", "mobile: +86 10 5555")
	testkit.LDAPPerson(&ldif, "bob", "builder", "mail: carol@example.org") // an address that carol registers with
	testkit.LDAPPerson(&ldif, "local", "directory secret")
	server := testkit.LDAP(t, false, ldif.String())
	ldap, err := directory.New(directory.Config{
		URLs: []string{"ldaps://" + server.TLSAddr}, CAFile: server.CAFile, SearchBase: testkit.LDAPBase,
		BindDN: testkit.LDAPReader, BindPassword: testkit.LDAPReaderPassword, Timeout: testkit.Patience, Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	s := newStack(t)
	s.reader("carol")
	s.reader("local")
	return s.reopened(func(c *config) { c.Directory = ldap }), server
}

// try logs in and returns the reply.
func (s *stack) try(path, username, password string) reply {
	s.t.Helper()
	return s.do("POST", path, m{"username": username, "password": password}, with("Authorization", ""))
}

func TestDirectoryLogin(t *testing.T) {
	t.Parallel()
	s, server := newDirectoryStack(t)
	const ldap, local = "/auth/login_ldap", "/auth/login_local"

	// The first success makes the user, the second finds them, by whatever the directory knows
	// them.
	for _, name := range []string{"alice@example.org", "alice", "ALICE@example.org"} {
		got := s.try(ldap, name, "wonder land")
		for _, want := range []string{
			`"id":4,"username":"alice","email":"alice@example.org","chinese_name":"alice","cellphone":"+86 10 5555"`,
			`"can_add_server":false,"can_add_view":false,"can_add_zone":false`,
		} {
			if got.status != 200 || !strings.Contains(got.body, want) {
				t.Errorf("%d %s, want %s", got.status, got.body, want)
			}
		}
	}
	// An address that another user has is left out.
	if got := s.try(ldap, "bob", "builder"); got.status != 200 || !strings.Contains(got.body, `"username":"bob","email":""`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	// Local users log in where the directory does not know them.
	for _, path := range []string{ldap, local} {
		if got := s.try(path, "carol", "secret"); got.status != 200 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := s.try(local, "local", "secret"); got.status != 200 {
		t.Errorf("a local user of a name that the directory knows: %d %s", got.status, got.body)
	}
	for name, c := range map[string][3]string{
		"wrong":                         {ldap, "alice", "wonder"},
		"unknown":                       {ldap, "nobody", "x"},
		"pattern":                       {ldap, "ali*", "wonder land"},
		"DN":                            {ldap, "x,uid=alice", "wonder land"},
		"directory user, local path":    {local, "alice", "wonder land"},
		"local name, directory's proof": {ldap, "local", "directory secret"},
		"local name, local password":    {ldap, "local", "secret"},
		"local user, wrong":             {ldap, "carol", "wrong"},
	} {
		if got := s.try(c[0], c[1], c[2]); got.status != 403 || got.body != bodyLoginFailed {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	s.expect(s.try(ldap, "alice", ""), 400, failedWith("password: 不能为空！"))
	s.expect(s.try(ldap, "alice\x00", "wonder land"), 400, failedWith("username: 不能包含空字符！"))

	// A name of the directory is not for registration.
	register := func(name string) reply {
		return s.do("POST", "/auth/register_local", m{"username": name, "password": "secret", "password2": "secret", "email": name + "@example.org"})
	}
	link := func(id string) reply { return s.do("POST", "/v1/users/"+id+"/ldap-link", nil) }
	// carol is 2, local is 3; whom the directory does not know is not shut out.
	s.expect(link("2"), 400, failedWith("LDAP中没有用户carol，不能关联！"))
	s.expect(link("3"), 200, bodyOK)
	s.expect(link("3"), 200, bodyOK)
	s.expect(link("99"), 404, failedWith("User 99 不存在！"))
	if got := s.try(ldap, "local", "directory secret"); got.status != 200 || !strings.Contains(got.body, `"id":3`) {
		t.Errorf("a linked user: %d %s", got.status, got.body)
	}
	s.expect(s.try(local, "local", "secret"), 403, bodyLoginFailed)
	deleted, err := access.NewDeleteUser(4, nil)
	s.execute(deleted, err)
	s.awaitLog()
	s.expect(register("ALICE"), 400, failedWith("用户已存在！"))
	if got := register("dave"); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.try(ldap, "alice", "wonder land"); got.status != 200 || strings.Contains(got.body, `"id":4,`) {
		t.Errorf("after the deletion: %d %s", got.status, got.body)
	}

	server.Stop()
	for _, name := range []string{"alice", "carol", "nobody"} {
		got := s.try(ldap, name, "secret")
		if got.status != http.StatusServiceUnavailable || got.body != bodyDirectoryAway || got.header.Get("Retry-After") == "" {
			t.Errorf("away, %s: %d %s", name, got.status, got.body)
		}
	}
	s.expect(register("erin"), 503, bodyDirectoryAway)
	s.expect(link("2"), 503, bodyDirectoryAway)
	s.expect(s.try(local, "alice", "wonder land"), 403, bodyLoginFailed)
	if got := s.try(local, "carol", "secret"); got.status != 200 {
		t.Errorf("a local user while the directory is away: %d %s", got.status, got.body)
	}
}

// The directory decides what its names are: what is no name for people elsewhere is one
// there, but a local user's name in whatever writing is theirs until an admin links them.
func TestDirectoryNames(t *testing.T) {
	t.Parallel()
	s, _ := newDirectoryStack(t, "Ann Lee", "张三", "System", "_x", "Admin", "q", "li")
	const ldap = "/auth/login_ldap"
	ids := map[string]string{}
	for name, others := range map[string][]string{
		"Ann Lee": {"ann lee", "ANN  LEE", " ann lee "}, "张三": {"张三"}, "System": {"SYSTEM", "ｓｙｓｔｅｍ"}, "_x": {"_X"}, "q": {"Q"}, "li": {"LI"},
	} {
		for _, spelling := range append([]string{name}, others...) {
			got := s.try(ldap, spelling, "directory secret")
			if got.status != 200 {
				t.Errorf("%q: %d %s", spelling, got.status, got.body)
				continue
			}
			id := decoded[struct {
				User struct{ ID json.Number } `json:"user_info"`
			}](s, got).User.ID.String()
			if ids[name] == "" {
				ids[name] = id
			}
			if ids[name] != id {
				t.Errorf("%q is user %s, %q is user %s", name, ids[name], spelling, id)
			}
		}
	}
	for name, password := range map[string]string{
		"Admin": "directory secret", "ADMIN": adminPassword, "ａｄｍｉｎ": "directory secret", " admin": "directory secret", "admin": adminPassword,
	} {
		if got := s.try(ldap, name, password); got.status != 403 || got.body != bodyLoginFailed {
			t.Errorf("%q: %d %s", name, got.status, got.body)
		}
	}
	for _, name := range []string{"a\u200bb", "a\nb", strings.Repeat("a", 129)} {
		if got := s.try(ldap, name, "directory secret"); got.status != 403 || got.body != bodyLoginFailed {
			t.Errorf("%q: %d %s", name, got.status, got.body)
		}
	}
	s.opsDo("GET", pathUser+"?username=ANN%20LEE", nil)
	s.opsDo("GET", pathUser+"?username=%E5%BC%A0%E4%B8%89", nil)
	s.opsDo("GET", pathLogin+"?username=ann+lee", nil, as(s.loginBy(ldap, "Ann Lee", "directory secret")))
	s.login("admin", adminPassword)
}

// loginBy is login by another path.
func (s *stack) loginBy(path, username, password string) string {
	s.t.Helper()
	return decoded[struct{ Token string }](s, s.try(path, username, password)).Token
}

// Two first logins at once make one user.
func TestDirectoryLoginsRace(t *testing.T) {
	t.Parallel()
	s, _ := newDirectoryStack(t)
	replies := make(chan reply)
	const racers = 4
	for range racers {
		go func() {
			r, err := (&http.Client{Transport: transport}).Post(s.url+"/auth/login_ldap", "application/json", strings.NewReader(`{"username":"alice","password":"wonder land"}`))
			if err != nil {
				replies <- reply{body: err.Error()}
				return
			}
			_ = r.Body.Close()
			replies <- reply{status: r.StatusCode}
		}()
	}
	for range racers {
		if got := <-replies; got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	events, err := s.store.ReadTag(t.Context(), access.TagUsername("alice"), 0, 10)
	if must(t, err); len(events) != 1 {
		t.Errorf("alice was made %d times", len(events))
	}
}
