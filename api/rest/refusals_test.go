package rest

import (
	"net/http"
	"strings"
	"testing"
)

// TestRefusals: who may read and nothing else is told which right is missing,
// also where the body is bad, and sees no more of the operation log than of the
// resources.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/servers", aServer("1"))
	s.withZone()
	record := aRecord(1, "www", "10.0.0.1")
	s.ok("POST", "/dns/records", record)
	s.expectConf(s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { recursion no; };"}), "options { recursion no; };")
	token := s.member("guest", 3, 5, 7)

	for _, c := range []struct {
		method, path string
		body         any
		right        string
	}{
		{"POST", "/dns/servers", aServer("2"), "SERVER_ADD"},
		{"POST", "/dns/servers", m{}, "SERVER_ADD"},
		{"PUT", "/dns/servers/1", aServer("2"), "SERVER#s1#UPDATE"},
		{"PUT", "/dns/servers/1", m{}, "SERVER#s1#UPDATE"},
		{"DELETE", "/dns/servers/1", nil, "SERVER#s1#DELETE"},
		{"POST", "/dns/views", m{"name": "v2", "acl": "any"}, "VIEW_ADD"},
		{"PUT", "/dns/views/1", m{}, "VIEW#v1#UPDATE"},
		{"DELETE", "/dns/views/1", nil, "VIEW#v1#DELETE"},
		{"POST", "/dns/zones", m{"name": "b.com", "zone_type": "master", "view_ids": []int{1}}, "ZONE_ADD"},
		{"PUT", "/dns/zones/1", m{"name": "b.com", "zone_type": "master", "view_ids": []int{1}}, "ZONE#a.com#UPDATE"},
		{"POST", "/dns/records", record, "ZONE#a.com#UPDATE"},
		{"POST", "/dns/records", m{"zone_id": 1}, "ZONE#a.com#UPDATE"},
		{"PUT", "/dns/records/1", m{}, "ZONE#a.com#UPDATE"},
		{"DELETE", "/dns/records/1", nil, "ZONE#a.com#UPDATE"},
		{"GET", "/dns/bind_conf", nil, "BIND_CONF_EDIT"},
		{"POST", "/dns/bind_conf", m{"bind_conf": "options { };"}, "BIND_CONF_EDIT"},
	} {
		s.forbidden(token, c.method, c.path, c.body, c.right)
	}
	user := as(token)
	s.expect(s.do("GET", "/dns/views/1", nil, user), 200, `{"id":1,"name":"v1","acl":"any","can_update":false,"can_delete":false}`)
	s.expect(s.do("GET", "/dns/records/1", nil, user), 200, `{"id":1,"host":"www","record_type":"A","ttl":"600","value":"10.0.0.1","view_name":"v1","comment":"","zone_id":1,"can_update":false,"can_delete":false}`)
	s.expect(s.do("GET", "/dns/records", nil, user), 400, failedWith("zone_id: 不能为空！"))
	s.expect(s.do("DELETE", "/dns/views/9", nil, user), 404, failedWith("View 9 不存在！"))
	s.readerOplogs(user)
}

// readerOplogs: entries on users and the BIND configuration are for admin.
func (s *stack) readerOplogs(user func(*http.Request)) {
	s.t.Helper()
	if got := s.do("GET", "/dns/oplogs?pageSize=3&currentPage=2", nil, user); !strings.Contains(got.body, `"total":4`) || strings.Count(got.body, `"id":`) != 1 || !strings.Contains(got.body, `"target_type":"Server"`) {
		s.t.Errorf("second page: %s", got.body)
	}
	if got := s.do("GET", "/dns/oplogs?target_type=User&target_name=guest&operator=guest", nil); !strings.Contains(got.body, `"total":1`) {
		s.t.Errorf("the registration's operator is not the new name: %s", got.body)
	}
	for _, target := range []string{"BindConf", "User"} {
		s.expect(s.do("GET", "/dns/oplogs?target_type="+target, nil, user), 200, `{"total":0,"operation_logs":[],"current_page":1}`)
		if got := s.do("GET", "/dns/oplogs?target_type="+target, nil); strings.Contains(got.body, `"total":0`) {
			s.t.Errorf("admin sees nothing of %s", target)
		}
	}
}
