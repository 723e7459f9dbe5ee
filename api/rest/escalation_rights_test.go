package rest

import (
	"strconv"
	"strings"
)

// numbersDecide: a privilege grants by its numbers, whatever it is called, and
// one whose numbers name nothing grants nothing.
func (s *stack) numbersDecide() {
	nothing := s.made("/admin/privileges", m{"name": "all zones", "operation": 0, "resource_type": 2, "resource_id": 0})
	strange := s.made("/admin/privileges", m{"name": "strange", "operation": 0, "resource_type": 6, "resource_id": 1})
	beyond := s.made("/admin/privileges", m{"name": "beyond", "operation": 9, "resource_type": 2, "resource_id": 1})
	access := s.made("/admin/privileges", m{"name": "just a name", "operation": 0, "resource_type": 2, "resource_id": 1})
	ids := func(paths ...string) (list []string) {
		for _, p := range paths {
			list = append(list, idIn(p))
		}
		return list
	}
	role := s.made("/admin/roles", m{"name": "strange ones", "privilege_ids": ids(nothing, strange, beyond)})
	id, err := strconv.ParseInt(idIn(role), 10, 64)
	must(s.t, err)
	token := s.member("numbers", id)
	s.forbidden(token, "GET", "/dns/zones/1", nil, "ZONE#1#ACCESS")
	s.ok("PUT", role, m{"name": "strange ones", "privilege_ids": ids(access)})
	if got := s.do("GET", "/dns/zones/1", nil, as(token)); got.status != 200 || !strings.Contains(got.body, `"can_update":false,"can_delete":false`) {
		s.t.Errorf("%d %s", got.status, got.body)
	}
	s.expect(s.do("GET", "/dns/zones?pageSize=1&name=hidden", nil, as(token)), 200, s.do("GET", "/dns/zones?pageSize=1&name=hidden", nil, as(s.member("bykind", 7))).body)
	s.forbidden(token, "DELETE", "/dns/zones/1", nil, "ZONE#hidden.com#DELETE")
	s.ok("PUT", access, m{"name": "just a name", "resource_id": 999})
	s.forbidden(token, "GET", "/dns/zones/1", nil, "ZONE#1#ACCESS")
}

// oneRecord: a privilege for a single record opens that record, and nothing beside it.
func (s *stack) oneRecord() {
	other := s.made("/dns/records", aRecord(1, "other", "10.0.0.9"))
	see := s.made("/admin/privileges", m{"name": "see www", "operation": 0, "resource_type": 3, "resource_id": 1})
	change := s.made("/admin/privileges", m{"name": "change www", "operation": 1, "resource_type": 3, "resource_id": 1})
	again := s.made("/admin/privileges", m{"name": "see www again", "operation": 0, "resource_type": 3, "resource_id": 1})
	token := s.member("keeper", s.roleOf("keepers", see, change), s.roleOf("readers", see, again))
	one := `{"id":1,"host":"www","record_type":"A","ttl":"600","value":"10.0.0.1","view_name":"v1","comment":"kept","zone_id":1,"can_update":true,"can_delete":false}`
	s.ok("PUT", "/dns/records/1", changed(aRecord(1, "www", "10.0.0.1"), "comment", "kept"), as(token))
	s.expect(s.do("GET", "/dns/records/1", nil, as(token)), 200, one)
	s.expect(s.do("GET", "/dns/records?zone_id=1", nil, as(token)), 200, `{"total":1,"records":[`+one+`],"current_page":1}`)
	s.expect(s.do("GET", "/dns/records?zone_id=1&host=other", nil, as(token)), 200, `{"total":0,"records":[],"current_page":1}`)
	s.forbidden(token, "GET", other, nil, "ZONE#1#ACCESS")
	s.forbidden(token, "PUT", other, aRecord(1, "other", "10.0.0.1"), "ZONE#1#UPDATE")
	s.forbidden(token, "DELETE", "/dns/records/1", nil, "ZONE#1#UPDATE")
	s.forbidden(token, "GET", "/dns/zones/1", nil, "ZONE#1#ACCESS")
	s.forbidden(token, "POST", "/dns/records", aRecord(1, "new", "10.0.0.9"), "ZONE#1#UPDATE")
	s.ok("DELETE", other, nil)
}

// roleOf makes a role of privileges by their paths.
func (s *stack) roleOf(name string, privileges ...string) int64 {
	s.t.Helper()
	var ids []int64
	for _, p := range privileges {
		id, err := strconv.ParseInt(idIn(p), 10, 64)
		must(s.t, err)
		ids = append(ids, id)
	}
	return s.role(name, ids...)
}

// creators: who created a resource may do everything to it, and to nothing of
// the same name that comes later.
func (s *stack) creators() {
	token := s.member("creator", s.role("zone adders", 2))
	zone := m{"name": "mine.com", "zone_type": "master", "view_ids": []int{1}}
	path := s.ok("POST", "/dns/zones", zone, as(token)).header.Get("Location")
	if got := s.do("GET", path, nil, as(token)); !strings.Contains(got.body, `"can_update":true,"can_delete":true`) {
		s.t.Errorf("%d %s", got.status, got.body)
	}
	record := s.ok("POST", "/dns/records", changed(aRecord(0, "www", "10.0.0.1"), "zone_id", idIn(path)), as(token)).header.Get("Location")
	if got := s.do("GET", record, nil, as(token)); !strings.Contains(got.body, `"can_update":true,"can_delete":true`) {
		s.t.Errorf("%d %s", got.status, got.body)
	}
	s.ok("PUT", path, zone, as(token))
	s.ok("DELETE", path, nil, as(token))
	batch := operations(operation("POST", "/dns/zones", changed(zone, "name", "batch.com")), addRecord("$0", "www", "10.0.0.1"), operation("DELETE", "/dns/zones/$0", nil))
	if got := s.do("POST", pathBatch, batch, as(token)); got.status != 200 {
		s.t.Errorf("batch: %d %s", got.status, got.body)
	}
	later := s.made("/dns/zones", zone)
	s.forbidden(token, "GET", later, nil, "ZONE#"+idIn(later)+"#ACCESS")
	s.forbidden(token, "DELETE", later, nil, "ZONE#"+idIn(later)+"#DELETE")
	s.expect(s.do("GET", "/dns/zones", nil, as(token)), 200, `{"total":0,"zones":[],"current_page":1}`)
}
