package rest

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func (s *stack) failsWith(status int, method, path string, body any, parts ...string) {
	s.t.Helper()
	before := s.position()
	got := s.do(method, path, body)
	for _, part := range append(parts, `"message":"Failed"`) {
		if got.status != status || !strings.Contains(got.body, part) {
			s.t.Errorf("%s %s %v: %d %s, want %d with %s", method, path, body, got.status, got.body, status, part)
		}
	}
	if s.position() != before {
		s.t.Errorf("%s %s %v: refused, and the log grew", method, path, body)
	}
}

func TestZoneSettings(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "example.org", "zone_type": "master", "view_ids": []int{1}})
	const path = "/v1/zones/1/settings"
	defaults := `{"soa":{"mname":null,"rname":"hostmaster.example.org.","refresh":3600,"retry":600,"expire":604800,"minimum":60},` +
		`"default_ttl":600,"serial_at_least":null}`
	s.expect(s.do("GET", path, nil), 200, defaults)
	if tag := s.do("GET", path, nil).header.Get("ETag"); tag != `"0"` {
		t.Errorf("ETag %s", tag)
	}
	if got := s.do("PUT", path, m{"default_ttl": 1}, with("If-Match", `"7"`)); got.status != 412 {
		t.Errorf("another version: %d %s", got.status, got.body)
	}
	zone := s.do("GET", "/dns/zones/1", nil).header.Get("ETag")

	changed := s.ok("PUT", path, m{"soa": m{"mname": "ns1.example.net", "rname": "host.master@example.net", "refresh": 7200}, "default_ttl": "300"},
		with("If-Match", `"0"`), with("Idempotency-Key", "a"))
	s.ok("PUT", path, m{"soa": m{"retry": 30}, "serial_at_least": 4000000000}) // no name server ever had an agent
	want := `{"soa":{"mname":"ns1.example.net.","rname":"host\\.master.example.net.","refresh":7200,"retry":30,"expire":604800,"minimum":60},` +
		`"default_ttl":300,"serial_at_least":4000000000}`
	s.expect(s.do("GET", path, nil), 200, want)
	if tag := s.do("GET", "/dns/zones/1", nil).header.Get("ETag"); tag != zone || changed.header.Get("ETag") == "" {
		t.Errorf("ETag of the zone %s, was %s", tag, zone)
	}
	s.do("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "www", "value": "192.0.2.1"})
	if list := s.do("GET", "/dns/records?zone_id=1", nil).body; !strings.Contains(list, `"ttl":"300"`) {
		t.Errorf("a record without a TTL: %s", list)
	}
	if list := s.do("GET", "/dns/oplogs?target_type=Zone", nil).body; !strings.Contains(list, `默认TTL: 300\n`) {
		t.Errorf("operation log: %s", list)
	}

	s.ok("PUT", path, m{"soa": nil, "default_ttl": nil, "serial_at_least": nil})
	s.expect(s.do("GET", path, nil), 200, defaults)

	for _, c := range []struct {
		body  any
		field string
	}{
		{m{"ptr": m{"from": []string{"example.org"}}}, "ptr: 只有"}, {m{"ptr": 1}, "ptr: "}, {m{"ptr": m{"to": 1}}, "ptr.to: 未知的参数"},
		{m{"ptr": m{"from": "a"}}, "ptr.from: "}, {m{"ptr": m{"from": []int{1}}}, "ptr.from: "}, {m{"ptr": m{"from": []string{"a..b"}}}, "ptr.from: "},
		{m{"ptr": m{"from": []string{"a.b", "A.b."}}}, "ptr.from: "}, {m{"soa": m{"serial": 1}}, "soa.serial: 未知的参数"}, {m{"soa": 1}, "soa: "},
		{m{"soa": m{"refresh": 0}}, "soa.refresh: "}, {m{"soa": m{"minimum": -1}}, "soa.minimum: "}, {m{"soa": m{"expire": 1 << 31}}, "soa.expire: "},
		{m{"soa": m{"mname": "ns1"}}, "soa.mname: "}, {m{"soa": m{"mname": "192.0.2.1"}}, "soa.mname: "}, {m{"soa": m{"mname": ""}}, "soa.mname: "},
		{m{"soa": m{"rname": "a b@example.org"}}, "soa.rname: "}, {m{"soa": m{"retry": true}}, "soa.retry: "}, {m{"default_ttl": "x"}, "default_ttl: "}, {m{"serial_at_least": 0}, "serial_at_least: "},
		{m{"serial_at_least": int64(1) << 32}, "serial_at_least: "},
	} {
		s.failsWith(400, "PUT", path, c.body, `"error":"`+c.field)
	}
	s.failsWith(404, "PUT", "/v1/zones/9/settings", m{"default_ttl": 1}, "9")
	s.ok("POST", "/dns/zones", m{"name": "ext.org", "zone_type": "master", "zone_group": 0})
	s.failsWith(400, "PUT", "/v1/zones/2/settings", m{"default_ttl": 1}, "外部域名由其服务商提供解析")
	s.failsWith(400, "GET", "/v1/zones/2/settings", nil, "外部域名由其服务商提供解析")
}

func TestViewOrderAndWarnings(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	warnings := func(r reply) string { return strings.Join(r.header.Values("Opsledger-Warning"), "\n") }
	first := s.ok("POST", "/dns/views", m{"name": "all", "acl": "any"})
	second := s.ok("POST", "/dns/views", m{"name": "lan", "acl": "10.0.0.0/8"})
	if warnings(first) != "" || !strings.Contains(warnings(second), "view lan can never match") || !strings.HasSuffix(warnings(second), ": all") {
		t.Errorf("%q, %q", warnings(first), warnings(second))
	}
	s.expect(s.do("GET", "/v1/views/order", nil), 200, `{"view_ids":[1,2]}`)
	ordered := s.ok("PUT", "/v1/views/order", m{"view_ids": []int{2, 1}}, with("If-Match", `"0"`))
	if warnings(ordered) != "" {
		t.Errorf("%q", warnings(ordered))
	}
	s.expect(s.do("GET", "/v1/views/order", nil), 200, `{"view_ids":[2,1]}`)
	if w := warnings(s.ok("PUT", "/dns/views/2", m{"name": "lan", "acl": "0.0.0.0/0 ::/0"})); !strings.Contains(w, "view all can never match") {
		t.Errorf("%q", w)
	}
	s.ok("POST", "/dns/views", m{"name": "new", "acl": "192.0.2.1"})
	s.expect(s.do("GET", "/v1/views/order", nil), 200, `{"view_ids":[2,1,3]}`)
	if w := warnings(s.ok("PUT", "/v1/views/order", m{"view_ids": []int{1, 2, 3}})); strings.Count(w, "\n") != 1 {
		t.Errorf("%q", w)
	}
	batch := s.do("POST", "/v1/batch", m{"operations": []m{{"method": "POST", "path": "/dns/views", "body": m{"name": "both", "acl": "10.1.0.0/16"}}}})
	if w := warnings(batch); !strings.Contains(w, "view both can never match") || strings.Contains(w, "\n") {
		t.Errorf("%q", w)
	}
	s.ok("DELETE", "/dns/views/4", nil)
	for _, c := range []struct {
		body any
		text string
	}{
		{m{"view_ids": []int{1, 2}}, "缺少View 3"}, {m{"view_ids": []int{1, 2, 3, 9}}, "View 9不存在"}, {m{"view_ids": []int{1, 2, 3, 3}}, "重复的View"},
		{m{}, "必填"}, {m{"view_ids": []int{3, 2, 1}, "x": 1}, "x: 未知的参数"},
	} {
		s.failsWith(400, "PUT", "/v1/views/order", c.body, c.text)
	}
	if got := s.do("PUT", "/v1/views/order", m{"view_ids": []int{3, 2, 1}}, with("If-Match", `"0"`)); got.status != 412 {
		t.Errorf("another version: %d %s", got.status, got.body)
	}
}

func TestFleet(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.expect(s.do("GET", "/v1/fleet", nil), 200, `{"ns":[],"addresses":"masters"}`)
	s.ok("PUT", "/v1/fleet", m{"ns": []string{"ns1.example.net.", "ns2.example.net"}, "addresses": []string{"::ffff:192.0.2.53"}})
	s.expect(s.do("GET", "/v1/fleet", nil), 200, `{"ns":["ns1.example.net.","ns2.example.net."],"addresses":["192.0.2.53"]}`)
	s.ok("PUT", "/v1/fleet", m{"addresses": "masters"})
	s.expect(s.do("GET", "/v1/fleet", nil), 200, `{"ns":["ns1.example.net.","ns2.example.net."],"addresses":"masters"}`)
	s.ok("PUT", "/v1/fleet", m{"ns": nil})
	for _, c := range []struct {
		body any
		text string
	}{
		{m{"ns": "a.b."}, "ns: 必须是字符串列表"}, {m{"ns": []int{1}}, "ns: 必须是字符串列表"}, {m{"ns": []string{"ns1"}}, "ns: "},
		{m{"ns": []string{"a.b.", "A.b"}}, "重复"}, {m{"ns": []string{"192.0.2.1"}}, "不能是IP地址"}, {m{"addresses": []string{}}, "addresses: "},
		{m{"addresses": []string{"x"}}, "addresses: "}, {m{"addresses": "x"}, "addresses: "}, {m{"NS": nil}, "NS: 未知的参数"},
	} {
		s.failsWith(400, "PUT", "/v1/fleet", c.body, c.text)
	}
}

func TestRecordsInViews(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, name := range []string{"a", "b", "c"} {
		s.ok("POST", "/dns/views", m{"name": name, "acl": "any"})
	}
	s.ok("POST", "/dns/zones", m{"name": "example.org", "zone_type": "master", "view_ids": []int{1, 2}})
	record := func(host string, views ...string) m {
		return m{"zone_id": 1, "host": host, "value": "192.0.2.1", "view_names": views}
	}
	before, err := strconv.Atoi(s.position())
	must(t, err)
	added := s.do("POST", "/v1/records", record("www", "a", "b"), with("Idempotency-Key", "k"))
	if added.body != `{"message":"OK","ids":[1,2]}` || added.header.Get("Location") != "/dns/records/1" ||
		s.position() != strconv.Itoa(before+2) {
		t.Errorf("%s, Location %s", added.body, added.header.Get("Location"))
	}
	if again := s.do("POST", "/v1/records", record("www", "a", "b"), with("Idempotency-Key", "k")); again.body != added.body {
		t.Errorf("again: %s", again.body)
	}
	for _, c := range []struct {
		body any
		text string
	}{
		{record("x", "a", "c"), `view \"c\": view_names: `}, {record("www", "b"), "重复的Record"}, {record("y", "a", "a"), "重复的Record"}, {record("x"), "view_names: 必须是1到1000个名称的列表"},
		{m{"zone_id": 1, "host": "x", "value": "192.0.2.1", "view_name": "a"}, "view_name: 未知的参数"},
		{m{"zone_id": 1, "host": "x", "value": "x", "view_names": []string{"a"}}, "value: "},
	} {
		s.failsWith(http.StatusBadRequest, "POST", "/v1/records", c.body, c.text)
	}
}

func TestNamesAsTyped(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "a", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "中国.example", "zone_type": "master", "view_ids": []int{1}})
	s.ok("POST", "/dns/records", m{"zone_id": 1, "host": "bücher.www", "value": "192.0.2.1", "view_name": "a"})
	for query, total := range map[string]string{
		"/dns/zones?name=%E4%B8%AD%E5%9B%BD": "1", "/dns/zones?name=%E5%9B%BD": "1", "/dns/zones?name=XN--fiqs8s": "1", "/dns/zones?name=%E4%B8%AD%E5%9B%BD.EXAMPLE": "1",
		"/dns/zones?name=%EF%BD%85xample": "1", "/dns/zones?name=%E6%97%A5": "0", "/dns/zones?name=example": "1",
		"/dns/records?zone_id=1&host=B%C3%9Ccher": "1", "/dns/records?zone_id=1&host=%C3%BC": "1", "/dns/records?zone_id=1&host=xn--bcher-kva.www": "1",
		"/dns/records?zone_id=1&host=%C3%B6": "0", "/dns/records?zone_id=1&host=xn--bcher": "1", "/dns/records?zone_id=1&host=%C2%AD": "0",
	} {
		if got := s.do("GET", query, nil); !strings.HasPrefix(got.body, `{"total":`+total+",") {
			t.Errorf("%s: %s, want %s", query, got.body, total)
		}
	}
}
