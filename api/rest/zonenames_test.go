package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestNamesBelowZones: who may add zones answers for no name below a zone of somebody
// else's, by whatever route, and for no name below which those of many people are.
func TestNamesBelowZones(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	s.ok("POST", "/dns/views", m{"name": "v2", "acl": "any"})
	zone := func(name string, views ...int) m { return m{"name": name, "zone_type": "master", "view_ids": views} }
	s.ok("POST", "/dns/zones", zone("victim.example", 1))
	token := s.member("adder", s.role("zone adders", 2))
	other := s.ok("POST", "/dns/zones", zone("adder.example", 1), as(token)).header.Get("Location")
	beside := s.ok("POST", "/dns/zones", zone("x.victim.example", 2), as(token)).header.Get("Location")

	create := func(body m) []reply {
		return []reply{s.do("POST", "/dns/zones", body, as(token))}
	}
	ways := map[string]func(body m) []reply{
		"POST /dns/zones": create,
		"POST /api/v1/servers/:server/zones": func(body m) []reply {
			name := strings.TrimSuffix(body["name"].(string), ".") + "."
			view := fmt.Sprint("v", body["view_ids"].([]int)[0])
			return []reply{s.do("POST", "/api/v1/servers/"+view+"/zones", m{"name": name, "kind": "Native"}, as(token), with("Opsledger-Language", "zh"))}
		},
		"PUT /dns/zones/:id": func(body m) []reply {
			return []reply{s.do("PUT", other, body, as(token)), s.do("PUT", beside, body, as(token))}
		},
		"POST /v1/batch": func(body m) []reply {
			return []reply{
				s.do("POST", pathBatch, operations(operation("POST", "/dns/zones", body)), as(token)),
				s.do("POST", pathBatch, operations(operation("PUT", other, body)), as(token)),
				s.do("POST", pathBatch, operations(operation("POST", "/dns/zones", zone("free.example", 1)), operation("PUT", "/dns/zones/$0", body)), as(token)),
			}
		},
	}
	coverWrites(t, ways, namesZones)
	for name, c := range map[string]struct {
		body m
		says string
	}{
		"below":                  {zone("y.victim.example", 1), "ZONE#1#UPDATE"},
		"below, another writing": {zone("Y.VICTIM.Example.", 1), "ZONE#1#UPDATE"},
		"far below":              {zone("a.b.c.victim.example", 1), "ZONE#1#UPDATE"},
		"link":                   {zone("x.victim.example", 1, 2), "ZONE#1#UPDATE"},
		"hijack":                 {changed(zone("z.victim.example", 1), "zone_group", 2), "ZONE#1#UPDATE"},
		"forward only":           {changed(changed(zone("f.victim.example", 1), "zone_type", "forward only"), "forwarders", "192.0.2.1"), "ZONE#1#UPDATE"},
		"wildcard's name":        {zone("_tcp.victim.example", 1, 2), "ZONE#1#UPDATE"},
		"single label":           {zone("corp", 1), "admin"},
		"public suffix":          {zone("co.uk", 2), "admin"},
		"suffix, another view":   {zone("GitHub.io", 2), "admin"},
		"reverse":                {zone("in-addr.arpa", 1), "admin"},
	} {
		for way, try := range ways {
			before := s.position()
			for _, got := range try(c.body) {
				want := http.StatusForbidden
				if way == "POST /v1/batch" {
					want = http.StatusBadRequest
				}
				if got.status != want || !strings.Contains(got.body, "无权限！缺少权限："+c.says+`"`) {
					t.Errorf("%s, %s: %d %s", name, way, got.status, got.body)
				}
			}
			if s.position() != before {
				t.Errorf("%s, %s: refused, and the log grew", name, way)
			}
		}
	}
	s.ok("POST", "/dns/zones", zone("sub.adder.example", 1), as(token))
	s.ok("POST", "/dns/zones", zone("2.0.192.in-addr.arpa", 1), as(token))
	s.ok("POST", "/dns/zones", zone("corp", 1))
	s.ok("POST", "/dns/zones", zone("w.victim.example", 1))
	editor := s.member("editor", s.role("adding editors", 2, s.privilege(1, 1)))
	s.ok("POST", "/dns/zones", zone("e.victim.example", 1), as(editor))
	s.forbidden(editor, "POST", "/dns/zones", zone("e.w.victim.example", 1), "ZONE#"+idIn(s.zoneNamed("w.victim.example"))+"#UPDATE")
	reader := s.member("reader", s.role("adding readers", 2, s.privilege(1, 0)))
	s.forbidden(reader, "POST", "/dns/zones", zone("r.victim.example", 1), "ZONE#victim.example#UPDATE")
}

// privilege is the id of a zone's own privilege.
func (s *stack) privilege(zone int64, operation int) int64 {
	s.t.Helper()
	return s.privilegeOn(2, zone, operation)
}

// privilegeOn is the privilege to do something to a resource of a kind.
func (s *stack) privilegeOn(kind int, id int64, operation int) int64 {
	s.t.Helper()
	body := decoded[struct {
		Privileges []struct {
			ID        int64
			Operation int
		}
	}](s, s.do("GET", fmt.Sprintf("/admin/privileges?resource_type=%d&resource_id=%d", kind, id), nil))
	for _, p := range body.Privileges {
		if p.Operation == operation {
			return p.ID
		}
	}
	s.t.Fatalf("resource %d of kind %d has no privilege %d", id, kind, operation)
	return 0
}

// zoneNamed is the path of the zone of that name.
func (s *stack) zoneNamed(name string) string {
	s.t.Helper()
	body := decoded[struct{ Zones []struct{ ID int64 } }](s, s.do("GET", "/dns/zones?name="+name, nil))
	return fmt.Sprint("/dns/zones/", body.Zones[len(body.Zones)-1].ID)
}
