package rest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	key := func(k string) func(*http.Request) { return with("Idempotency-Key", k) }
	view := m{"name": "v1", "acl": "any"}

	first := s.ok("POST", "/dns/views", view, key("a"))
	again := s.ok("POST", "/dns/views", view, key("a"))
	for _, name := range []string{"Location", "Opsledger-Position", "ETag"} {
		if value := first.header.Get(name); value == "" || again.header.Get(name) != value {
			t.Errorf("%s: first %q, again %q", name, value, again.header.Get(name))
		}
	}
	reused := failedWith("Idempotency-Key: 已用于另一个请求！")
	s.expect(s.do("POST", "/dns/views", m{"name": "v2", "acl": "any"}, key("a")), 409, reused)
	s.expect(s.do("POST", "/dns/views", m{}, key("a")), 409, reused)
	s.expect(s.do("PUT", "/dns/views/1", view, key("a")), 409, reused)
	s.expect(s.do("DELETE", "/dns/views/1", nil, key("a")), 409, reused)

	twice := failedWith("重复的View，相同的名字的View已存在！")
	s.expect(s.do("POST", "/dns/views", view, key("b")), 400, twice)
	s.ok("DELETE", "/dns/views/1", nil, key("c"))
	s.expect(s.do("POST", "/dns/views", view, key("b")), 400, twice) // the first reply, although it would work now
	s.ok("DELETE", "/dns/views/1", nil, key("c"))
	s.expect(s.do("DELETE", "/dns/views/1", nil), 404, failedWith("View 1 不存在！"))

	s.expect(s.do("POST", "/dns/views", m{"name": "v3"}, key("d")), 400, failedWith("acl: 不能为空！"))
	s.expect(s.do("POST", "/dns/views", m{"name": "v3", "acl": "any"}, key("d")), 409, reused)

	user := s.reader("guest") // keys are each user's own
	s.expect(s.do("POST", "/dns/views", m{"name": "v9", "acl": "any"}, key("a"), with("Authorization", user)), 403, `{"message":"无权限！缺少权限：VIEW_ADD"}`)
	for _, bad := range []string{strings.Repeat("x", 256), "ü"} {
		s.expect(s.do("POST", "/dns/views", view, key(bad)), 400, failedWith("Idempotency-Key: 必须是1到255个可见ASCII字符！"))
	}
	s.registerTwice(key("r"))
	s.multipartTwice(key("m"))
}

// registerTwice: nobody is logged in who registers, so no key of theirs is kept.
func (s *stack) registerTwice(key func(*http.Request)) {
	s.t.Helper()
	body := m{"username": "twice", "password": "secret", "password2": "secret", "email": "twice@example.org"}
	s.ok("POST", "/auth/register_local", body, key)
	s.expect(s.do("POST", "/auth/register_local", body, key), 400, failedWith("用户已存在！"))
	s.expect(s.do("POST", "/auth/register_local", changed(body, "password", "other!"), key), 400, failedWith("两次密码输入要一致！"))
	s.expect(s.do("POST", "/auth/register_local", body, with("Idempotency-Key", strings.Repeat("k", 256))), 400,
		failedWith("Idempotency-Key: 必须是1到255个可见ASCII字符！"))
}

// multipartTwice: the boundary of a form differs from one request to its repeat.
func (s *stack) multipartTwice(key func(*http.Request)) {
	s.t.Helper()
	for range 2 {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		must(s.t, w.WriteField("name", "multi"))
		must(s.t, w.WriteField("acl", "any"))
		must(s.t, w.Close())
		s.ok("POST", "/dns/views", form.String(), key, with("Content-Type", w.FormDataContentType()))
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	created := s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	tag := s.do("GET", "/dns/views/1", nil).header.Get("ETag")
	if want := strconv.Quote(created.header.Get("Opsledger-Position")); tag != want || created.header.Get("ETag") != want {
		t.Fatalf("ETag %s, want %s", tag, want)
	}
	match := func(tag string) func(*http.Request) { return with("If-Match", tag) }
	stale := failedWith("资源已被修改，请刷新后重试！")
	edit := func(acl string) m { return m{"name": "v1", "acl": acl} }
	s.expect(s.do("PUT", "/dns/views/1", edit("none"), match(`"1"`)), 412, stale)
	s.expect(s.do("DELETE", "/dns/views/1", nil, match(`"1"`)), 412, stale)
	s.ok("PUT", "/dns/views/1", edit("none"), match(tag))
	s.expect(s.do("PUT", "/dns/views/1", edit("any"), match(tag)), 412, stale)
	tag = s.do("GET", "/dns/views/1", nil).header.Get("ETag")
	s.ok("PUT", "/dns/views/1", edit("10.0.0.1"), match("W/"+tag))
	s.ok("PUT", "/dns/views/1", edit("10.0.0.2"), match("*"))
	for _, foreign := range []string{`"x"`, `"-1"`, `"0"`, `""`, `"a, b"`, `W/"x"`, "stale", "1", strings.Trim(tag, `"`)} {
		s.expect(s.do("PUT", "/dns/views/1", edit("any"), match(foreign)), 412, stale)
		s.expect(s.do("DELETE", "/dns/views/1", nil, match(foreign)), 412, stale)
	}
	for _, bad := range []string{`"1", "2"`, `"1`, `1"`, `"`, "1, 2"} {
		s.expect(s.do("PUT", "/dns/views/1", edit("any"), match(bad)), 400, failedWith("If-Match: 必须是一个ETag！"))
	}
	unchanged := s.ok("PUT", "/dns/views/1", edit("10.0.0.2"))
	if unchanged.header.Get("Opsledger-Position") == "" {
		t.Error("a write that changes nothing has no position")
	}
	s.ok("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []int{1}})
	before := s.do("GET", "/dns/zones/1", nil).header.Get("ETag")
	s.ok("POST", "/dns/records", m{"host": "www", "value": "10.0.0.1", "view_name": "v1", "zone_id": 1})
	s.header(s.do("GET", "/dns/zones/1", nil), "ETag", before) // does not move with its records
}

func TestPositions(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	wrote := s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	position := wrote.header.Get("Opsledger-Position")
	least := func(p string) func(*http.Request) { return with("Opsledger-Min-Position", p) }
	if got := s.do("GET", "/dns/views", nil, least(position)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, bad := range []string{"x", "-1", "1.5", "99999999999999999999"} {
		s.expect(s.do("GET", "/dns/views", nil, least(bad)), 400, failedWith("Opsledger-Min-Position: 必须是非负整数！"))
	}
	started := time.Now()
	got := s.do("GET", "/dns/oplogs", nil, least("1000000"))
	s.expect(got, 503, failedWith(textBehind))
	if took := time.Since(started); took < 2*time.Second {
		t.Errorf("waited %s", took)
	}

	s.stopProjections()
	pending := s.ok("POST", "/dns/views", m{"name": "v2", "acl": "any"})
	s.header(pending, "Opsledger-Pending", "true")
	if pending.header.Get("Opsledger-Position") <= position {
		t.Error("no position")
	}
}
