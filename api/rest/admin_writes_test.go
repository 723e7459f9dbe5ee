package rest

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/identity"
)

// TestAdminWrites: what is under /admin takes the headers of any other
// resource, and leaves entries in the operation log, for admin alone.
func TestAdminWrites(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.adminVersions()
	s.adminRepeats()
	s.adminOplogs()
	s.unchangedProfile()
	s.largeRole()
}

func (s *stack) adminVersions() {
	s.t.Helper()
	user := s.made("/auth/register_local", registration("versions"))
	for path, body := range map[string]m{
		user: {"cellphone": "1", "role_ids": []int{2}},
		s.made("/admin/roles", m{"name": "versions", "privilege_ids": []int{1}}): {"name": "versions", "privilege_ids": []int{2}},
		s.made("/admin/privileges", m{"name": "versions"}):                       {"name": "versions", "comment": "c"},
		"/admin/roles/7": {"name": "zone_guest", "privilege_ids": []int{}},
	} {
		tag := s.do("GET", path, nil).header.Get("ETag")
		changed := s.ok("PUT", path, body, with("If-Match", tag))
		s.header(s.do("GET", path, nil, with("Opsledger-Min-Position", changed.header.Get("Opsledger-Position"))), "ETag", changed.header.Get("ETag"))
		s.header(changed, "ETag", `"`+changed.header.Get("Opsledger-Position")+`"`)
		s.refused("PUT", path, body, 412, with("If-Match", tag))
		s.refused("DELETE", path, nil, 412, with("If-Match", tag))
	}
	s.header(s.do("GET", "/admin/roles/6", nil), "ETag", `"0"`)
	s.header(s.do("GET", "/admin/privileges/1", nil), "ETag", `"0"`)
	s.login("versions", "secret")
	after := s.do("GET", user, nil)
	s.ok("PUT", user, m{"cellphone": "2"}, with("If-Match", after.header.Get("ETag"))) // a login is no change
	s.expect(s.do("GET", "/admin/users", nil, with("Opsledger-Min-Position", "1000000")), 503, failedWith(textBehind))
}

func (s *stack) adminRepeats() {
	s.t.Helper()
	key, role := with("Idempotency-Key", "role"), m{"name": "repeated", "privilege_ids": []int{3}}
	first := s.ok("POST", "/admin/roles", role, key)
	s.header(s.ok("POST", "/admin/roles", role, key), "Location", first.header.Get("Location"))
	s.refused("POST", "/admin/roles", changed(role, "name", "other"), 409, key)
	user := s.made("/auth/register_local", registration("repeated"))
	password := m{"password": "twice over"}
	s.ok("PUT", passwordOf(user), password, with("Idempotency-Key", "password"))
	before := s.position()
	s.ok("PUT", passwordOf(user), password, with("Idempotency-Key", "password"))
	if s.position() != before {
		s.t.Error("a repeat changed the password again")
	}
	s.ok("DELETE", user, nil, with("Idempotency-Key", "gone"))
	s.ok("DELETE", user, nil, with("Idempotency-Key", "gone"))
	s.refused("DELETE", user, nil, 404)
}

func (s *stack) adminOplogs() {
	s.t.Helper()
	role, privilege := s.made("/admin/roles", m{"name": "logged", "privilege_ids": []int{3}}), s.made("/admin/privileges", m{"name": "logged"})
	s.ok("PUT", role, m{"name": "logged", "privilege_ids": []int{}})
	s.ok("PUT", privilege, m{"name": "logged", "comment": "c"})
	s.ok("DELETE", role, nil)
	s.ok("DELETE", privilege, nil)
	user := s.made("/auth/register_local", registration("logged"))
	s.ok("PUT", user, m{"role_ids": []int{3}, "cellphone": "18666666666"})
	s.ok("DELETE", user, nil)
	for query, want := range map[string]int{
		"target_type=Role&target_name=logged": 3, "target_type=Privilege&target_name=logged": 3,
		"target_type=User&target_name=logged": 4, // profile and roles are two changes
	} {
		got := s.do("GET", "/dns/oplogs?"+query, nil)
		if n := strings.Count(got.body, `"operation_type"`); n != want || strings.Contains(got.body, "1866") || strings.Contains(got.body, "logged@") {
			s.t.Errorf("%s: %d entries, want %d: %s", query, n, want, got.body)
		}
	}
	if got := s.do("GET", "/dns/oplogs?operation_type=添加&operator=admin&target_type=Role&target_id="+idIn(role), nil); !strings.Contains(got.body, `"total":1`) {
		s.t.Errorf("%s", got.body)
	}
}

// unchangedProfile: what says the same is no change, although sealed anew it
// would be another text, and nothing personal is readable in the log.
func (s *stack) unchangedProfile() {
	s.t.Helper()
	user := s.made("/auth/register_local", registration("unchanged"))
	profile := m{"cellphone": "13800138000", "chinese_name": "王大锤", "position": "some position", "location": "some street"}
	s.ok("PUT", user, profile)
	before := s.position()
	s.ok("PUT", user, profile)
	s.ok("PUT", user, m{"cellphone": "", "location": nil})
	if s.position() != before {
		s.t.Error("a profile that says the same is a change")
	}
	log, err := s.store.Read(s.t.Context(), 0, 1000)
	must(s.t, err)
	for _, e := range log {
		for _, text := range []string{"13800138000", "王大锤", "some position", "some street", "unchanged@example.org"} {
			if strings.Contains(string(e.Data), text) {
				s.t.Errorf("%s is in the log: %s", text, e.Data)
			}
		}
	}
	s.refused("PUT", user, m{"cellphone": strings.Repeat("1", identity.MaxProfileText+1)}, 400)
	s.refused("PUT", user, m{"location": "two\nlines"}, 400)
}

// roleBody is what a reply says of a role.
type roleBody struct {
	Privileges []struct{ ID int64 }
}

// largeRole: a role of very many privileges is read and written as one.
func (s *stack) largeRole() {
	s.t.Helper()
	s.ok("POST", "/dns/views", m{"name": "v1", "acl": "any"})
	const zones = 300
	list := make([]m, zones)
	for i := range list {
		list[i] = operation("POST", "/dns/zones", m{"name": "z" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ".com", "zone_type": "master", "view_ids": []int{1}})
	}
	if got := s.do("POST", pathBatch, operations(list...)); got.status != 200 {
		s.t.Fatalf("%d %.300s", got.status, got.body)
	}
	role := s.do("GET", "/admin/roles/6", nil)
	if n := strings.Count(role.body, `"id":`); n != 1+1+3*zones {
		s.t.Errorf("zone_admin: %d ids", n)
	}
	var ids []int64
	for _, p := range decoded[roleBody](s, role).Privileges {
		ids = append(ids, p.ID)
	}
	path := s.made("/admin/roles", m{"name": "large", "privilege_ids": ids})
	if got := decoded[roleBody](s, s.do("GET", path, nil)); len(got.Privileges) != 1+3*zones {
		s.t.Errorf("%d privileges", len(got.Privileges))
	}
}
