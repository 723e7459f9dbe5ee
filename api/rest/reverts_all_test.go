package rest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// ofEverything are the lists that show all that can be brought back, of all dialects.
var ofEverything = []string{
	"/dns/servers?pageSize=1000", "/dns/views?pageSize=1000", "/dns/zones?pageSize=1000", "/dns/records?pageSize=1000",
	"/dns/bind_conf", "/v1/views/order", "/v1/fleet", "/v1/zones/1/settings", "/v1/zones/2/settings",
	"/admin/roles?pageSize=1000", "/admin/privileges?pageSize=1000", "/admin/users?pageSize=1000",
	pathMachine + "?count=1000", pathTask + "?count=1000", pathUser + "?username=holder", pathSSHKey + "?mode=user&username=holder",
}

// everythingThen is all of it at a position.
func (s *stack) everythingThen(at int64) map[string]string {
	s.t.Helper()
	s.awaitLog()
	bodies := map[string]string{}
	for _, path := range ofEverything {
		got := s.asOfAny(path, at)
		if got.status != 200 && got.status != 404 {
			s.t.Fatalf("%s as of %d: %d %s", path, at, got.status, got.body)
		}
		bodies[path] = mayNow.Replace(got.body)
	}
	return bodies
}

// TestAllIsUndone: whatever happened since a position, in whatever dialect, all is as it was then once
// the changes since are undone, and once that is undone, and so on.
func TestAllIsUndone(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s, random := withZones(t), rand.New(rand.NewPCG(seed, 5))
			s.ok("POST", "/auth/register_local", registration("holder"))
			s.opsDo("POST", pathMachine, act("add", aMachine("web1", 1)))
			for round := range 6 {
				first := s.end()
				for range 14 {
					s.anythingHappens(random)
				}
				last := s.end()
				then := first + random.Int64N(last-first)
				for s.midChange(then) {
					then--
				}
				was, is := s.everythingThen(then), s.everythingThen(last)
				s.undoAllSince(then, was)
				if round%2 == 1 {
					s.undoAllSince(last, is)
					s.undo(at(s.end()))
				}
				if t.Failed() {
					t.FailNow()
				}
			}
		})
	}
}

// midChange says whether a position is inside a change.
func (s *stack) midChange(p int64) bool {
	s.t.Helper()
	events, err := s.store.ReadChange(s.t.Context(), domain.Position(p))
	must(s.t, err)
	return len(events) > 0 && int64(events[0].ChangeEnd()) != p
}

func (s *stack) undoAllSince(then int64, was map[string]string) {
	s.t.Helper()
	var positions []int64
	for p := then + 1; p <= s.end(); p++ {
		positions = append(positions, p)
	}
	if len(positions) == 0 {
		return
	}
	s.undo(m{"positions": positions})
	for path, is := range s.everythingThen(s.end()) {
		if is != was[path] {
			s.t.Errorf("%s as of %d, where %d has been restored, is\n%s\nwas\n%s", path, s.end(), then, is, was[path])
		}
	}
}

// anythingHappens tries something, which may be refused.
func (s *stack) anythingHappens(random *rand.Rand) {
	s.t.Helper()
	n, id := random.IntN(100), 1+random.IntN(3)
	name := fmt.Sprint("n", random.IntN(6))
	server := changed(changed(aServer("1"), "host", name+".example"), "ip", fmt.Sprint("192.0.2.", 1+random.IntN(6)))
	view, zone := m{"name": name, "acl": "any"}, m{"name": name + ".example", "zone_type": "master", "view_ids": [][]int{{1}, {2}, {1, 2}, {1, 3}}[random.IntN(4)]}
	record := m{"zone_id": id, "view_name": []string{"office", "world"}[random.IntN(2)], "host": name, "record_type": "TXT", "value": fmt.Sprint(n)}
	role := m{"name": name, "privilege_ids": []int{1 + random.IntN(4), 5 + random.IntN(30)}}
	privilege := m{"name": "p" + name, "operation": random.IntN(3), "resource_type": random.IntN(3), "resource_id": id}
	custom, manual := 8+random.IntN(3), 5+3*random.IntN(12)
	builtin := changed(role, "name", "zone_guest")
	of := func(list string, id int) string { return fmt.Sprintf("/%s/%d", list, id) }
	tries := []struct {
		method, path string
		body         any
	}{
		{"POST", "/dns/servers", server}, {"PUT", of("dns/servers", id), server}, {"DELETE", of("dns/servers", id), nil},
		{"POST", "/dns/views", view}, {"PUT", of("dns/views", id), view}, {"DELETE", of("dns/views", 1+random.IntN(5)), nil},
		{"POST", "/dns/zones", zone}, {"PUT", of("dns/zones", id), zone}, {"DELETE", of("dns/zones", id), nil}, {"DELETE", of("dns/zones", id), nil},
		{"POST", "/dns/records", record}, {"POST", "/dns/records", record}, {"PUT", of("dns/records", 1+random.IntN(20)), record},
		{"DELETE", of("dns/records", 1+random.IntN(20)), nil}, {"PUT", fmt.Sprintf("/v1/zones/%d/settings", id), m{"soa": m{"refresh": 3600 + n}}},
		{"POST", "/dns/bind_conf", m{"bind_conf": fmt.Sprintf("options { version \"%d\"; };\n", n)}},
		{"PUT", "/v1/views/order", m{"view_ids": [][]int{{1, 2}, {2, 1}, {2, 1, 3}, {3, 1, 2}}[random.IntN(4)]}},
		{"PUT", "/v1/fleet", m{"ns": []string{name + ".example.net."}}},
		{"POST", "/admin/roles", role}, {"PUT", of("admin/roles", custom), role}, {"DELETE", of("admin/roles", custom), nil}, {"PUT", of("admin/roles", 7), builtin},
		{"POST", "/admin/privileges", privilege}, {"PUT", of("admin/privileges", manual), privilege}, {"DELETE", of("admin/privileges", manual), nil},
		{"PUT", "/admin/users/2", m{"role_ids": []int{custom, 7}}}, {"PUT", "/admin/users/2", m{"nickname": name}},
		{"POST", pathUser, act("update", m{"username": "holder", "permissions": []string{"6", "6,8", ""}[random.IntN(3)]})},
		{"POST", pathMachine, act("add", aMachine("web"+name, 1+random.IntN(9)))}, {"POST", pathMachine, act("update", changed(aMachine("web1", 1), "usage", name))},
		{"DELETE", pathMachine + "?machine_name=web" + []string{name, "1"}[random.IntN(2)], nil},
		{"POST", pathTask, act("add", aTask("admin"))}, {"DELETE", pathTask + "?task_id=" + s.anyTask(random), nil},
		{"POST", pathSSHKey, act([]string{"add", "delete"}[random.IntN(2)], m{"username": "holder", "ip": machineIP(1), "system_user": "root"})},
	}
	try := tries[random.IntN(len(tries))]
	if got := s.do(try.method, try.path, try.body); got.status >= 500 {
		s.t.Fatalf("%s %s %v: %d %s", try.method, try.path, try.body, got.status, got.body)
	}
}

// anyTask is the name of a task that there is, if there is one.
func (s *stack) anyTask(random *rand.Rand) string {
	s.t.Helper()
	parts := strings.Split(s.do("GET", pathTask+"?count=1000", nil).body, `"task_id":"`)
	name, _, _ := strings.Cut(parts[random.IntN(len(parts))], `"`)
	return name
}
