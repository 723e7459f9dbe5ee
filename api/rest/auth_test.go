package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/opsledger/opsledger/identity"
)

const (
	bodyTokenMissing = `{"code":40301,"message":"Token is missing!"}`
	bodyTokenInvalid = `{"code":40301,"message":"Token is invalid!"}`
	bodyLoginFailed  = `{"message":"认证失败！"}`
)

// forge signs claims of the admin, changed by edit, with any key and method.
func (s *stack) forge(method jwt.SigningMethod, key any, kid string, edit func(jwt.MapClaims)) string {
	s.t.Helper()
	real, _, err := jwt.NewParser().ParseUnverified(s.admin, jwt.MapClaims{})
	must(s.t, err)
	all := real.Claims.(jwt.MapClaims)
	edit(all)
	token := jwt.NewWithClaims(method, all)
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	must(s.t, err)
	return text
}

// TestAuth shares one stack: none of its parts is in another's way.
func TestAuth(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for name, part := range map[string]func(*stack){"tokens": (*stack).tokens, "sources": (*stack).tokenSources, "login": (*stack).logins} {
		t.Run(name, func(t *testing.T) { part(s.in(t)) })
	}
}

func (s *stack) tokens() {
	t := s.t
	key, kid := s.tokenKey()
	same := func(jwt.MapClaims) {}
	hs := jwt.SigningMethodHS256
	set := func(name string, value any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) {
			c[name] = value
			if value == nil {
				delete(c, name)
			}
		}
	}
	for name, c := range map[string]struct{ token, body string }{
		"none":              {"", bodyTokenMissing},
		"bearer alone":      {"Bearer ", bodyTokenInvalid},
		"garbage":           {"garbage", bodyTokenInvalid},
		"basic":             {"Basic YWRtaW46YWRtaW4=", bodyTokenInvalid},
		"good":              {s.forge(hs, key, kid, same), ""},
		"bearer":            {"bearer " + s.admin, ""},
		"alg none":          {s.forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, same), bodyTokenInvalid},
		"alg HS512":         {s.forge(jwt.SigningMethodHS512, key, kid, same), bodyTokenInvalid},
		"other key":         {s.forge(hs, identity.RandomKey(), kid, same), bodyTokenInvalid},
		"other kid":         {s.forge(hs, key, "x", same), bodyTokenInvalid},
		"expired":           {s.forge(hs, key, kid, set("exp", time.Now().Add(-time.Second).Unix())), bodyTokenInvalid},
		"no exp":            {s.forge(hs, key, kid, set("exp", nil)), bodyTokenInvalid},
		"future iat":        {s.forge(hs, key, kid, set("iat", time.Now().Add(time.Hour).Unix())), bodyTokenInvalid},
		"iat, other clock":  {s.forge(hs, key, kid, set("iat", time.Now().Add(clockSkew/2).Unix())), ""},
		"no jti":            {s.forge(hs, key, kid, set("jti", nil)), bodyTokenInvalid},
		"unknown user":      {s.forge(hs, key, kid, set("jti", "77."+generation("", 1)+".x")), bodyTokenInvalid},
		"system":            {s.forge(hs, key, kid, set("jti", "0."+generation("", 0)+".x")), bodyTokenInvalid},
		"other credential":  {s.forge(hs, key, kid, set("jti", "1."+generation("old", 2)+".x")), bodyTokenInvalid},
		"signature cut off": {s.admin[:strings.LastIndex(s.admin, ".")+1], bodyTokenInvalid},
	} {
		got := s.do("GET", "/dns/views", nil, with("Authorization", c.token))
		if c.body == "" && got.status != 200 || c.body != "" && (got.status != 403 || got.body != c.body) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	var c claims
	_, _, err := jwt.NewParser().ParseUnverified(s.admin, &c)
	must(t, err)
	if c.User != "admin" || c.ExpiresAt.Sub(c.IssuedAt.Time) != 24*time.Hour || !strings.HasPrefix(c.ID, "1.") {
		t.Errorf("claims: %+v", c)
	}
}

// tokenSources: a token may come in three places; by cookie alone it authorises
// nothing that a foreign page could send.
func (s *stack) tokenSources() {
	t := s.t
	cookie, none := with("Cookie", "access_token="+s.admin), with("Authorization", "")
	asForm, asText := with("Content-Type", "application/x-www-form-urlencoded"), with("Content-Type", "text/plain")
	view := `{"name":"v","acl":"any"}`
	site := func(value string) func(*http.Request) { return with("Sec-Fetch-Site", value) }
	for name, c := range map[string]struct {
		method, path, body string
		options            []func(*http.Request)
		want               string
	}{
		"header":                   {"GET", "/dns/views", "", []func(*http.Request){none, with("access_token", s.admin)}, ""},
		"cookie":                   {"GET", "/dns/views", "", []func(*http.Request){none, cookie}, ""},
		"authorization goes first": {"GET", "/dns/views", "", []func(*http.Request){with("Authorization", "x"), cookie}, bodyTokenInvalid},
		"cookie, same origin":      {"POST", "/dns/views", view, []func(*http.Request){none, cookie, site("same-origin")}, ""},
		"cookie, form":             {"POST", "/dns/views", "name=w&acl=any", []func(*http.Request){none, cookie, asForm, site("same-origin")}, ""},
		"cookie, old browser":      {"POST", "/dns/views", `{"name":"v4","acl":"any"}`, []func(*http.Request){none, cookie, with("Origin", s.url)}, ""},
		"cookie, no browser":       {"POST", "/dns/views", view, []func(*http.Request){none, cookie}, bodyTokenMissing},
		"cookie, same site":        {"POST", "/dns/views", view, []func(*http.Request){none, cookie, site("same-site")}, bodyTokenMissing},
		"cookie, other site":       {"POST", "/dns/views", view, []func(*http.Request){none, cookie, site("cross-site"), with("Origin", s.url)}, bodyTokenMissing},
		"cookie, typed":            {"POST", "/dns/views", view, []func(*http.Request){none, cookie, site("none")}, bodyTokenMissing},
		"cookie, other origin":     {"POST", "/dns/views", view, []func(*http.Request){none, cookie, with("Origin", "http://evil.example")}, bodyTokenMissing},
		"cookie, opaque origin":    {"POST", "/dns/views", view, []func(*http.Request){none, cookie, with("Origin", "null")}, bodyTokenMissing},
		"cookie, put":              {"PUT", "/dns/views/1", view, []func(*http.Request){none, cookie}, bodyTokenMissing},
		"cookie, delete":           {"DELETE", "/dns/views/999", "", []func(*http.Request){none, cookie, site("cross-site")}, bodyTokenMissing},
		"token, text":              {"POST", "/dns/views", `{"name":"v2","acl":"any"}`, []func(*http.Request){asText}, ""},
		"token, form":              {"POST", "/dns/views", "name=v3&acl=any", []func(*http.Request){asForm}, ""},
	} {
		got := s.do(c.method, c.path, c.body, c.options...)
		if c.want == "" && got.status != 200 || c.want != "" && got.body != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	s.ok("POST", "/dns/views", m{"name": "gone", "acl": "any"})
	id := s.do("GET", "/dns/views?name=gone", nil)
	if !strings.Contains(id.body, `"total":1`) {
		t.Fatal(id.body)
	}
	path := "/dns/views/" + strings.Split(strings.SplitAfter(id.body, `"id":`)[1], ",")[0]
	s.ok("DELETE", path, nil, none, cookie, site("same-origin"))
}

func (s *stack) logins() {
	t := s.t
	none := with("Authorization", "")
	for _, path := range []string{"/auth/login_local", "/auth/login_ldap"} {
		got := s.do("POST", path, "username=ADMIN&password=correct+horse", none, with("Content-Type", "application/x-www-form-urlencoded"))
		body := clock.ReplaceAllString(got.body, `"TIME"`)
		_, rest, _ := strings.Cut(body, `","user_info"`)
		s.expect(reply{status: got.status, body: rest}, 200, `:{"id":1,"username":"admin","email":"","chinese_name":"","cellphone":"","position":"","location":"","can_add_server":true,"can_add_view":true,"can_add_zone":true,"member_since":"TIME"}}`)
		s.expect(s.do("POST", path, m{"username": "admin", "password": "wrong"}, none), 403, bodyLoginFailed)
		s.expect(s.do("POST", path, m{"username": "nobody", "password": "wrong"}, none), 403, bodyLoginFailed)
		s.expect(s.do("POST", path, m{"username": "a b' OR 1=1 --", "password": strings.Repeat("x", 60_000)}, none), 403, bodyLoginFailed)
		s.expect(s.do("POST", path, m{"username": "admin"}, none), 400, failedWith("password: 不能为空！"))
		s.expect(s.do("POST", path, m{"username": 1, "password": "x"}, none), 400, failedWith("username: 必须是字符串！"))
	}
	// The first start may run twice.
	created, password, err := identity.EnsureAdmin(t.Context(), s.store, s.cfg.Vault, "another one")
	if must(t, err); created || password != "" {
		t.Error("the admin was created twice")
	}
	s.login("admin", adminPassword)
}

func TestRegister(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	good := m{"username": "user123", "password": "passwd123", "password2": "passwd123", "email": "xxx@qq.com"}
	s.ok("POST", "/auth/register_local", good, with("Authorization", ""))
	for name, c := range map[string]struct {
		body m
		want string
	}{
		"taken":          {changed(good, "email", "y@qq.com"), "用户已存在！"},
		"taken, case":    {changed(changed(good, "email", "y@qq.com"), "username", "USER123"), "用户已存在！"},
		"mail taken":     {changed(changed(good, "email", "XXX@qq.com"), "username", "user124"), "邮箱已存在！"},
		"two passwords":  {changed(good, "password2", "passwd124"), "两次密码输入要一致！"},
		"no mail":        {changed(good, "email", ""), "email: 不能为空！"},
		"short":          {changed(changed(good, "password", "12345"), "password2", "12345"), "password: 长度必须为6到128个字符！"},
		"name":           {changed(good, "username", "a b"), "username: 只能包含字母、数字、“_”、“.”和“-”！"},
		"reserved":       {changed(good, "username", "system"), "username: 该用户名为系统保留，不能使用！"},
		"reserved, case": {changed(good, "username", "OpsLedger"), "username: 该用户名为系统保留，不能使用！"},
		"reserved, root": {changed(good, "username", "ROOT"), "username: 该用户名为系统保留，不能使用！"},
		"begin":          {changed(good, "username", "_user"), "username: 不能以“.”、“-”或“_”开头或结尾！"},
		"end":            {changed(good, "username", "user."), "username: 不能以“.”、“-”或“_”开头或结尾！"},
		"both ends":      {changed(good, "username", "-user-"), "username: 不能以“.”、“-”或“_”开头或结尾！"},
	} {
		if got := s.do("POST", "/auth/register_local", c.body); got.status != 400 || got.body != failedWith(c.want) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	got := s.do("POST", "/auth/login_local", m{"username": "user123", "password": "passwd123"})
	if !strings.Contains(got.body, `"email":"xxx@qq.com"`) || !strings.Contains(got.body, `"can_add_server":false,"can_add_view":false,"can_add_zone":false`) {
		t.Errorf("login: %s", got.body)
	}
	log, err := s.store.Read(t.Context(), 0, 100)
	must(t, err)
	for _, e := range log {
		if data := string(e.Data); strings.Contains(data, "xxx@qq") || strings.Contains(data, "argon2") || strings.Contains(data, "passwd123") {
			t.Errorf("a secret is in the log: %s", data)
		}
	}

	closed := s.reopened(func(c *config) { c.AllowRegister = false })
	closed.expect(closed.do("POST", "/auth/register_local", good), 403, `{"message":"无权限！用户注册已关闭"}`)
}
