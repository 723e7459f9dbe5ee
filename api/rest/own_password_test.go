package rest

import (
	"fmt"
	"net/http"
	"strings"
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
