package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// ownPassword: a user changes their own password with the old one, and nobody's else.
func (s *stack) ownPassword() {
	token := s.member("changer")
	mine := passwordOf(fmt.Sprint("/admin/users/", s.whoami(token)))
	for name, c := range map[string]struct {
		body m
		want string
	}{
		"no old one": {m{"password": "another"}, "old_password: 不能为空！"},
		"wrong":      {m{"password": "another", "old_password": "secreT"}, "原密码错误！"},
		"short":      {m{"password": "x", "old_password": "secret"}, "password: 长度必须为6到128个字符！"},
		"differ":     {m{"password": "another", "password2": "anothex", "old_password": "secret"}, "两次密码输入要一致！"},
		"none":       {m{"old_password": "secret"}, "password: 不能为空！"},
	} {
		if got := s.do("PUT", mine, c.body, as(token)); got.status != 400 || !strings.HasPrefix(got.body, strings.TrimSuffix(failedWith(c.want), "}")) {
			s.t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	good := m{"password": "another", "password2": "another", "old_password": "secret"}
	s.refused("PUT", mine, good, 412, as(token), with("If-Match", `"1"`))
	s.ok("PUT", mine, good, as(token))
	s.expect(s.do("GET", "/dns/views", nil, as(token)), 403, bodyTokenInvalid)
	s.expect(s.do("POST", "/auth/login_local", m{"username": "changer", "password": "secret"}), 403, bodyLoginFailed)
	token = s.login("changer", "another")
	s.ok("PUT", mine, m{"password": "by admin"})
	s.expect(s.do("GET", "/dns/views", nil, as(token)), 403, bodyTokenInvalid)
	s.login("changer", "by admin")
	s.refused("PUT", "/v1/users/999999/password", m{"password": "by admin"}, 404)
	s.refused("PUT", "/v1/users/999999/password", m{}, 404)

	token = s.login("changer", "by admin")
	for range 3 * failuresPerName {
		if got := s.do("PUT", mine, m{"password": "another", "old_password": "guess"}, as(token)); got.status == http.StatusTooManyRequests {
			return
		}
	}
	s.t.Error("guessing the old password is not slowed down")
}

// A new password ends the credentials of the user's programs where the request says so, under
// /api as under /v1.
func TestOpsPasswordEndsCredentials(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	alice := as(s.reader("alice"))
	made := func() string {
		return field(t, s.done("POST", "/v1/credentials", m{"name": "n", "kind": "token"}, alice).body, "secret")
	}
	first := as(made())
	change := func(more m) reply {
		data := m{"username": "alice", "new_passwd": "another"}
		for name, value := range more {
			data[name] = value
		}
		return s.do("POST", pathUser, act("update", data))
	}
	if got := change(nil); !strings.Contains(got.header.Get("Opsledger-Warning"), "revoke_credentials") {
		t.Errorf("what stays is not told: %v", got.header)
	}
	if got := s.do("GET", "/dns/zones", nil, first); got.status != 200 {
		t.Errorf("the credential ended: %d %s", got.status, got.body)
	}
	for _, data := range []m{{"revoke_credentials": "x"}, {"revoke_credentials": true, "new_passwd": nil}} {
		if got := change(data); !strings.Contains(got.body, `"ok":false`) || !strings.Contains(got.body, "revoke_credentials: ") {
			t.Errorf("%v: %s", data, got.body)
		}
	}
	if got := change(m{"revoke_credentials": true}); !strings.Contains(got.body, `"ok":true`) {
		t.Errorf("%s", got.body)
	}
	s.expect(s.do("GET", "/dns/zones", nil, first), 403, bodyTokenInvalid)
}
