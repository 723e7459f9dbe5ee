package rest

import (
	"fmt"
	"strings"
	"testing"
)

// ptrs are the PTRs that the reverse zone 2 serves, in one line.
func (s *stack) ptrs(asOf ...int64) string {
	s.t.Helper()
	path := "/v1/zones/2/export?view=office"
	if len(asOf) > 0 {
		path += fmt.Sprint("&as_of=", asOf[0])
	}
	var all []string
	for _, line := range zoneLines(s.done("GET", path, nil).body) {
		if fields := strings.Fields(line); fields[3] == "PTR" {
			all = append(all, strings.TrimSuffix(fields[0], ".2.0.192.in-addr.arpa.")+":"+fields[4])
		}
	}
	return strings.Join(all, " ")
}

func (s *stack) wantPTRs(what, want string) {
	s.t.Helper()
	if got := s.ptrs(); got != want {
		s.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A reverse zone has the PTRs of a forward zone whatever way its records are changed by, and a person's
// own come first.
func TestKeptPTRsByEveryDoor(t *testing.T) {
	t.Parallel()
	s := dryWorld(t) // www.a.test has 192.0.2.1
	const settings = "/v1/zones/2/settings"
	record := func(zone int, host, rrtype, value string) m {
		return m{"zone_id": zone, "view_name": "office", "host": host, "record_type": rrtype, "value": value, "ttl": 60}
	}
	s.ok("POST", "/dns/zones", m{"name": "2.0.192.in-addr.arpa", "zone_type": "master", "view_ids": []int{1}})
	s.expect(s.do("GET", settings, nil), 200, `{"soa":{"mname":null,"rname":"hostmaster.2.0.192.in-addr.arpa.","refresh":3600,"retry":600,"expire":604800,"minimum":60},`+
		`"default_ttl":600,"serial_at_least":null,"ptr":{"from":[]}}`)
	s.failsWith(400, "PUT", settings, m{"ptr": m{"from": []string{"b.test"}}}, `"error":"ptr.from: `)
	s.ok("PUT", settings, m{"ptr": m{"from": []string{"A.test."}}})
	set := s.end()
	if got := s.do("GET", settings, nil).body; !strings.Contains(got, `"ptr":{"from":["a.test"]}`) {
		t.Error(got)
	}
	if log := s.do("GET", "/dns/oplogs?target_type=Zone", nil).body; !strings.Contains(log, `PTR来源: a.test\n`) {
		t.Errorf("operation log: %s", log)
	}
	s.wantPTRs("what was there before", "1:www.a.test.")
	s.ok("PUT", "/dns/records/1", record(1, "web", "A", "192.0.2.2"))
	s.wantPTRs("a record changes", "2:web.a.test.")
	s.done("POST", pathBatch, operations(operation("POST", "/dns/records", record(1, "x", "A", "192.0.2.2")), operation("POST", "/dns/records", record(1, "y", "A", "192.0.2.3"))))
	s.wantPTRs("a batch", "2:web.a.test. 3:y.a.test.")
	s.imports("view=office&mode=merge", "i 60 A 192.0.2.4\n*.w 60 A 192.0.2.5\n", "")
	s.wantPTRs("an import", "2:web.a.test. 3:y.a.test. 4:i.a.test.")
	s.done("POST", pathReplace, m{"find": m{"value": "192.0.2.4"}, "set": m{"value": "192.0.2.6"}})
	s.wantPTRs("search and replace", "2:web.a.test. 3:y.a.test. 6:i.a.test.")
	s.ok("DELETE", "/dns/records/1", nil)
	deleted := s.end()
	s.wantPTRs("the oldest goes", "2:x.a.test. 3:y.a.test. 6:i.a.test.")
	s.undo(m{"positions": []int64{deleted}})
	s.wantPTRs("and comes back", "2:web.a.test. 3:y.a.test. 6:i.a.test.")
	s.done("POST", "/v1/records", changed(changed(record(2, "3", "PTR", "person.test."), "view_name", nil), "view_names", []string{"office"}))
	s.wantPTRs("a person's", "2:web.a.test. 3:person.test. 6:i.a.test.")
	s.undo(m{"positions": []int64{s.end()}})
	s.wantPTRs("which goes", "2:web.a.test. 3:y.a.test. 6:i.a.test.")

	// What is exported can be imported, and becomes no record.
	text, before := s.done("GET", "/v1/zones/2/export?view=office", nil).body, s.end()
	got := s.do("POST", "/v1/zones/2/import?view=office&mode=replace", text)
	if got.status != 200 || s.end() != before {
		t.Errorf("the export is imported: %d %s", got.status, got.body)
	}
	if n := s.total("/dns/records?zone_id=2"); n != 0 {
		t.Errorf("the reverse zone has %d records", n)
	}

	s.ok("DELETE", "/dns/zones/1", nil)
	gone := s.end()
	s.wantPTRs("the zone goes", "")
	s.undo(m{"positions": []int64{gone}})
	s.wantPTRs("and comes back", "2:web.a.test. 3:y.a.test. 6:i.a.test.")
	s.ok("PUT", "/dns/zones/1", m{"name": "b.test", "zone_type": "master", "view_ids": []int{1}})
	s.wantPTRs("the zone has another name", "")
	s.undo(m{"positions": []int64{s.end()}})
	s.ok("PUT", "/dns/zones/1", m{"name": "a.test", "zone_type": "master", "view_ids": []int{1, 2}})
	s.ok("PUT", "/dns/zones/1", m{"name": "a.test", "zone_type": "master", "view_ids": []int{2}})
	s.wantPTRs("the zone leaves the view", "")
	s.undo(m{"positions": []int64{s.end()}})
	s.wantPTRs("and joins it again", "2:web.a.test. 3:y.a.test. 6:i.a.test.")
	s.undo(m{"positions": []int64{set}})
	s.wantPTRs("the setting is undone", "")
	s.ok("PUT", settings, m{"ptr": m{"from": []string{"a.test"}}})
	s.ok("PUT", settings, m{"ptr": nil})
	s.wantPTRs("the setting is taken away", "")
	if got := s.ptrs(set); got != "1:www.a.test." {
		t.Errorf("then: %q", got)
	}
	if got := s.ptrs(gone - 1); got != "2:web.a.test. 3:y.a.test. 6:i.a.test." {
		t.Errorf("later: %q", got)
	}
}
