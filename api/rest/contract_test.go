package rest

import (
	"regexp"
	"testing"
)

// TestContract walks through every route but those of /auth and compares the
// replies, byte for byte, with the forms that the document prints.
func TestContract(t *testing.T) {
	t.Parallel()
	servers := &somewhere{}
	s := newStack(t, func(c *config) { c.Changes = servers })

	s.contractServers()
	s.contractViews()
	s.contractZones()
	s.contractRecords()
	s.contractOplogs()
	s.contractChanges(servers)
	s.operation()
}

func (s *stack) contractServers() {
	s.t.Helper()
	created := s.ok("POST", "/dns/servers", aServer("1"))
	s.header(created, "Location", "/dns/servers/1")
	s.ok("POST", "/dns/servers", changed(changed(aServer("2"), "dns_server_type", "salve"), "ip", "2001:db8::2"))
	s.ok("POST", "/dns/servers", changed(aServer("3"), "dns_server_type", nil))

	one := `{"id":1,"host":"s1","ip":"10.0.0.1","env":"dev","dns_server_type":"master","zb_process_itemid":"111","zb_port_itemid":"112","zb_resolve_itemid":"113","zb_resolve_rate_itemid":"114","can_update":true,"can_delete":true}`
	two := `{"id":2,"host":"s2","ip":"2001:db8::2","env":"dev","dns_server_type":"salve","zb_process_itemid":"111","zb_port_itemid":"112","zb_resolve_itemid":"113","zb_resolve_rate_itemid":"114","can_update":true,"can_delete":true}`
	s.expect(s.do("GET", "/dns/servers/1", nil), 200, one)
	s.expect(s.do("GET", "/dns/servers?dns_server_type=salve", nil), 200, `{"total":1,"servers":[`+two+`],"current_page":1}`)
	s.expect(s.do("GET", "/dns/servers?currentPage=2&pageSize=1", nil), 200, `{"total":3,"servers":[`+two+`],"current_page":2}`)
	s.expect(s.do("GET", "/dns/servers?currentPage=9000000000000000000&pageSize=99999", nil), 200, `{"total":3,"servers":[],"current_page":9000000000000000000}`)
	s.expect(s.do("GET", "/dns/servers?id=1&host=S&ip=0.0&env=de&currentPage=", nil), 200, `{"total":1,"servers":[`+one+`],"current_page":1}`)

	s.expect(s.do("POST", "/dns/servers", aServer("1")), 400, failedWith("创建失败! 重复的Server，相同Host或IP地址已存在！"))
	s.expect(s.do("PUT", "/dns/servers/3", aServer("1")), 400, failedWith("修改失败! 重复的Server，相同Host或IP地址已存在！"))
	s.ok("PUT", "/dns/servers/3", changed(changed(aServer("3"), "env", "prd"), "dns_server_type", nil))
	s.ok("DELETE", "/dns/servers/3", nil)
	s.missing("/dns/servers/", "Server", aServer("9"))
}

func (s *stack) contractViews() {
	s.t.Helper()
	for _, name := range []string{"wqerqwer", "vvvv111111111", "jtest", "unused"} {
		s.ok("POST", "/dns/views", m{"name": name, "acl": "0.0.0.0\n1.1.1.1"})
	}
	one := `{"id":1,"name":"wqerqwer","acl":"0.0.0.0\n1.1.1.1","can_update":true,"can_delete":true}`
	s.expect(s.do("GET", "/dns/views/1", nil), 200, one)
	s.expect(s.do("GET", "/dns/views?name=erq", nil), 200, `{"total":1,"views":[`+one+`],"current_page":1}`)
	s.expect(s.do("POST", "/dns/views", m{"name": "jtest", "acl": "any"}), 400, failedWith("重复的View，相同的名字的View已存在！"))
	s.ok("PUT", "/dns/views/4", m{"name": "unused", "acl": "any"})
	s.ok("DELETE", "/dns/views/4", nil)
	s.missing("/dns/views/", "View", m{"name": "v9", "acl": "any"})
}

func (s *stack) contractZones() {
	s.t.Helper()
	s.header(s.ok("POST", "/dns/zones", m{"name": "xx1.com", "zone_group": 1, "zone_type": "master", "view_ids": []int{1, 2, 3}}), "Location", "/dns/zones/1")
	s.ok("POST", "/dns/zones", m{"name": "xxx123.com", "zone_group": "2", "zone_type": "forward only", "forwarders": "0.0.0.0\n1.1.1.1", "view_ids": []any{"3", 1}})
	s.ok("POST", "/dns/zones", m{"name": "outside.com", "zone_group": 0, "zone_type": "master", "forwarders": "", "view_ids": ""})
	s.ok("POST", "/dns/zones", m{"name": "gone.com", "zone_type": "master", "view_ids": []int{1}})

	one := `{"id":1,"name":"xx1.com","zone_group":1,"zone_type":"master","forwarders":"","view_name_list":"['wqerqwer', 'vvvv111111111', 'jtest']","can_update":true,"can_delete":true,"view_ids":[1,2,3]}`
	two := `{"id":2,"name":"xxx123.com","zone_group":2,"zone_type":"forward only","forwarders":"0.0.0.0; 1.1.1.1;","view_name_list":"['wqerqwer', 'jtest']","can_update":true,"can_delete":true,"view_ids":[1,3]}`
	three := `{"id":3,"name":"outside.com","zone_group":0,"zone_type":"master","forwarders":"","view_name_list":"[]","can_update":true,"can_delete":true,"view_ids":[]}`
	s.expect(s.do("GET", "/dns/zones/1", nil), 200, one)
	s.expect(s.do("GET", "/dns/zones/2", nil), 200, two)
	s.expect(s.do("GET", "/dns/zones?zone_group=0", nil), 200, `{"total":1,"zones":[`+three+`],"current_page":1}`)
	s.expect(s.do("GET", "/dns/zones?name=xx&pageSize=5", nil), 200, `{"total":2,"zones":[`+two+","+one+`],"current_page":1}`)

	s.expect(s.do("POST", "/dns/zones", m{"name": "XX1.com.", "zone_group": 2, "zone_type": "master", "view_ids": []int{1}}), 400,
		failedWith("重复的Zone！相同名字的Zone，每种类型域名下只能存在一个！"))
	refused := s.do("DELETE", "/dns/views/1", nil)
	if want := "当前View还与Zone有关联，请先解除关联，再进行删除操作！"; refused.status != 400 || !regexp.MustCompile(want).MatchString(refused.body) {
		s.t.Errorf("%d %s", refused.status, refused.body)
	}
	s.ok("DELETE", "/dns/zones/4", nil)
	s.missing("/dns/zones/", "Zone", m{"name": "z9.com", "zone_type": "master", "view_ids": []int{1}})
}

func (s *stack) contractRecords() {
	s.t.Helper()
	record := m{"host": "www", "record_type": "A", "ttl": "600", "value": "10.0.0.1", "view_name": "jtest", "comment": "c", "zone_id": 1}
	s.header(s.ok("POST", "/dns/records", record), "Location", "/dns/records/1")
	s.ok("POST", "/dns/records", m{"host": "alias", "record_type": "CNAME", "ttl": 1800, "value": "0.0.0.0", "view_name": "wqerqwer", "comment": "", "zone_id": "1"})
	s.ok("POST", "/dns/records", m{"host": "@", "value": "10.0.0.9", "view_name": "jtest", "zone_id": 1})

	one := `{"id":1,"host":"www","record_type":"A","ttl":"600","value":"10.0.0.1","view_name":"jtest","comment":"c","zone_id":1,"can_update":true,"can_delete":true}`
	two := `{"id":2,"host":"alias","record_type":"CNAME","ttl":"1800","value":"0.0.0.0","view_name":"wqerqwer","comment":"","zone_id":1,"can_update":true,"can_delete":true}`
	s.expect(s.do("GET", "/dns/records/1", nil), 200, one)
	s.expect(s.do("GET", "/dns/records?zone_id=1&ttl=1800", nil), 200, `{"total":1,"records":[`+two+`],"current_page":1}`)
	s.expect(s.do("GET", "/dns/records?host=ww&value=10.0&view_name=jtest&record_type=a", nil), 200, `{"total":1,"records":[`+one+`],"current_page":1}`)
	s.expect(s.do("GET", "/dns/records?zone_id=99", nil), 400, failedWith("当前Zone不存在，请检查zone_id是否正确！"))
	s.expect(s.do("POST", "/dns/records", changed(record, "zone_id", 99)), 400, failedWith("当前Zone不存在，请检查zone_id是否正确！"))

	s.ok("PUT", "/dns/records/1", changed(changed(record, "ttl", nil), "comment", ""))
	s.expect(s.do("GET", "/dns/records/1", nil), 200, `{"id":1,"host":"www","record_type":"A","ttl":"600","value":"10.0.0.1","view_name":"jtest","comment":"","zone_id":1,"can_update":true,"can_delete":true}`)
	s.ok("DELETE", "/dns/records/3", nil)
	s.missing("/dns/records/", "Record", record)
}

var clock = regexp.MustCompile(`"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"`)

func (s *stack) contractOplogs() {
	s.t.Helper()
	got := s.do("GET", "/dns/oplogs?target_type=View&operation_type=修改&operator=admin&target_name=unused&target_id=4", nil)
	got.body = regexp.MustCompile(`"(id|position)":\d+`).ReplaceAllString(clock.ReplaceAllString(got.body, `"TIME"`), `"$1":0`)
	got.body = regexp.MustCompile(`"target_after":"id: 4\\nView名称: [^"]+"`).ReplaceAllString(got.body, `"target_after":"AFTER"`)
	s.expect(s.do("GET", "/dns/oplogs?target_name=unus", nil), 200, `{"total":0,"operation_logs":[],"current_page":1}`)
	s.expect(got, 200, `{"total":1,"operation_logs":[{"id":0,"operation_time":"TIME","operation_type":"修改","operator":"admin","target_type":"View","target_name":"unused","target_id":"4","target_detail":"修改前：\nid: 4\nView名称: unused\nACL: 0.0.0.0\n1.1.1.1\n","zone_id":null,"target_zone":"","target_after":"AFTER","position":0,"credential":null,"door":"dns"}],"current_page":1}`)
}

// missing checks that an unknown id is 404 on every verb, however bad the body.
func (s *stack) missing(path, kind string, body m) {
	s.t.Helper()
	for _, id := range []string{"999", "0", "-1", "99999999999999999999999"} {
		want := failedWith(kind + " " + id + " 不存在！")
		s.expect(s.do("GET", path+id, nil), 404, want)
		s.expect(s.do("PUT", path+id, body), 404, want)
		s.expect(s.do("PUT", path+id, m{}), 404, want)
		s.expect(s.do("DELETE", path+id, nil), 404, want)
	}
	for _, id := range []string{"x", "1.0", "+1", "1e3", "%00"} {
		s.expect(s.do("GET", path+id, nil), 400, failedWith("id: 必须是整数！"))
		s.expect(s.do("DELETE", path+id, nil), 400, failedWith("id: 必须是整数！"))
	}
}

func (s *stack) header(got reply, name, want string) {
	s.t.Helper()
	if value := got.header.Get(name); value != want {
		s.t.Errorf("%s is %q, want %q", name, value, want)
	}
}
