package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const pathReplace = "/v1/records/replace"

func replaced(records, zones int) string {
	return fmt.Sprintf(`{"message":"OK","changed":%d,"zones":%d}`, records, zones)
}

// addresses has three zones in two views, with addresses in each.
func addresses(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	s.ok("POST", "/dns/views", m{"name": "lab", "acl": "any"})
	for i, zone := range []string{"example.com", "cust.example", "a.cust.example"} {
		s.ok("POST", "/dns/zones", m{"name": zone, "zone_type": "master", "view_ids": []int{1, 2}})
		for host, value := range map[string]string{"a": "192.0.2.1", "b": "192.0.2.2"} {
			s.ok("POST", "/dns/records", m{"zone_id": i + 1, "view_name": "office", "host": host, "value": value, "ttl": 60, "comment": "mine"})
		}
	}
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "lab", "host": "a", "value": "192.0.2.1", "ttl": 70})
	return s
}

// count is how many records have a value, or a TTL, now.
func (s *stack) count(filter string) string {
	s.t.Helper()
	_, rest, _ := strings.Cut(s.do("GET", "/dns/records?"+filter, nil).body, `"total":`)
	total, _, _ := strings.Cut(rest, ",")
	return total
}

func TestReplace(t *testing.T) {
	t.Parallel()
	s := addresses(t)
	before := s.end()
	body := m{"find": m{"value": "192.0.2.1"}, "set": m{"value": "192.0.2.9"}}
	got := s.done("POST", pathReplace, body, with("Idempotency-Key", "k"))
	s.expect(got, 200, replaced(4, 3))
	if got.header.Get("Opsledger-Position") != fmt.Sprint(before+4) || got.header.Get("Location")+got.header.Get("ETag") != "" {
		t.Errorf("%v", got.header)
	}
	s.expect(s.done("POST", pathReplace, body, with("Idempotency-Key", "k")), 200, replaced(4, 3))
	s.expect(s.done("POST", pathReplace, body), 200, replaced(0, 0))
	if s.end() != before+4 || s.count("value=192.0.2.9") != "4" || s.count("value=192.0.2.1") != "0" {
		t.Errorf("the log is at %d, %s records are changed", s.end(), s.count("value=192.0.2.9"))
	}
	if list := s.do("GET", "/dns/records?zone_id=1", nil).body; strings.Count(list, "mine") != 2 || strings.Count(list, `"ttl":"60"`) != 2 {
		t.Errorf("what was not set: %s", list)
	}
	for i, c := range []struct {
		find, set m
		zones     []string
		want      string
	}{
		{m{"ttl": 60}, m{"ttl": 30}, []string{"**.cust.example"}, replaced(4, 2)},
		{m{"ttl": "30", "host": "A", "type": "a"}, m{"ttl": 31}, []string{"*.cust.example", "cust.example"}, replaced(2, 2)},
		{m{"view": "lab"}, m{"ttl": 32}, nil, replaced(1, 1)},
		{m{"value": "192.0.2.2", "view": "lab"}, m{"value": "192.0.2.3"}, nil, replaced(0, 0)},
		{m{"value": "192.0.2.2", "ttl": 30}, m{"value": "192.0.2.3", "ttl": 33}, nil, replaced(2, 2)},
		{m{"host": "@"}, m{"ttl": 1}, nil, replaced(0, 0)},
	} {
		body := m{"find": c.find, "set": c.set}
		if c.zones != nil {
			body["zones"] = c.zones
		}
		if got := s.do("POST", pathReplace, body); got.body != c.want {
			t.Errorf("%d: %d %s, want %s", i, got.status, got.body, c.want)
		}
	}
	if got := s.count("ttl=33"); got != "2" {
		t.Errorf("%s records have the TTL", got)
	}
}

// What is wrong with a request is named, and nothing is appended.
func TestReplaceRefused(t *testing.T) {
	t.Parallel()
	s := addresses(t)
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "a", "value": "192.0.2.7"})
	before := s.end()
	find, set := m{"value": "192.0.2.1"}, m{"value": "192.0.2.9"}
	for _, c := range []struct {
		body  m
		field string
	}{
		{m{"set": set}, "find"}, {m{"find": find}, "set"}, {m{"find": "x", "set": set}, "find"}, {m{"find": m{}, "set": set}, "find"}, {m{"find": find, "set": m{}}, "set"},
		{m{"find": find, "set": m{"ttl": -1}}, "set.ttl"}, {m{"find": m{"ttl": "x"}, "set": set}, "find.ttl"}, {m{"find": m{"ttl": 60}, "set": set}, "find.value"},
		{m{"find": m{"value": 1}, "set": set}, "find.value"}, {m{"find": find, "set": set, "zones": []string{}}, "zones"}, {m{"find": find, "set": set, "zones": "x"}, "zones"},
		{m{"find": find, "set": set, "zones": []string{"A.b"}}, "zones"}, {m{"find": find, "set": set, "more": 1}, "more"}, {m{"find": m{"more": 1}, "set": set}, "find.more"},
		{m{"find": find, "set": m{"value": "x"}}, "set.value"}, {m{"find": m{"type": "SOA"}, "set": m{"ttl": 1}}, "find.type"},
		{m{"find": m{"value": "192.0.2.1", "host": ""}, "set": set}, "find.host"}, {m{"find": m{"value": "192.0.2.1", "view": ""}, "set": set}, "find.view"},
		{m{"find": m{"value": "192.0.2.1", "ttl": ""}, "set": set}, "find.ttl"}, {m{"find": find, "set": m{"value": "", "ttl": 1}}, "set.value"},
	} {
		got := s.do("POST", pathReplace, c.body)
		if got.status != 400 || !strings.Contains(got.body, `"field":"`+c.field) {
			t.Errorf("%v: %d %s, want %s", c.body, got.status, got.body, c.field)
		}
	}
	got := s.do("POST", pathReplace, m{"find": find, "set": m{"value": "192.0.2.7"}})
	if got.status != 400 || !strings.Contains(got.body, "找到的4条Record中有1条不能这样修改（a.example.com A [") {
		t.Errorf("a value that is there: %d %s", got.status, got.body)
	}
	if got := s.do("POST", pathReplace, m{"find": find, "set": set}, with("If-Match", `"1"`)); got.status != 412 {
		t.Errorf("If-Match: %d %s", got.status, got.body)
	}
	if s.end() != before {
		t.Error("refused, and the log grew")
	}
}

// What the caller does not see is not found; what they see and may not change is in the way.
func TestReplaceByRights(t *testing.T) {
	t.Parallel()
	s := addresses(t)
	body := m{"find": m{"value": "192.0.2.1"}, "set": m{"value": "192.0.2.9"}}
	s.expect(s.do("POST", pathReplace, body, as(s.reader("nobody"))), 200, replaced(0, 0))
	guest := s.do("POST", pathReplace, body, as(s.member("guest", 7)), with("Opsledger-Language", "en"))
	if guest.status != 403 || !strings.Contains(guest.body, "of 4 records that were found 4 may not be changed (a.") || !strings.Contains(guest.body, "#UPDATE") {
		t.Errorf("who only sees: %d %s", guest.status, guest.body)
	}
	editor := s.role("editor", s.patterned("ZONE~**.cust.example#ACCESS"), s.patterned("ZONE~cust.example#UPDATE"))
	token := as(s.member("editor", editor))
	before := s.end()
	got := s.do("POST", pathReplace, body, token, with("Opsledger-Language", "en"))
	if got.status != 403 || !strings.Contains(got.body, "of 2 records that were found 1 may not be changed (a.a.cust.example A [") {
		t.Errorf("who may change one: %d %s", got.status, got.body)
	}
	if s.end() != before {
		t.Error("refused, and the log grew")
	}
	s.expect(s.do("POST", pathReplace, changed(body, "zones", []string{"cust.example"}), token), 200, replaced(1, 1))
	for i, c := range []struct {
		credential m
		want       string
	}{
		{m{"restrict": m{"names": []string{"a.example.com"}}, "view": "lab"}, replaced(1, 1)},
		{m{"restrict": m{"types": []string{"TXT"}}}, replaced(0, 0)},
		{m{"restrict": m{"zones": []string{"example.com"}}}, replaced(1, 1)},
	} {
		if got := s.do("POST", pathReplace, body, as(s.credential(c.credential))); got.body != c.want {
			t.Errorf("credential %d: %d %s, want %s", i, got.status, got.body, c.want)
		}
	}
	if got := s.count("value=192.0.2.1"); got != "1" {
		t.Errorf("%s records are left", got)
	}
}

// patterned makes a privilege on zones by pattern.
func (s *stack) patterned(name string) int64 {
	s.t.Helper()
	var id int64
	_, err := fmt.Sscan(idIn(s.made("/admin/privileges", m{"name": name})), &id)
	must(s.t, err)
	return id
}

// A dry run says what the replacement does then, and does nothing.
func TestReplaceDryRun(t *testing.T) {
	t.Parallel()
	s := addresses(t)
	body, before := m{"find": m{"value": "192.0.2.1"}, "set": m{"value": "192.0.2.9"}}, s.end()
	got := s.done("POST", pathReplace, body, with("Opsledger-Dry-Run", "true"))
	var said struct {
		Events []struct{ Type string }
		Diff   []struct {
			View           string
			Removed, Added []string
		}
	}
	must(t, json.Unmarshal([]byte(got.body), &said))
	if len(said.Events) != 4 || len(said.Diff) != 4 || s.end() != before {
		t.Fatalf("the log is at %d, was at %d: %s", s.end(), before, got.body)
	}
	if d := said.Diff[0]; d.View != "office" || strings.Join(d.Added, "") != "a.example.com.\t60\tIN\tA\t192.0.2.9" || len(d.Removed) != 1 {
		t.Errorf("%+v", d)
	}
	s.expect(s.done("POST", pathReplace, body), 200, replaced(4, 3))
	token := as(s.credential(m{"restrict": m{"read_only": true}}))
	back := m{"find": m{"value": "192.0.2.9"}, "set": m{"value": "192.0.2.1"}}
	if got := s.do("POST", pathReplace, back, token, with("Opsledger-Dry-Run", "true")); got.status != 200 || strings.Count(got.body, "RecordUpdated") != 4 {
		t.Errorf("a dry run by who may only read: %d %s", got.status, got.body)
	}
	if got := s.do("POST", pathReplace, back, token); got.status != 403 {
		t.Errorf("a change by who may only read: %d %s", got.status, got.body)
	}
}

// Whoever changes records meanwhile has them found anew: none is overwritten, and no
// replacement is refused for it.
func TestReplaceAmongWrites(t *testing.T) {
	t.Parallel()
	s := addresses(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ttl := range 40 {
			s.do("PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "x", "ttl": 100 + ttl, "value": "192.0.2.1"})
		}
	})
	values := []string{"192.0.2.1", "192.0.2.9"}
	for i := range 20 {
		got := s.do("POST", pathReplace, m{"find": m{"value": values[i%2], "host": "x"}, "set": m{"value": values[(i+1)%2]}})
		if got.status != http.StatusOK && got.status != http.StatusServiceUnavailable { // the record never comes to rest
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	wg.Wait()
}

// A replacement waits for the read model: it leaves out no record that was there before it.
func TestReplaceFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	s := addresses(t)
	s.stopProjections()
	s.do("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "late", "value": "192.0.2.1"})
	before := s.end()
	got := s.do("POST", pathReplace, m{"find": m{"value": "192.0.2.1"}, "set": m{"value": "192.0.2.9"}})
	if got.status != http.StatusServiceUnavailable || s.end() != before {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Records that a provider serves are replaced as well, and no dry run compares what they serve.
func TestReplaceAtAProvider(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/zones", m{"name": "out.example", "zone_group": 0, "zone_type": "master"})
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "telecom", "host": "www", "value": "192.0.2.1"})
	body := m{"find": m{"value": "192.0.2.1", "view": "telecom"}, "set": m{"ttl": 5}}
	got := s.done("POST", pathReplace, body, with("Opsledger-Dry-Run", "true"))
	if !strings.Contains(got.body, "RecordUpdated") || !strings.HasSuffix(got.body, `"diff":[],"config":null,"servers":[]}`) {
		t.Errorf("%s", got.body)
	}
	s.expect(s.done("POST", pathReplace, body), 200, replaced(1, 1))
	if got := s.do("GET", "/dns/records/1", nil).body; !strings.Contains(got, `"ttl":"5"`) || !strings.Contains(got, `"view_name":"telecom"`) {
		t.Errorf("%s", got)
	}
}
