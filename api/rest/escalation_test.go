package rest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// TestEscalation: nobody gets more than an admin gave them. Its parts share a
// stack with two zones of the admin: 1, hidden.com, with record 1, and server 1.
func TestEscalation(t *testing.T) {
	t.Parallel()
	changes := &somewhere{}
	s := newStack(t, func(c *config) { c.Changes = changes })
	s.ok("POST", "/dns/servers", aServer("1"))
	s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "hidden.com", "zone_type": "master", "view_ids": []int{1}})
	s.ok("POST", "/dns/records", aRecord(1, "www", "10.0.0.1"))
	t.Run("failure", func(t *testing.T) {
		changes.failed = 1
		defer func() { changes.failed = 0 }()
		s.in(t).hiddenFailures()
	})
	for name, part := range map[string]func(*stack){
		"grant":     (*stack).nobodyGrantsThemselves,
		"built-ins": (*stack).builtinsStay,
		"hidden":    (*stack).hiddenStaysHidden,
		"probing":   (*stack).nothingToProbe,
		"numbers":   (*stack).numbersDecide,
		"record":    (*stack).oneRecord,
		"creator":   (*stack).creators,
		"revoked":   (*stack).revokedAtOnce,
		"password":  (*stack).ownPassword,
	} {
		t.Run(name, func(t *testing.T) { part(s.in(t)) })
	}
}

// forbidden checks a refusal that names the missing right, after which the log is as it was.
func (s *stack) forbidden(token, method, path string, body any, right string, options ...func(*http.Request)) {
	s.t.Helper()
	got := s.refused(method, path, body, 403, append(options, as(token))...)
	if want := `{"message":"无权限！缺少权限：` + right + `"}`; got.body != want {
		s.t.Errorf("%s %s: %s, want %s", method, path, got.body, want)
	}
}

func (s *stack) nobodyGrantsThemselves() {
	s.ok("POST", "/auth/register_local", changed(changed(registration("climber"), "role_ids", []int{1}), "roles", []int{1}), with("Authorization", s.admin))
	token := s.login("climber", "secret")
	me := "/admin/users/" + strconv.FormatInt(s.whoami(token), 10)
	role := s.role("climbers", 2)
	privilege := s.made("/admin/privileges", m{"name": "climbing"})
	s.ok("PUT", me, m{"role_ids": []int64{role}})
	token = s.login("climber", "secret")
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"PUT", me, m{"role_ids": []int{1}}},
		{"PUT", me, m{"cellphone": "1"}},
		{"DELETE", "/admin/users/1", nil},
		{"PUT", "/admin/users/1", m{"role_ids": []int{}}},
		{"POST", "/admin/roles", m{"name": "mine", "privilege_ids": []int{1}}},
		{"PUT", fmt.Sprint("/admin/roles/", role), m{"name": "climbers", "privilege_ids": []int{1, 2, 3, 4}}},
		{"DELETE", fmt.Sprint("/admin/roles/", role), nil},
		{"POST", "/admin/privileges", m{"name": "mine", "resource_type": 2, "resource_id": 1}},
		{"PUT", privilege, m{"name": "climbing", "resource_type": 2, "resource_id": 1}},
		{"DELETE", privilege, nil},
		{"PUT", "/v1/users/1/password", m{"password": "mine now"}},
		{"POST", strings.Replace(me, "/admin", "/v1", 1) + "/ldap-link", nil},
		{"GET", "/admin/users/1", nil},
		{"GET", "/admin/users/999999", nil}, // no hint which there are
		{"GET", "/admin/users/x", nil},
		{"PUT", "/admin/users/999999", m{}},
		{"GET", "/admin/roles/999999", nil},
		{"GET", "/admin/privileges/x", nil},
	} {
		s.forbidden(token, c.method, c.path, c.body, "admin")
	}
	if got := s.do("GET", me, nil, as(token)); got.status != 200 || !strings.Contains(got.body, `"can_add_zone":true,"can_edit_bind_conf":false`) {
		s.t.Errorf("%d %s", got.status, got.body)
	}
}

// whoami is the id of a token's user.
func (s *stack) whoami(token string) int64 {
	s.t.Helper()
	parts := strings.Split(s.claimsOf(token).ID, ".")
	id, err := strconv.ParseInt(parts[0], 10, 64)
	must(s.t, err)
	return id
}

func (s *stack) builtinsStay() {
	for id := 1; id <= 7; id++ {
		path := fmt.Sprint("/admin/roles/", id)
		s.refused("DELETE", path, nil, 400)
		s.refused("PUT", path, m{"name": "renamed", "privilege_ids": []int{1}}, 400)
	}
	for id := 1; id <= 4; id++ {
		path := fmt.Sprint("/admin/privileges/", id)
		s.refused("DELETE", path, nil, 400)
		s.refused("PUT", path, m{"name": "BIND_CONF_EDIT", "comment": "x"}, 400)
	}
	s.refused("PUT", "/admin/roles/1", m{"name": "admin", "privilege_ids": []int{}}, 400)
	s.refused("PUT", "/admin/users/1", m{"role_ids": []int{2}}, 400) // the last admin
	s.refused("DELETE", "/admin/users/1", nil, 400)
	for _, name := range []string{"ZONE#hidden.com#ACCESS", "ZONE#other.com#DELETE", "SERVER_ADD"} {
		s.refused("POST", "/admin/privileges", m{"name": name, "operation": 0, "resource_type": 2, "resource_id": 1}, 400)
	}
}

// hiddenStaysHidden: what a list hides is out of reach by id, by record, by
// batch, by the operation log and by the state of a change.
func (s *stack) hiddenStaysHidden() {
	for _, token := range []string{s.member("blind"), s.member("adder", s.role("adders of all", 1, 2, 3))} {
		for list, key := range map[string]string{"/dns/servers": "servers", "/dns/zones": "zones", "/dns/zones?id=1": "zones", "/dns/zones?name=hidden": "zones", "/dns/servers?host=s1": "servers"} {
			s.expect(s.do("GET", list, nil, as(token)), 200, `{"total":0,"`+key+`":[],"current_page":1}`)
		}
		s.forbidden(token, "GET", "/dns/servers/1", nil, "SERVER#1#ACCESS")
		s.forbidden(token, "GET", "/dns/zones/1", nil, "ZONE#1#ACCESS")
		s.forbidden(token, "GET", "/dns/records/1", nil, "ZONE#1#ACCESS")
		s.forbidden(token, "GET", "/dns/records?zone_id=1", nil, "ZONE#1#ACCESS")
		s.forbidden(token, "GET", "/dns/records?zone_id=1&id=1&host=www", nil, "ZONE#1#ACCESS")
		s.forbidden(token, "PUT", "/dns/records/1", aRecord(1, "www", "10.0.0.2"), "ZONE#1#UPDATE")
		s.forbidden(token, "DELETE", "/dns/records/1", nil, "ZONE#1#UPDATE")
		s.forbidden(token, "POST", "/dns/records", aRecord(1, "w2", "10.0.0.2"), "ZONE#1#UPDATE")
		s.forbidden(token, "PUT", "/dns/zones/1", m{"name": "mine.com", "zone_type": "master", "view_ids": []int{1}}, "ZONE#1#UPDATE")
		s.forbidden(token, "DELETE", "/dns/zones/1", nil, "ZONE#1#DELETE")
		s.forbidden(token, "PUT", "/dns/servers/1", aServer("2"), "SERVER#1#UPDATE")
		for _, query := range []string{"", "?target_type=Zone", "?target_id=1&target_type=Record", "?operator=admin&target_name=hidden.com", "?target_type=User", "?target_type=Role", "?target_type=BindConf"} {
			if got := s.do("GET", "/dns/oplogs"+query, nil, as(token)); strings.Contains(got.body, "hidden.com") || strings.Contains(got.body, "www") || strings.Contains(got.body, `"User"`) || strings.Contains(got.body, `"Server"`) {
				s.t.Errorf("oplogs%s: %s", query, got.body)
			}
		}
		got := s.do("POST", pathBatch, operations(operation("PUT", "/dns/records/1", aRecord(1, "www", "10.0.0.2")), operation("DELETE", "/dns/zones/1", nil), addRecord(1, "w3", "10.0.0.3")), as(token))
		if got.status != 400 || strings.Count(got.body, `"status":403`) != 3 {
			s.t.Errorf("batch: %d %s", got.status, got.body)
		}
		s.expect(s.do("GET", "/v1/changes/5", nil, as(token)), 200, `{"position":5,"state":"INSYNC","percent":100,"servers":[]}`)
	}
	guest := s.member("seer", 3, 7)
	if got := s.do("GET", "/v1/changes/5", nil, as(guest)); !strings.Contains(got.body, `"server_id":1`) {
		s.t.Errorf("changes: %s", got.body)
	}
	if n := decoded[struct{ Total int }](s, s.do("GET", "/dns/oplogs?target_id=1&target_type=Zone", nil, as(guest))).Total; n != 1 {
		s.t.Errorf("%d entries for who may see the zone", n)
	}
	s.expect(s.do("GET", "/dns/zones?name=hidden", nil, as(guest)), 200, `{"total":1,"zones":[{"id":1,"name":"hidden.com","zone_group":1,"zone_type":"master","forwarders":"","view_name_list":"['v1']","can_update":false,"can_delete":false,"view_ids":[1]}],"current_page":1}`)
}

// hiddenFailures: what named says of a zone is for who may ACCESS it.
func (s *stack) hiddenFailures() {
	for token, says := range map[string]string{
		s.admin: `"zone hidden.com/IN: bad"`, s.member("watching", 3, 7): `"zone hidden.com/IN: bad"`, s.member("watcher", 3): `"ZONE#1"`, s.member("blinder"): `"servers":[]`,
	} {
		if got := s.do("GET", "/v1/changes/5", nil, as(token)); !strings.Contains(got.body, says) || !strings.Contains(got.body, `"FAILED"`) {
			s.t.Errorf("%s, want %s", got.body, says)
		}
	}
}

// nothingToProbe: who lacks the right learns neither the version of a resource
// nor what another did under an Idempotency-Key.
func (s *stack) nothingToProbe() {
	token := s.member("prober")
	tag := s.do("GET", "/dns/zones/1", nil).header.Get("ETag")
	zone := m{"name": "hidden.com", "zone_type": "master", "view_ids": []int{1}}
	for _, version := range []string{tag, `"1"`, "*", `"never"`} {
		s.forbidden(token, "PUT", "/dns/zones/1", zone, "ZONE#1#UPDATE", with("If-Match", version))
		s.forbidden(token, "DELETE", "/dns/records/1", nil, "ZONE#1#UPDATE", with("If-Match", version))
		s.forbidden(token, "PUT", "/admin/users/1", m{"cellphone": "1"}, "admin", with("If-Match", version))
	}
	key := with("Idempotency-Key", "shared")
	first := s.ok("PUT", "/dns/zones/1", zone, key)
	s.forbidden(token, "PUT", "/dns/zones/1", zone, "ZONE#1#UPDATE", key)
	s.header(s.ok("PUT", "/dns/zones/1", zone, key), "Opsledger-Position", first.header.Get("Opsledger-Position"))
	got := s.do("PUT", "/dns/zones/1", zone, key, as(token))
	s.header(got, "Opsledger-Position", "")
	s.header(got, "ETag", "")
}

// revokedAtOnce: what is taken away is gone with the reply that took it.
func (s *stack) revokedAtOnce() {
	role := s.role("short-lived", 2)
	token := s.member("loser", role)
	me := fmt.Sprint("/admin/users/", s.whoami(token))
	zone := func(name string) m { return m{"name": name, "zone_type": "master", "view_ids": []int{1}} }
	key := with("Idempotency-Key", "mine")
	first := s.ok("POST", "/dns/zones", zone("first.com"), as(token), key)
	s.ok("PUT", fmt.Sprint("/admin/roles/", role), m{"name": "short-lived", "privilege_ids": []int{}})
	s.forbidden(token, "POST", "/dns/zones", zone("second.com"), "ZONE_ADD")
	before := s.position()
	again := s.ok("POST", "/dns/zones", zone("first.com"), as(token), key) // a replay does nothing
	s.header(again, "Opsledger-Position", first.header.Get("Opsledger-Position"))
	if s.position() != before {
		s.t.Error("a replay changed something")
	}
	s.ok("PUT", me, m{"role_ids": []int{}})
	s.expect(s.do("GET", "/dns/views", nil, as(token)), 403, bodyTokenInvalid)
	s.expect(s.do("POST", "/dns/zones", zone("first.com"), as(token), key), 403, bodyTokenInvalid)
	token = s.login("loser", "secret")
	s.ok("DELETE", me, nil)
	s.expect(s.do("GET", "/dns/views", nil, as(token)), 403, bodyTokenInvalid)
	// Who takes the name over gets nothing of it.
	heir := s.member("loser")
	s.forbidden(heir, "GET", first.header.Get("Location"), nil, "ZONE#"+idIn(first.header.Get("Location"))+"#ACCESS")
	s.expect(s.do("GET", "/dns/views", nil, as(token)), 403, bodyTokenInvalid)
}
