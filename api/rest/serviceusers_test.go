package rest

import (
	"strconv"
	"strings"
	"testing"
)

func TestServiceUserOverHTTP(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	got := s.done("POST", "/v1/users", m{"username": "robot", "kind": "service", "role_ids": []int{6}})
	id, err := strconv.Atoi(got.header.Get("Opsledger-Id"))
	must(t, err)
	s.expect(got, 200, `{"message":"OK","id":`+strconv.Itoa(id)+`}`)
	if got := s.do("POST", "/auth/login_local", m{"username": "robot", "password": "secret"}, with("Authorization", "")); got.status != 403 {
		t.Errorf("a service user logs in: %s", got.body)
	}
	s.failsWith(400, "PUT", "/v1/users/"+strconv.Itoa(id)+"/password", m{"password": "secret1"}, "服务用户没有密码")
	s.failsWith(400, "PUT", "/admin/users/"+strconv.Itoa(id), m{"chinese_name": "x"}, "服务用户没有个人资料")
	token := s.credential(m{"user_id": id})
	if got := s.do("GET", "/dns/zones/1", nil, with("Authorization", token)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.do("GET", "/dns/servers", nil, with("Authorization", token)); !strings.Contains(got.body, `"total":0`) {
		t.Errorf("more than the user's rights: %s", got.body)
	}
	if got := s.do("POST", "/dns/views", m{"name": "x", "acl": "any"}, with("Authorization", token)); got.status != 403 {
		t.Errorf("more than the user's rights: %s", got.body)
	}
	s.ok("DELETE", "/admin/users/"+strconv.Itoa(id), nil)
	s.expect(s.do("GET", "/dns/zones/1", nil, with("Authorization", token)), 403, bodyTokenInvalid)
}
