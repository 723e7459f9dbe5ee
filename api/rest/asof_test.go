package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
)

// asOf is a reply on the past, which must be one on the position.
func (s *stack) asOf(path string, asked any, position int64) reply {
	s.t.Helper()
	joint := "?"
	if strings.Contains(path, joint) {
		joint = "&"
	}
	got := s.do("GET", path+joint+"as_of="+url.QueryEscape(fmt.Sprint(asked)), nil)
	if got.status != http.StatusOK || got.header.Get("Opsledger-As-Of") != strconv.FormatInt(position, 10) {
		s.t.Fatalf("%s as of %v: %d %s, of position %q", path, asked, got.status, got.body, got.header.Get("Opsledger-As-Of"))
	}
	if got.header.Get("ETag") != "" {
		s.t.Errorf("%s as of %v has an ETag", path, asked)
	}
	return got
}

func inOffice(host string) m {
	return m{"zone_id": 1, "view_name": "office", "host": host, "record_type": "A", "ttl": 60, "value": "192.0.2.1", "comment": "c"}
}

// atOf is when something was asked for.
var atOf = regexp.MustCompile(`"at":"[^"]*"`)

// lastLogin has no past.
var lastLogin = regexp.MustCompile(`"last_seen":"[^"]*"`)

// A state that was read is read again as of its position, when all of it is gone: the lists, the
// single resources, the zone's file with its serial, the search, the operation log.
func TestAsOf(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office", "lab")
	for n := range 3 {
		s.ok("POST", "/dns/records", inOffice(fmt.Sprint("h", n)))
	}
	s.ok("PUT", "/v1/zones/1/settings", m{"soa": m{"mname": "ns.example.net."}})
	s.ok("PUT", "/v1/fleet", m{"ns": []string{"ns1.example.net."}})
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.ok("POST", "/admin/roles", m{"name": "some", "privilege_ids": []int{}})
	paths := []string{
		"/dns/servers", "/dns/servers/1", "/dns/views", "/dns/views/1", "/dns/zones", "/dns/zones/1", "/dns/zones?name=example",
		"/dns/records?zone_id=1", "/dns/records?zone_id=1&host=h1", "/dns/records/1", "/dns/records?zone_id=1&pageSize=1&currentPage=2", "/dns/bind_conf",
		"/dns/oplogs", "/dns/oplogs?target_type=Zone", "/admin/users", "/admin/users/1", "/admin/roles", "/admin/privileges", "/admin/privileges?resource_type=2",
		pathUser, pathUser + "?username=admin", "/v1/zones/1/settings", "/v1/zones/1/export?view=office", "/v1/zones/1/export?view=lab",
		"/v1/views/order", "/v1/fleet", "/v1/search?q=example", "/v1/search?q=h1.exam",
	}
	read := func(path string) string { return s.do("GET", path, nil).body }
	was, at := map[string]string{}, s.end()
	for _, path := range paths {
		was[path] = lastLogin.ReplaceAllString(read(path), `"last_seen":null`)
	}
	s.awaitLog()
	for _, path := range paths {
		s.expect(s.asOf(path, at, at), 200, was[path])
	}

	changed := inOffice("other")
	changed["value"] = "192.0.2.77"
	s.ok("PUT", "/dns/records/1", changed)
	s.ok("DELETE", "/dns/records/2", nil)
	s.ok("PUT", "/dns/zones/1", m{"name": "example.org", "zone_type": "master", "view_ids": []int{2}})
	s.ok("PUT", "/dns/views/2", m{"name": "renamed", "acl": "any"})
	s.ok("DELETE", "/dns/zones/1", nil)
	s.ok("DELETE", "/dns/views/1", nil)
	s.ok("PUT", "/dns/servers/1", aServer("2"))
	s.ok("DELETE", "/dns/servers/1", nil)
	s.ok("PUT", "/v1/fleet", m{"ns": []string{"ns2.example.net."}})
	s.opsDo("DELETE", pathMachine+"?machine_name=web01", nil)
	for _, path := range paths {
		got := s.asOf(path, at, at)
		if got.status != 200 || mayNow.Replace(got.body) != mayNow.Replace(was[path]) {
			t.Errorf("%s: %d %s, want %s", path, got.status, got.body, was[path])
		}
	}
	for _, path := range []string{"/dns/servers/1", "/dns/views/1", "/dns/zones/1", "/dns/records/1", "/dns/records?zone_id=1"} {
		if got := s.asOf(path, at, at).body; strings.Contains(got, `"can_update":true`) || strings.Contains(got, `"can_delete":true`) {
			t.Errorf("%s: something may be done to what is gone: %s", path, got)
		}
	}
	machine := s.asOf(pathMachine+"?machine_name=web01", at, at).body
	if !strings.Contains(machine, `"machine_name":"web01"`) || !strings.Contains(machine, `"online":null,"last_seen":null`) {
		t.Errorf("machine of the past: %s", machine)
	}
}

// What as_of may be: a position, that of a change's end if it lies inside one, or a time.
func TestAsOfWhat(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	before := s.end()
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	one := s.end()
	s.awaitLog()
	got := s.do("POST", "/v1/batch", operations(
		operation("POST", "/dns/views", m{"name": "a", "acl": "any"}), operation("POST", "/dns/views", m{"name": "b", "acl": "any"}),
	))
	if got.status != http.StatusOK || s.end() != one+2 {
		t.Fatal(got.status, got.body, s.end())
	}
	views := func(asked any, position int64) int {
		t.Helper()
		return strings.Count(s.asOf("/dns/views", asked, position).body, `"acl"`)
	}
	for asked, want := range map[int64]int{before: 0, one: 1, one + 1: 1, one + 2: 3, 0: 0} {
		taken := asked
		if asked == one+1 {
			taken = one
		}
		if n := views(asked, taken); n != want {
			t.Errorf("as of %d there are %d views, want %d", asked, n, want)
		}
	}
	events, err := s.store.Read(t.Context(), 0, 1000)
	must(t, err)
	last := events[len(events)-1]
	for _, c := range []struct {
		at   time.Time
		want int64
	}{{events[one-1].RecordedAt, one}, {last.RecordedAt, one + 2}, {time.Now().Add(30 * time.Second), one + 2}, {events[0].RecordedAt.Add(-time.Hour), 0}} {
		if events[one-1].RecordedAt.Equal(last.RecordedAt) {
			continue // whose end that time is, too
		}
		views(c.at.UTC().Format(time.RFC3339Nano), c.want)
	}
	head := s.do("GET", "/dns/views?as_of=", nil)
	if head.status != http.StatusOK || head.header.Get("Opsledger-As-Of") != "" {
		t.Errorf("an empty as_of is not absent: %d %s", head.status, head.body)
	}
	for _, asked := range []string{fmt.Sprint(one + 3), "-1", "99999999999999999999", "yesterday", "2026-13-01T00:00:00Z", time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "1&as_of=2"} {
		for _, path := range []string{"/dns/views", "/v1/fleet", pathMachine} {
			got := s.do("GET", path+"?as_of="+asked, nil)
			status := http.StatusBadRequest
			if path == pathMachine {
				status = http.StatusOK
			}
			if got.status != status || got.header.Get("Opsledger-Field") != "as_of" || path == pathMachine && !strings.HasPrefix(got.body, `{"ok":false`) {
				t.Errorf("%s as of %s: %d %s", path, asked, got.status, got.body)
			}
		}
	}
}

// A route that is not marked for it refuses as_of by name: what it shows is of the present.
func TestNoPast(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	paths := strings.NewReplacer(":id", "1", ":position", "1", ":name", "web01")
	n := 0
	for _, r := range Routes(&api.Kernel{}, Config{}) {
		if r.Method != http.MethodGet || slices.Contains(r.Query, "as_of") {
			continue
		}
		n++
		got := s.do("GET", paths.Replace(r.Path)+"?as_of=1", nil)
		if got.header.Get("Opsledger-Field") != "as_of" || got.header.Get("Opsledger-As-Of") != "" {
			t.Errorf("%s: %d %s", r.Path, got.status, got.body)
		}
	}
	if n < 5 {
		t.Errorf("%d routes have no past", n)
	}
	for path, status := range map[string]int{ // of queries that cannot be parsed
		"/healthz?a;b": http.StatusOK, "/healthz?x=%zz": http.StatusOK, "/v1/fleet?a;b": http.StatusOK,
		"/v1/events?x=%zz": http.StatusBadRequest, "/dns/views?x=%zz": http.StatusBadRequest, "/dns/views?as_of=%zz": http.StatusBadRequest,
	} {
		if got := s.do("GET", path, nil); got.status != status || got.header.Get("Opsledger-Field") == "as_of" || got.header.Get("Opsledger-As-Of") != "" {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for _, query := range []string{"as_of=%zz", "x=%zz&as_of=1", "%61s_of=1;b", "b;as_of"} {
		if got := s.do("GET", "/healthz?"+query, nil); got.status != http.StatusBadRequest || got.header.Get("Opsledger-Field") != "as_of" {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

// A name is free again when its user is gone. Whoever has it then, and may not see other users,
// sees by it themselves alone, in the past as well; who may, sees by it who had it then.
func TestNameThatWasAnothers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathUser, act("add", aUser("victim")))
	first := s.end()
	s.opsDo("DELETE", pathUser+"?username=victim", nil)
	s.opsDo("POST", pathUser, act("add", changed(changed(aUser("victim"), "department", "heirs"), "permissions", "8")))
	second := s.end()
	heir := as(s.login("victim", "123456"))
	for path, own := range map[string]string{pathUser: `"department":"heirs"`, pathPermission: `"permission_code":8}],"count":1`} {
		ask := func(name string, at int64, options ...func(*http.Request)) reply {
			return s.do("GET", fmt.Sprintf("%s?username=%s&as_of=%d", path, name, at), nil, options...)
		}
		s.expect(ask("victim", first, heir), 200, notOK("用户victim不存在！"))
		if got := ask("VICTIM", second, heir); got.status != http.StatusOK || !strings.Contains(got.body, own) {
			t.Errorf("%s of oneself: %d %s", path, got.status, got.body)
		}
		if got := ask("admin", second, heir); got.status != http.StatusForbidden {
			t.Errorf("%s of another: %d %s", path, got.status, got.body)
		}
		for at, whose := range map[int64]bool{first: false, second: true} {
			got := ask("victim", at)
			if got.status != http.StatusOK || !strings.HasPrefix(got.body, `{"ok":true`) || strings.Contains(got.body, own) != whose {
				t.Errorf("%s as of %d: %d %s", path, at, got.status, got.body)
			}
		}
	}
}

// One user cannot have all places of lists of the past, which count what they have found.
func TestPastOfOneUser(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	other := as(s.member("other"))
	s.awaitLog()
	at := s.end()
	// No zone of the past is read while somebody else holds the table.
	held, err := s.pool.Begin(t.Context())
	must(t, err)
	_, err = held.Exec(t.Context(), "LOCK TABLE dns.zones_past")
	must(t, err)
	var waiting sync.WaitGroup
	refused := make(chan reply, 24)
	for range cap(refused) {
		waiting.Go(func() {
			switch got := s.do("GET", fmt.Sprint("/dns/zones?as_of=", at), nil); got.status {
			case http.StatusTooManyRequests:
				refused <- got
			case http.StatusOK:
			default:
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	for range cap(refused) - 18 {
		s.refusedForMany(<-refused, message("对历史列表的请求过多：每个用户同时最多18个，请等待其中一个结束后重试！"))
	}
	s.asOf("/v1/fleet", at, at) // which counts nothing
	if got := s.do("GET", fmt.Sprint("/dns/views?as_of=", at), nil, other); got.status != http.StatusOK {
		t.Errorf("another user's list: %d %s", got.status, got.body)
	}
	must(t, held.Rollback(t.Context()))
	waiting.Wait()
	if len(refused) > 0 {
		t.Errorf("%d more were refused", len(refused))
	}
}

// Who may not ACCESS what is gone sees nothing of it in the past; its creator does.
func TestRightsInThePast(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	withZone(s, "office")
	s.ok("POST", "/dns/records", inOffice("h"))
	at := s.end()
	holder := s.member("holder", s.role("reader", s.privilege(1, 0)))
	stranger, keeper := s.member("stranger"), s.member("keeper", 7)
	see := func(token string) (zones, records bool) {
		t.Helper()
		list := s.do("GET", fmt.Sprint("/dns/zones?as_of=", at), nil, with("Authorization", token))
		rows := s.do("GET", fmt.Sprint("/dns/records?zone_id=1&as_of=", at), nil, with("Authorization", token))
		one := s.do("GET", fmt.Sprint("/dns/zones/1?as_of=", at), nil, with("Authorization", token))
		if (one.status == http.StatusOK) != strings.Contains(list.body, "example.org") {
			t.Errorf("the list and the zone disagree: %s, %d %s", list.body, one.status, one.body)
		}
		return one.status == http.StatusOK, rows.status == http.StatusOK && strings.Contains(rows.body, `"host":"h"`)
	}
	expect := func(who, token string, want bool) {
		t.Helper()
		if zones, records := see(token); zones != want || records != want {
			t.Errorf("%s sees the zone: %v, its records: %v, want %v", who, zones, records, want)
		}
	}
	for who, token := range map[string]string{"holder": holder, "keeper": keeper} {
		expect(who, token, true)
	}
	expect("stranger", stranger, false)
	s.ok("DELETE", "/dns/zones/1", nil)
	s.awaitLog()
	expect("keeper of all zones, of one that is gone", keeper, true)
	expect("holder, of one that is gone", holder, false)
	expect("stranger, of one that is gone", stranger, false)
}
