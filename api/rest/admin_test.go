package rest

import (
	"net/http"
	"strings"
	"testing"
)

// TestAdminContract walks through /admin and compares the replies, byte for
// byte, with the forms that the document prints.
func TestAdminContract(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.contractPrivileges()
	s.contractRoles()
	s.contractUsers()
}

const (
	serverAdd    = `{"id":1,"name":"SERVER_ADD","operation":0,"resource_type":0,"resource_id":0,"comment":null}`
	zoneAdd      = `{"id":2,"name":"ZONE_ADD","operation":0,"resource_type":0,"resource_id":0,"comment":null}`
	serverAccess = `{"id":5,"name":"SERVER#s1#ACCESS","operation":0,"resource_type":0,"resource_id":1,"comment":null}`
	serverUpdate = `{"id":6,"name":"SERVER#s1#UPDATE","operation":1,"resource_type":0,"resource_id":1,"comment":null}`
	serverDelete = `{"id":7,"name":"SERVER#s1#DELETE","operation":2,"resource_type":0,"resource_id":1,"comment":null}`
)

func (s *stack) contractPrivileges() {
	s.t.Helper()
	s.ok("POST", "/dns/servers", aServer("1"))
	s.expect(s.do("GET", "/admin/privileges?pageSize=3", nil), 200, `{"total":7,"privileges":[`+serverDelete+","+serverUpdate+","+serverAccess+`],"current_page":1}`)
	s.expect(s.do("GET", "/admin/privileges/7", nil), 200, serverDelete)
	s.expect(s.do("GET", "/admin/privileges?name=_ADD&id=2", nil), 200, `{"total":1,"privileges":[`+zoneAdd+`],"current_page":1}`)
	s.expect(s.do("GET", "/admin/privileges?operation=1&resource_type=0&resource_id=1", nil), 200, `{"total":1,"privileges":[`+serverUpdate+`],"current_page":1}`)

	path := s.made("/admin/privileges", m{"name": "p123", "operation": 0, "resource_type": "6", "resource_id": 5, "comment": "aa.com的删除权限"})
	id := idIn(path)
	s.expect(s.do("GET", path, nil), 200, `{"id":`+id+`,"name":"p123","operation":0,"resource_type":6,"resource_id":5,"comment":"aa.com的删除权限"}`)
	s.ok("PUT", path, m{"name": "p124", "operation": 2, "resource_type": 2})
	s.expect(s.do("GET", "/admin/privileges?name=p12", nil), 200, `{"total":1,"privileges":[{"id":`+id+`,"name":"p124","operation":2,"resource_type":2,"resource_id":5,"comment":"aa.com的删除权限"}],"current_page":1}`)
	s.refused("POST", "/admin/privileges", m{"name": "p124"}, 400)
	s.refused("POST", "/admin/privileges", m{"comment": "x"}, 400)
	for _, fixed := range []string{"/admin/privileges/1", "/admin/privileges/5"} {
		s.refused("PUT", fixed, m{"name": "mine"}, 400)
		s.refused("DELETE", fixed, nil, 400)
	}
	s.ok("DELETE", path, nil)
	s.missing("/admin/privileges/", "Privilege", m{"name": "p9"})
}

func (s *stack) contractRoles() {
	s.t.Helper()
	admin := `{"id":2,"name":"server_admin","privileges":[` + serverAdd + "," + serverAccess + "," + serverUpdate + "," + serverDelete + `]}`
	guest := `{"id":3,"name":"server_guest","privileges":[` + serverAccess + `]}`
	s.expect(s.do("GET", "/admin/roles/3", nil), 200, guest)
	s.expect(s.do("GET", "/admin/roles?name=server", nil), 200, `{"total":2,"roles":[`+guest+","+admin+`],"current_page":1}`)
	s.expect(s.do("GET", "/admin/roles?id=5", nil), 200, `{"total":1,"roles":[{"id":5,"name":"view_guest","privileges":[]}],"current_page":1}`)
	if n := s.total("/admin/roles"); n != 7 {
		s.t.Errorf("%d roles", n)
	}

	path := s.made("/admin/roles", m{"name": "role123", "privilege_ids": []any{7, "1", 2}})
	id := idIn(path)
	s.expect(s.do("GET", path, nil), 200, `{"id":`+id+`,"name":"role123","privileges":[`+serverAdd+","+zoneAdd+","+serverDelete+`]}`)
	s.ok("PUT", path, m{"name": "role124", "privilege_ids": []int{}})
	s.expect(s.do("GET", path, nil), 200, `{"id":`+id+`,"name":"role124","privileges":[]}`)
	s.ok("PUT", path, "name=role124&privilege_ids=1&privilege_ids=2", with("Content-Type", "application/x-www-form-urlencoded"))
	s.expect(s.do("GET", path, nil), 200, `{"id":`+id+`,"name":"role124","privileges":[`+serverAdd+","+zoneAdd+`]}`)
	s.refused("POST", "/admin/roles", m{"name": "role124", "privilege_ids": []int{}}, 400)
	s.refused("POST", "/admin/roles", m{"name": "role125"}, 400)
	s.refused("POST", "/admin/roles", m{"name": "role125", "privilege_ids": []int{99999}}, 400)
	s.refused("POST", "/admin/roles", m{"name": "role125", "privilege_ids": "1"}, 400)
	s.refused("PUT", "/admin/roles/2", m{"name": "mine", "privilege_ids": []int{1}}, 400)
	s.refused("DELETE", "/admin/roles/2", nil, 400)
	s.ok("DELETE", path, nil)
	s.missing("/admin/roles/", "Role", m{"name": "role9", "privilege_ids": []int{}})

	// A replaced set of a built-in role keeps what is listed, and gains what is created from now on.
	s.ok("PUT", "/admin/roles/3", m{"name": "server_guest", "privilege_ids": []int{}})
	s.ok("POST", "/dns/servers", aServer("2"))
	if got := s.do("GET", "/admin/roles/3", nil); strings.Contains(got.body, "s1") || !strings.Contains(got.body, "SERVER#s2#ACCESS") {
		s.t.Errorf("replaced: %s", got.body)
	}
}

func (s *stack) contractUsers() {
	s.t.Helper()
	path := s.made("/auth/register_local", registration("user123"))
	id := idIn(path)
	body := func(got reply) reply {
		got.body = clock.ReplaceAllString(got.body, `"TIME"`)
		return got
	}
	head := `{"id":` + id + `,"email":"user123@example.org","username":"user123",`
	times := `"member_since":"TIME","last_seen":"TIME",`
	flags := `"can_add_server":true,"can_add_view":true,"can_add_zone":true,"can_edit_bind_conf":true,`
	empty := `"chinese_name":"","cellphone":"","position":"","location":"",`
	s.expect(body(s.do("GET", path, nil)), 200, head+empty+times+flags+`"roles":[]}`)

	s.ok("PUT", path, m{"role_ids": []any{"3", 1}, "position": "python工程师", "chinese_name": "王大锤", "cellphone": "18666666666", "location": "comment"})
	full := `"chinese_name":"王大锤","cellphone":"18666666666","position":"python工程师","location":"comment",`
	roles := `"roles":[{"id":1,"name":"admin"},{"id":3,"name":"server_guest"}]}`
	s.expect(body(s.do("GET", path, nil)), 200, head+full+times+flags+roles)
	row := head + full + times + roles
	for _, filter := range []string{"id=" + id, "username=SER12", "email=USER123@ex", "chinese_name=王大锤", "cellphone=18666666666&email=user"} {
		s.expect(body(s.do("GET", "/admin/users?"+filter, nil)), 200, `{"total":1,"users":[`+row+`],"current_page":1}`)
	}
	for _, filter := range []string{"chinese_name=王", "cellphone=1866", "email=nobody"} {
		s.expect(s.do("GET", "/admin/users?"+filter, nil), 200, `{"total":0,"users":[],"current_page":1}`)
	}
	s.expect(body(s.do("GET", "/admin/users?email=e&pageSize=1&currentPage=2", nil)), 200, `{"total":1,"users":[],"current_page":2}`)

	token := s.login("user123", "secret")
	s.ok("PUT", path, m{"cellphone": "1", "chinese_name": ""}, as(token)) // as admin, to themselves
	s.expect(body(s.do("GET", path, nil, as(token))), 200, head+strings.Replace(full, "18666666666", "1", 1)+times+flags+roles)
	s.ok("PUT", path, m{"role_ids": []int{}})
	token = s.login("user123", "secret")
	none := strings.ReplaceAll(flags, "true", "false")
	s.expect(body(s.do("GET", path, nil, as(token))), 200, head+strings.Replace(full, "18666666666", "1", 1)+times+none+`"roles":[]}`)

	s.refused("PUT", path, m{"role_ids": []int{99}}, 400)
	s.refused("PUT", path, m{"role_ids": "x"}, 400)
	s.refused("PUT", path, m{"cellphone": 1}, 400)
	s.ok("PUT", path, m{})
	s.ok("DELETE", path, nil)
	s.expect(s.do("GET", "/dns/views", nil, as(token)), 403, bodyTokenInvalid)
	s.missing("/admin/users/", "User", m{"role_ids": []int{1}})
	s.expect(s.do("GET", path, nil), 404, failedWith("User "+id+" 不存在！"))
	s.made("/auth/register_local", registration("user123")) // the name is free again
}

// refused sends a write that must be refused, with a text and without an event.
func (s *stack) refused(method, path string, body any, status int, options ...func(*http.Request)) reply {
	s.t.Helper()
	before := s.position()
	got := s.do(method, path, body, options...)
	if got.status != status || len(got.body) < len(`{"message":""}`) || s.position() != before {
		s.t.Errorf("%s %s %v: %d %s", method, path, body, got.status, got.body)
	}
	return got
}
