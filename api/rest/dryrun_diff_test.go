package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// diffText writes a difference in one line: spaces in place of tabs, serials as they are.
func diffText(all []dryDiff) string {
	var out []string
	for _, d := range all {
		zone := "new"
		if d.ZoneID != nil {
			zone = fmt.Sprint(*d.ZoneID)
		}
		text := zone + "/" + d.View + ":"
		for _, line := range d.Removed {
			text += " -" + short(line)
		}
		for _, line := range d.Added {
			text += " +" + short(line)
		}
		if d.More {
			text += " more"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// short leaves out TTL and class of a line, and of an SOA all but its name server.
func short(line string) string {
	fields := strings.Fields(line)
	if fields[3] == "SOA" {
		fields = append(fields[:5], "#"+fields[6])
	}
	return strings.Join(append(fields[:1], fields[3:]...), " ")
}

// dryWorld has two views, a master, and a zone in the first view.
func dryWorld(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "10.0.0.0/8"})
	s.ok("POST", "/dns/views", m{"name": "world", "acl": "any"})
	s.ok("POST", "/dns/servers", aServer("1"))
	enroll(s, 1)
	s.ok("POST", "/dns/zones", m{"name": "a.test", "zone_type": "master", "view_ids": []int{1}})
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "www", "value": "192.0.2.1"})
	return s
}

// The difference has what name servers will serve otherwise, generated records included.
func TestDryRunDiff(t *testing.T) {
	t.Parallel()
	s := dryWorld(t)
	zone := func(views ...int) m { return m{"name": "a.test", "zone_type": "master", "view_ids": views} }
	renamed := changed(zone(1), "name", "b.test")
	for _, c := range []struct {
		method, path string
		body         any
		want         string
	}{
		{"PUT", "/dns/zones/1", zone(1, 2), "1/world: +a.test. SOA master.a.test. #0 +a.test. NS master.a.test. +master.a.test. A 10.0.0.1"},
		{"PUT", "/dns/zones/1", zone(2), "1/office: -a.test. SOA master.a.test. #N -a.test. NS master.a.test. -master.a.test. A 10.0.0.1 -www.a.test. A 192.0.2.1;" +
			" 1/world: +a.test. SOA master.a.test. #0 +a.test. NS master.a.test. +master.a.test. A 10.0.0.1"},
		{"PUT", "/dns/zones/1", renamed, "1/office: -a.test. SOA master.a.test. #N -a.test. NS master.a.test. -master.a.test. A 10.0.0.1 -www.a.test. A 192.0.2.1" +
			" +b.test. SOA master.b.test. #N +b.test. NS master.b.test. +master.b.test. A 10.0.0.1 +www.b.test. A 192.0.2.1"},
		{"PUT", "/dns/zones/1", changed(zone(1), "zone_group", 2), ""},
		{"DELETE", "/dns/zones/1", nil, "1/office: -a.test. SOA master.a.test. #N -a.test. NS master.a.test. -master.a.test. A 10.0.0.1 -www.a.test. A 192.0.2.1"},
		{"POST", "/dns/zones", m{"name": "f.test", "zone_type": "forward only", "forwarders": "192.0.2.7", "view_ids": []int{1}}, ""},
		{"POST", "/dns/zones", m{"name": "x.test", "zone_type": "master", "zone_group": 0}, ""},
		{"PUT", "/dns/views/1", m{"name": "bureau", "acl": "10.0.0.0/8"}, ""},
		{"PUT", "/dns/servers/1", changed(aServer("1"), "ip", "10.0.0.9"), "1/office: -master.a.test. A 10.0.0.1 +master.a.test. A 10.0.0.9"},
		{"PUT", "/dns/servers/1", changed(aServer("1"), "env", "prod"), ""},
		{"DELETE", "/dns/servers/1", nil, "1/office: -master.a.test. A 10.0.0.1 +master.a.test. A 127.0.0.1"},
		{"PUT", "/v1/fleet", m{"ns": []string{"ns.example.net."}},
			"1/office: -a.test. SOA master.a.test. #N -a.test. NS master.a.test. -master.a.test. A 10.0.0.1 +a.test. SOA ns.example.net. #N +a.test. NS ns.example.net."},
		{"PUT", "/v1/zones/1/settings", m{"soa": m{"mname": "m.example."}}, "1/office: -a.test. SOA master.a.test. #N +a.test. SOA m.example. #N"},
		{"PUT", "/v1/zones/1/settings", m{"serial_at_least": 2000000}, ""},
		{"PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "value": "192.0.2.1", "comment": "new"}, ""},
		{"POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "@", "record_type": "NS", "value": "ns.example.net."},
			"1/office: -a.test. SOA master.a.test. #N -a.test. NS master.a.test. -master.a.test. A 10.0.0.1 +a.test. SOA ns.example.net. #N +a.test. NS ns.example.net."},
		{"POST", pathBatch, operations(
			operation("POST", "/dns/views", m{"name": "lab", "acl": "192.0.2.0/24"}),
			operation("POST", "/dns/zones", m{"name": "n.test", "zone_type": "master", "view_ids": []any{"$0", 1}}),
			operation("POST", "/dns/records", m{"zone_id": "$1", "view_name": "lab", "host": "h", "value": "192.0.2.5"}),
			operation("PUT", "/dns/servers/1", changed(aServer("1"), "ip", "10.0.0.2")),
		), "1/office: -master.a.test. A 10.0.0.1 +master.a.test. A 10.0.0.2; " +
			"new/office: +n.test. SOA master.n.test. #0 +n.test. NS master.n.test. +master.n.test. A 10.0.0.2; " +
			"new/lab: +n.test. SOA master.n.test. #0 +n.test. NS master.n.test. +h.n.test. A 192.0.2.5 +master.n.test. A 10.0.0.2"},
		// A view that is left and joined again has lost its records.
		{"POST", pathBatch, operations(
			operation("PUT", "/dns/zones/1", zone(2)), operation("PUT", "/dns/zones/1", zone(1)),
			operation("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "late", "value": "192.0.2.6"}),
		), "1/office: -www.a.test. A 192.0.2.1 +late.a.test. A 192.0.2.6"},
		{"POST", pathBatch, operations(
			operation("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "k", "record_type": "CNAME", "value": "www"}),
			operation("PUT", "/dns/zones/1", renamed),
		), "1/office: -a.test. SOA master.a.test. #N -a.test. NS master.a.test. -master.a.test. A 10.0.0.1 -www.a.test. A 192.0.2.1" +
			" +b.test. SOA master.b.test. #N +b.test. NS master.b.test. +k.b.test. CNAME www.b.test. +master.b.test. A 10.0.0.1 +www.b.test. A 192.0.2.1"},
	} {
		said, got := s.dry(c.method, c.path, c.body)
		want := strings.ReplaceAll(c.want, "#N", "#"+s.serial())
		if !said.DryRun || diffText(said.Diff) != want {
			t.Errorf("%s %s %v:\n     %s\nwant %s\n%s", c.method, c.path, c.body, diffText(said.Diff), want, got.body)
		}
	}
}

// serial is that of the zone 1 in the view office.
func (s *stack) serial() string {
	s.t.Helper()
	return strings.Fields(s.exported("office"))[6]
}

// Servers are those that an agent has and the caller may ACCESS.
func TestDryRunServers(t *testing.T) {
	t.Parallel()
	s := dryWorld(t)
	s.ok("POST", "/dns/servers", aServer("2"))
	enroll(s, 2)
	s.ok("POST", "/dns/servers", aServer("3"))
	const zone = "/dns/zones/1"
	for _, c := range []struct {
		method, path string
		body         any
		want         []int64
	}{
		{"DELETE", zone, nil, []int64{1, 2}},
		{"PUT", "/dns/views/1", m{"name": "office", "acl": "10.0.0.0/9"}, []int64{1, 2}},
		{"PUT", "/v1/views/order", m{"view_ids": []int{2, 1}}, []int64{1, 2}},
		{"POST", "/dns/bind_conf", m{"bind_conf": "options { };"}, []int64{1, 2}},
		{"PUT", "/v1/zones/1/settings", m{"serial_at_least": 2000000}, []int64{1, 2}},
		{"POST", "/dns/zones", m{"name": "f.test", "zone_type": "forward only", "forwarders": "192.0.2.7", "view_ids": []int{1}}, []int64{1, 2}},
		{"POST", "/dns/zones", m{"name": "x.test", "zone_type": "master", "zone_group": 0}, []int64{}},
		{"PUT", "/dns/servers/2", changed(aServer("2"), "env", "prod"), []int64{2}},
		{"PUT", "/dns/servers/3", changed(aServer("3"), "env", "prod"), []int64{}},
		{"DELETE", "/dns/servers/3", nil, []int64{}},
		{"PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "value": "192.0.2.1", "comment": "new"}, []int64{}},
		{"POST", "/admin/roles", m{"name": "r", "privilege_ids": []int{1}}, []int64{}},
	} {
		if said, got := s.dry(c.method, c.path, c.body); !said.DryRun || !slices.Equal(said.Servers, c.want) {
			t.Errorf("%s %s %v: servers %v, want %v: %s", c.method, c.path, c.body, said.Servers, c.want, got.body)
		}
	}
	role := s.role("some", s.privilege(1, 0), s.privilege(1, 2), s.privilegeOn(0, 2, 0))
	token := with("Authorization", s.member("deleter", role))
	if said, got := s.dry("DELETE", zone, nil, token); len(said.Diff) != 1 || !slices.Equal(said.Servers, []int64{2}) {
		t.Errorf("%d %s", got.status, got.body)
	}
	// Nobody is shown a zone that they may not ACCESS.
	blind := with("Authorization", s.member("blind", s.role("blind", s.privilege(1, 2), s.privilegeOn(0, 1, 1))))
	for path, body := range map[string]any{zone: nil, "/dns/servers/1": changed(aServer("1"), "ip", "10.0.0.9")} {
		method := map[bool]string{true: "DELETE", false: "PUT"}[body == nil]
		if said, got := s.dry(method, path, body, blind); !said.DryRun || len(said.Diff) != 0 || len(said.Servers) != 0 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

// The configuration is shown to who may edit it, with the secrets in the vault's place; and the
// vault keeps nothing of a dry run.
func TestDryRunOfBindConf(t *testing.T) {
	t.Parallel()
	s := dryWorld(t)
	const text = "key k { algorithm hmac-sha256; secret \"%s\"; };\noptions { };\n"
	sent := fmt.Sprintf(text, "c2VjcmV0IHNlY3JldCBzZWNyZXQ=")
	said, got := s.dry("POST", "/dns/bind_conf", m{"bind_conf": sent})
	const unkept = "vault:00000000-0000-0000-0000-000000000000"
	if said.Config == nil || said.Config.After != fmt.Sprintf(text, unkept) || !strings.Contains(said.Config.Before, "recursion yes") ||
		!strings.Contains(got.body, `"secrets":null`) || strings.Contains(got.body, "c2Vj") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	s.done("POST", "/dns/bind_conf", m{"bind_conf": sent})
	said, got = s.dry("POST", "/dns/bind_conf", m{"bind_conf": "options { };"})
	if said.Config == nil || !strings.Contains(said.Config.Before, "vault:") || strings.Contains(got.body, "c2Vj") || said.Config.After != "options { };" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if _, got := s.dry("POST", "/dns/bind_conf", m{"bind_conf": "line1\nline2"}); got.status != http.StatusBadRequest || refusedByName(got) {
		t.Errorf("no configuration: %d %s", got.status, got.body)
	}
}

// A difference has an end: so many lines of a zone, and so many zones are compared, however many
// there are.
func TestDryRunIsBounded(t *testing.T) {
	t.Parallel()
	s := dryWorld(t)
	const records, zones = 25_000, 1100
	_, err := s.pool.Exec(t.Context(), `INSERT INTO dns.records (id, zone_id, view_id, line, host, type, ttl, value, literal, comment, creator,
			created, changed, link, ends, gone, typed, place, reverse, since)
		SELECT 1000 + i, zone_id, view_id, line, 'x' || i, type, ttl, value, literal, comment, creator, created, changed, link, ends, gone, typed,
			'z' || reverse(to_char(i, '000000000')), reverse, since FROM dns.records, generate_series(1, $1::int) i WHERE id = 1`, records)
	must(t, err)
	for _, c := range []struct {
		method         string
		body           any
		removed, added int
	}{
		{"DELETE", nil, 10_000, 0}, {"PUT", m{"name": "b.test", "zone_type": "master", "view_ids": []int{1}}, 10_000, 0},
	} {
		said, _ := s.dry(c.method, "/dns/zones/1", c.body)
		if len(said.Diff) != 1 || len(said.Diff[0].Removed) != c.removed || len(said.Diff[0].Added) != c.added || !said.Diff[0].More {
			t.Errorf("%s: %d zones, %d and %d lines", c.method, len(said.Diff), len(said.Diff[0].Removed), len(said.Diff[0].Added))
		}
	}
	var list []m
	for n := range zones {
		list = append(list, operation("POST", "/dns/zones", m{"name": fmt.Sprintf("z%d.test", n), "zone_type": "master", "view_ids": []int{1}}))
	}
	s.done("POST", pathBatch, operations(list...))
	said, _ := s.dry("PUT", "/v1/fleet", m{"ns": []string{"ns.example.net."}})
	compared, more := 0, 0
	for _, d := range said.Diff {
		if d.More && len(d.Removed)+len(d.Added) == 0 {
			more++
		} else {
			compared++
		}
	}
	if compared != 1000 || more != zones+1-1000 {
		t.Errorf("%d zones are compared, %d are not", compared, more)
	}
}
