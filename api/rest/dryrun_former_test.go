package rest

import (
	"fmt"
	"strings"
	"testing"
)

// A dry run tells nobody what anything was that they may not ACCESS, and everybody what they sent.
func TestDryRunTellsNoFormerState(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "10.0.0.0/8"})
	s.ok("POST", "/dns/servers", changed(changed(aServer("1"), "host", "ns.hidden"), "env", "hidden"))
	s.ok("POST", "/dns/zones", m{"name": "hidden.test", "zone_type": "master", "view_ids": []int{1}})
	record := m{"zone_id": 1, "view_name": "office", "host": "hidden", "value": "192.0.2.77", "ttl": 77, "comment": "hidden"}
	s.ok("POST", "/dns/records", record)
	s.done("PUT", "/v1/zones/1/settings", m{"soa": m{"mname": "hidden.example."}})
	eve := s.role("eve", s.privilege(1, 1), s.privilege(1, 2), s.privilegeOn(0, 1, 1), s.privilegeOn(0, 1, 2), s.privilegeOn(1, 1, 1))
	own := s.roleOf("reads one record", s.made("/admin/privileges", m{"name": "own", "operation": 0, "resource_type": 3, "resource_id": 1}))
	blind := as(s.member("eve", eve))
	sees := as(s.member("reader", eve, own))
	const load = "/v1/zones/1/import?view=office&mode="
	// A file of four records is staged.
	staged := "$TTL 60\nnew A 192.0.2.9\nnew2 A 192.0.2.9\nnew3 A 192.0.2.9\nnew4 A 192.0.2.9\n"
	for _, c := range []struct {
		method, path string
		body         any
		// supplied is what the events show of the request, former what they show to who may ACCESS the record.
		supplied, former string
	}{
		{"POST", load + "replace", "$TTL 60\nnew A 192.0.2.9\n", `"value":"192.0.2.9"`, `"value":"192.0.2.77"`},
		{"POST", load + "merge", "hidden 90 A 192.0.2.77\n", `"ttl":90`, `"comment":"hidden"`},
		{"POST", load + "replace", staged, `"value":"192.0.2.9"`, `"value":"192.0.2.77"`},
		{"POST", load + "merge", staged + "hidden 90 A 192.0.2.77\n", `"ttl":90`, `"comment":"hidden"`},
		{"PUT", "/dns/records/1", changed(record, "value", "192.0.2.9"), `"value":"192.0.2.9"`, `"value":"192.0.2.77"`},
		{"DELETE", "/dns/records/1", nil, "RecordDeleted", `"value":"192.0.2.77"`},
		{"PUT", "/dns/zones/1", m{"name": "b.test", "zone_type": "master", "view_ids": []int{1}}, `"name":"b.test"`, ""},
		{"DELETE", "/dns/zones/1", nil, "ZoneDeleted", ""},
		{"PUT", "/v1/zones/1/settings", m{"default_ttl": 99}, `"default_ttl":99`, ""},
		{"PUT", "/v1/zones/1/settings", m{"serial_at_least": 2000000}, `"serial_at_least":2000000`, ""},
		{"PUT", "/dns/servers/1", changed(aServer("9"), "env", "prod"), `"host":"s9"`, ""},
		{"DELETE", "/dns/servers/1", nil, "ServerDeleted", ""},
		{"POST", pathBatch, operations(
			operation("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "mine", "value": "192.0.2.9"}),
			operation("PUT", "/dns/records/$0", m{"zone_id": 1, "view_name": "office", "host": "mine", "value": "192.0.2.8"}),
			operation("DELETE", "/dns/records/1", nil),
		), `"value":"192.0.2.9"`, `"value":"192.0.2.77"`},
		{"PUT", "/dns/views/1", m{"name": "bureau", "acl": "any"}, `"name":"office"`, ""}, // which everybody sees
	} {
		what := fmt.Sprint(c.method, " ", c.path, " ", c.body)
		h := s
		if body, is := c.body.(string); is && strings.Count(body, "\n") > 3 {
			h = s.reopened(stagedAbove(3))
		}
		said, got := h.dry(c.method, c.path, c.body, blind)
		tells := strings.Contains(got.body, "hidden") || strings.Contains(got.body, "192.0.2.77")
		if !said.DryRun || tells || !strings.Contains(got.body, c.supplied) {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
		if _, got := h.dry(c.method, c.path, c.body, sees); c.former != "" && !strings.Contains(got.body, c.former) {
			t.Errorf("%s, by who may ACCESS the record: %d %s", what, got.status, got.body)
		}
		if said, got := h.dry(c.method, c.path, c.body); !said.DryRun || strings.Contains(got.body, `"before":null`) {
			t.Errorf("%s, by admin: %d %s", what, got.status, got.body)
		}
	}
}
