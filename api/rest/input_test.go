package rest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
)

// TestBadInput: every bad field is named and nothing is appended.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "a.com", "zone_type": "master", "view_ids": []int{1}})
	head, err := s.store.Head(t.Context())
	must(t, err)

	zone := m{"name": "b.com", "zone_type": "master", "view_ids": []int{1}}
	record := m{"host": "www", "value": "10.0.0.1", "view_name": "v1", "zone_id": 1}
	nasty := []any{1, 1.5, true, []string{"x"}, m{"x": 1}, "a\x00b", "a\"; }; options {\n", strings.Repeat("x", 3000), "../../etc/passwd"}
	for path, good := range map[string]m{"/dns/servers": aServer("1"), "/dns/views": {"name": "v2", "acl": "any"}} {
		for name := range good {
			for _, bad := range nasty {
				if text, ok := bad.(string); ok && !strings.Contains(text, "\n") && !strings.Contains(text, "\x00") && len(text) < 3000 {
					continue // free text
				}
				s.refuses(path, changed(good, name, bad), name)
			}
			if name != "dns_server_type" {
				s.refuses(path, changed(good, name, ""), name)
				s.refuses(path, changed(good, name, nil), name)
			}
		}
	}
	for name, bads := range map[string][]any{
		"name":       append(nasty, "", nil, "a..b", "-a.com", strings.Repeat("a.", 130)),
		"zone_type":  append(nasty, "", "slave"),
		"zone_group": {3, -1, 1.5, "x", true, m{}, []int{1}, 99999999999999, "99999999999999999999999"},
		"forwarders": {1, true, "x", "10.0.0.1; };", "10.0.0.256"},
		"view_ids":   {1, "[1]", true, m{}, []any{}, []any{1.5}, []any{"x"}, []any{true}, []any{nil}, []any{[]int{1}}, []int{99}, []int{0}, json.RawMessage("[99999999999999999999]"), json.RawMessage("[1e0]")},
	} {
		for _, bad := range bads {
			s.refuses("/dns/zones", changed(zone, name, bad), name)
		}
	}
	for name, bads := range map[string][]any{
		"host":        append(nasty, "", nil),
		"value":       append(nasty, "", nil, "10.0.0.256"),
		"record_type": {1, true, "SOA", "NOPE", "A\nB"},
		"ttl":         {-1, 1.5, true, "x", "-1", "2147483648", 99999999999, "1e3", m{}, []int{1}},
		"view_name":   {1, true, "nope", "", nil, "v1\n"},
		"comment":     {1, true, "a\x00b", m{}, strings.Repeat("x", 3000)},
		"zone_id":     {"x", 1.5, true, m{}, "", nil, []int{1}, json.RawMessage("99999999999999999999")},
	} {
		for _, bad := range bads {
			s.refuses("/dns/records", changed(record, name, bad), name)
		}
	}
	for body, name := range map[string]string{
		`[]`: "body", `"x"`: "body", `null`: "body", `{`: "body", `{"name":`: "name", `{"name":"x"} {}`: "body", `x`: "body",
		`{"name":"a","name":"b","acl":"any"}`:                             "name",
		`{"name":"a","acl":"any","x":` + strings.Repeat("[", 20000) + `}`: "body",
		"{\"name\":\"a\xff\",\"acl\":\"any\"}":                            "name",
		`{"name":"\ud800","acl":"any"}`:                                   "name",
		`{"name":"a\u0000","acl":"any"}`:                                  "name",
	} {
		s.refuses("/dns/views", body, name)
	}
	for query, name := range map[string]string{
		"/dns/views?currentPage=0": "currentPage", "/dns/views?pageSize=0": "pageSize", "/dns/views?pageSize=x": "pageSize",
		"/dns/views?currentPage=1.0": "currentPage", "/dns/views?id=x": "id", "/dns/views?id=1&id=2": "id", "/dns/views?name=%00": "name",
		"/dns/views?name=%ff": "name", "/dns/views?name=%zz": "query", "/dns/zones?zone_group=x": "zone_group",
		"/dns/records?zone_id=x": "zone_id", "/dns/records?ttl=x": "ttl", "/dns/oplogs?id=99999999999999999999": "id",
	} {
		if got := s.do("GET", query, nil); got.status != 400 || !strings.HasPrefix(got.body, `{"message":"Failed","error":"`+name+": ") {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	after, err := s.store.Head(t.Context())
	must(t, err)
	if after.Position != head.Position {
		t.Errorf("bad input appended %d events", after.Position-head.Position)
	}
}

func (s *stack) refuses(path string, body any, name string) {
	s.t.Helper()
	got := s.do("POST", path, body)
	if got.status != 400 || !strings.HasPrefix(got.body, `{"message":"Failed","error":"`+name+": ") {
		s.t.Errorf("%s %.200v: %d %s, want an error that names %s", path, body, got.status, got.body, name)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	form := with("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	for _, name := range []string{"v1", "v2"} {
		s.ok("POST", "/dns/views", url.Values{"name": {name}, "acl": {"10.0.0.1\r\n!10.0.0.2"}}.Encode(), form)
	}
	s.ok("POST", "/dns/zones", "name=a.com&zone_type=master&view_ids=1&view_ids=2&zone_group=", form)
	s.ok("POST", "/dns/zones", "name=b.com&zone_type=master&view_ids=%5B1%2C+%222%22%5D", form)
	s.ok("POST", "/dns/zones", "name=c.com&zone_type=forward+only&forwarders=10.0.0.1%2C10.0.0.2&view_ids=1", form)
	for id, views := range map[string]string{"1": "[1,2]", "2": "[1,2]", "3": "[1]"} {
		if got := s.do("GET", "/dns/zones/"+id, nil); !strings.Contains(got.body, `"view_ids":`+views) {
			t.Errorf("zone %s: %s", id, got.body)
		}
	}
	s.ok("POST", "/dns/records", "zone_id=1&host=www&ttl=60&value=10.0.0.1&view_name=v1&comment=", form)
	for body, name := range map[string]string{
		"name=d.com&zone_type=master&view_ids=x":                "view_ids",
		"name=d.com&zone_type=master&view_ids=%5B1":             "view_ids",
		"name=d.com&name=e.com&zone_type=master&view_ids=1":     "name",
		"name=d.com&zone_type=master&view_ids=1&zone_group=1.5": "zone_group",
		"name=%ff&zone_type=master&view_ids=1":                  "name",
		"name=d.com;zone_type=master":                           "body",
		"name=%zz":                                              "body",
	} {
		if got := s.do("POST", "/dns/zones", body, form); got.status != 400 || !strings.HasPrefix(got.body, `{"message":"Failed","error":"`+name+": ") {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	file := "--b\r\nContent-Disposition: form-data; name=\"acl\"; filename=\"x\"\r\n\r\nany\r\n--b--\r\n"
	s.expect(s.do("POST", "/dns/views", file, with("Content-Type", "multipart/form-data; boundary=b")), 400, failedWith("acl: 不能是文件！"))
	s.expect(s.do("POST", "/dns/views", file, with("Content-Type", "multipart/form-data")), 400, failedWith("body: 缺少multipart boundary！"))
	s.bodyLimit()
}

func (s *stack) bodyLimit() {
	s.t.Helper()
	padding := func(n int) string {
		head, tail := `{"name":"padded","acl":"any","x":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	s.ok("POST", "/dns/views", padding(api.MaxBody))
	tooLarge := failedWith(textTooLarge)
	s.expect(s.do("POST", "/dns/views", padding(api.MaxBody+1)), 413, tooLarge)
	// Without a length it is found while reading.
	r, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+"/dns/views", io.NopCloser(strings.NewReader(padding(api.MaxBody+1))))
	must(s.t, err)
	r.Header.Set("Authorization", s.admin)
	s.expect(s.send(r), 413, tooLarge)
}
