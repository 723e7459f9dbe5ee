package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestWarnings: what a client sent and a route does not know is named, in forms and in
// JSON, as ASCII, up to a number, and again to who repeats the request.
func TestWarnings(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	hidden := func(view string) string {
		return "acl: view " + view + " can never match, since views that are matched before it take all its addresses: v1"
	}
	form := with("Content-Type", "application/x-www-form-urlencoded")
	s.warns(s.do("POST", "/dns/records", "zone_id=1&view_name=v1&host=a&type=AAAA&value=192.0.2.1", form), "type: unknown parameter, ignored")
	s.warns(s.do("POST", "/dns/views", m{"name": "v2", "acl": "any", "类型\r\nX: y": 1}), `\u7c7b\u578b\r\nX: y: unknown parameter, ignored`, hidden("v2"))
	long := s.do("POST", "/dns/views", m{"name": "v3", "acl": "any", strings.Repeat("k", 100): 1})
	s.warns(long, strings.Repeat("k", 57)+"...: unknown parameter, ignored", hidden("v3"))

	many := m{"name": "v4", "acl": "any"}
	for i := range 30 {
		many[fmt.Sprintf("k%02d", i)] = i
	}
	key := with("Idempotency-Key", "many")
	first, again := s.do("POST", "/dns/views", many, key), s.do("POST", "/dns/views", many, key)
	if got := first.header.Values("Opsledger-Warning"); len(got) != 20 || got[0] != "k00: unknown parameter, ignored" {
		t.Errorf("%d warnings, the first is %q", len(got), got[0])
	}
	for _, name := range []string{"Opsledger-Warning", "Opsledger-Id", "Location"} {
		if !slices.Equal(first.header.Values(name), again.header.Values(name)) {
			t.Errorf("%s: first %q, again %q", name, first.header.Values(name), again.header.Values(name))
		}
	}
	s.warns(s.do("POST", pathUser, act("add", []m{changed(aUser("one"), "x", 1), changed(aUser("two"), "y", 1)})),
		"data[0].x: unknown parameter, ignored", "data[1].y: unknown parameter, ignored")
	s.batchWarnings()
}

// batchWarnings: an operation of a batch follows its own dialect.
func (s *stack) batchWarnings() {
	s.t.Helper()
	typo := operations(addRecord(1, "b", "192.0.2.2"), operation("POST", "/dns/records", changed(aRecord(1, "c", "192.0.2.3"), "type", "A")))
	s.warns(s.do("POST", pathBatch, typo), "operations[1].type: unknown parameter, ignored")
	typo = operations(addRecord(1, "d", "192.0.2.2"), operation("POST", "/dns/records", changed(aRecord(1, "e", "192.0.2.3"), "type", "A")))
	got := s.do("POST", pathBatch, typo, with("Opsledger-Strict", "true"), with("Opsledger-Language", ""))
	s.expect(got, 400, `{"message":"Failed","error":"1 operations were refused, nothing was changed. operations[1]: type: is not a known parameter",`+
		`"results":[{"index":1,"status":400,"error":"type: is not a known parameter","field":"type"}],"field":"operations[1].type"}`)
	s.header(got, "Opsledger-Field", "operations[1].type")
}

func (s *stack) warns(got reply, want ...string) {
	s.t.Helper()
	if warnings := got.header.Values("Opsledger-Warning"); got.status != http.StatusOK || !slices.Equal(warnings, want) {
		s.t.Errorf("%d %s: warnings %q, want %q", got.status, got.body, warnings, want)
	}
}

// TestHiddenRecords: who delegates a name, or gives it a DNAME, is told of the records below it that
// nobody is shown any more, if they may see them.
func TestHiddenRecords(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	ns := changed(aRecord(1, "sub", "ns.sub"), "record_type", "NS")
	for _, r := range []m{aRecord(1, "ns.sub", "192.0.2.1"), aRecord(1, "w.sub", "192.0.2.2"), aRecord(1, "w.old", "192.0.2.2"), aRecord(1, "wsub", "192.0.2.2"), aRecord(1, "w.none", "192.0.2.2")} {
		s.ok("POST", "/dns/records", r)
	}
	const hidden = "sub is delegated now, which hides the records below it, such as w.sub A"
	s.warns(s.do("POST", "/dns/records", ns, with("Opsledger-Dry-Run", "true")), hidden)
	narrow := as(s.credential(m{"restrict": m{"names": []string{"sub.a.com"}}}))
	s.warns(s.do("POST", "/dns/records", ns, with("Opsledger-Dry-Run", "true"), narrow))
	s.warns(s.do("POST", "/dns/records", ns), hidden)
	second := changed(ns, "value", "ns1.example.")
	s.warns(s.do("POST", "/dns/records", second, with("Opsledger-Dry-Run", "true"))) // it is delegated already
	s.warns(s.do("POST", "/dns/records", second))
	dname := operation("POST", "/dns/records", changed(aRecord(1, "old", "x.org."), "record_type", "DNAME"))
	s.warns(s.do("POST", pathBatch, operations(dname, addRecord(1, "other", "192.0.2.2"))),
		"the DNAME at old hides the records below it, such as w.old A")
	none := operations(operation("DELETE", "/dns/records/5", nil), operation("POST", "/dns/records", changed(ns, "host", "none")))
	s.warns(s.do("POST", pathBatch, none, with("Opsledger-Dry-Run", "true")))
	s.warns(s.do("POST", pathBatch, none))
}

// TestField: the parameter that is to blame is named, also to who repeats the request.
func TestField(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	for _, c := range []struct {
		method, path string
		body         any
		field        string
	}{
		{"POST", "/dns/servers", changed(aServer("1"), "ip", "10.0.0.300"), "ip"},
		{"POST", "/dns/views", m{"name": "v1", "acl": "any"}, "name"},
		{"POST", "/dns/records", aRecord(99, "www", "192.0.2.1"), "zone_id"},
		{"GET", "/dns/zones?pageSize=0", nil, "pageSize"},
		{"POST", pathTask, act("add", changed(aTask("admin"), "ip", nil)), "ip"},
		{"DELETE", pathMachine + "?machine_name=none", nil, "machine_name"},
		{"PUT", "/v1/users/1/password", m{}, "password"},
		{"GET", "/v1/changes/1?wait=x", nil, "wait"},
		{"GET", "/dns/zones", nil, ""},
	} {
		s.header(s.do(c.method, c.path, c.body), "Opsledger-Field", c.field)
	}
	key := with("Idempotency-Key", "bad")
	for range 2 {
		s.header(s.do("POST", "/dns/views", m{"name": "v1", "acl": "any"}, key), "Opsledger-Field", "name")
	}
	for _, name := range []string{"Opsledger-Strict", "Opsledger-Language"} {
		s.header(s.do("GET", "/dns/zones", nil, with(name, "perhaps")), "Opsledger-Field", name)
	}
}

// TestLanguages: a text is in the language that is asked for, else in the dialect's; what
// the documents print is as it is.
func TestLanguages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	const zh, en = "zh", "en"
	for _, c := range []struct {
		method, path string
		body         any
		language     string
		want         string
	}{
		{"POST", "/dns/views", m{}, "", "name: 不能为空！"},
		{"POST", "/dns/views", m{}, en, "name: must not be empty"},
		{"POST", "/dns/records", aRecord(1, "www", "x"), en, "value: not a value of a A record: must be an IPv4 address"},
		{"POST", "/dns/records", changed(aRecord(1, "www", "x"), "record_type", "MX"), en, "not a value of a MX record: must be 2 fields with blanks"},
		{"DELETE", "/dns/views/1", nil, en, "zones are still linked to the view"},
		{"GET", "/dns/nothing", nil, "", "没有这个路径！"},
		{"GET", "/dns/nothing", nil, en, "there is no such path"},
		{"POST", pathTask, act("add", changed(aTask("admin"), "ip", nil)), "", "ip: 不能为空！"},
		{"POST", pathTask, act("add", changed(aTask("admin"), "ip", nil)), en, "ip: is required"},
		{"GET", pathTask + "?start=-1", nil, en, "start: must not be negative"},
		{"PUT", "/v1/users/1/password", m{}, "", "password: must not be empty"},
		{"PUT", "/v1/users/1/password", m{}, zh, "password: 不能为空！"},
		{"GET", "/v1/tasks/nothing/log", nil, "", "task nothing does not exist"},
		{"POST", "/auth/login_local", m{"username": "admin", "password": "wrong!"}, en, "认证失败！"},
	} {
		got := s.do(c.method, c.path, c.body, with("Opsledger-Language", c.language))
		if !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s in %q: %d %s, want %s", c.method, c.path, c.language, got.status, got.body, c.want)
		}
	}
}
