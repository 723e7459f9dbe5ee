package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// shownEvent is an event as the API shows it.
type shownEvent struct {
	Position, Change domain.Position
	ID, Type         string
	Schema           int
	Context          string
	Time             time.Time
	Actor            struct {
		ID       int64
		Username string
	}
	Credential *struct {
		ID   int64
		Name string
	}
	Door     *string
	Resource *struct {
		Kind string
		ID   any
		Name *string
	}
	Command string
	Data    map[string]any
}

func (e shownEvent) on() string {
	name := ""
	if e.Resource.Name != nil {
		name = " " + *e.Resource.Name
	}
	return fmt.Sprintf("%s %s:%v%s", e.Type, e.Resource.Kind, e.Resource.ID, name)
}

type eventsPage struct {
	Events []shownEvent
	Next   *string
	Head   domain.Position
}

func (s *stack) events(query string, options ...func(*http.Request)) eventsPage {
	s.t.Helper()
	return decoded[eventsPage](s, s.do("GET", "/v1/events?"+query, nil, options...))
}

// on says what some events are on.
func (p eventsPage) on() (all []string) {
	for _, e := range p.Events {
		all = append(all, e.on())
	}
	return all
}

func (p eventsPage) positions() (all []domain.Position) {
	for _, e := range p.Events {
		all = append(all, e.Position)
	}
	return all
}

func (s *stack) same(got, want any, text string) {
	s.t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		s.t.Errorf("%s:\ngot  %s\nwant %s", text, g, w)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.withZone()
	before := s.position()
	began := time.Now()
	s.ok("POST", "/dns/records", aRecord(1, "www", "192.0.2.1"))
	s.done("POST", "/v1/batch", operations(addRecord(1, "@", "192.0.2.2"), addRecord(1, "b", "192.0.2.3")))
	s.ok("PUT", "/v1/zones/1/settings", m{"default_ttl": 60})
	robot := s.credential(m{})
	s.ok("DELETE", "/dns/records/1", nil, as(robot))

	all := s.events("order=asc&after=" + before)
	s.same(all.on(), []string{
		"RecordAdded record:1 www.a.com", "RecordAdded record:2 a.com", "RecordAdded record:3 b.a.com",
		"ZoneSettingsChanged zone:1 a.com", "CredentialAdded credential:1 robot", "RecordDeleted record:1 www.a.com",
	}, "events")
	first, second, third, last := all.Events[0], all.Events[1], all.Events[2], all.Events[5]
	if second.Change != third.Position || third.Change != third.Position || first.Change != first.Position {
		t.Errorf("changes %d %d %d", first.Change, second.Change, third.Change)
	}
	if first.Actor.Username != "admin" || first.Actor.ID != 1 || *first.Door != "dns" || first.Credential != nil || first.Context != "dns" ||
		first.Time.Before(began.Add(-time.Minute)) || first.Data["zone_id"] != 1.0 || first.Schema != 2 {
		t.Errorf("%+v", first)
	}
	if last.Credential == nil || last.Credential.Name != "robot" || last.Credential.ID != 1 {
		t.Errorf("%+v", last.Credential)
	}
	if digest, there := all.Events[4].Data["digest"]; !there || digest != nil {
		t.Errorf("digest %v %v", digest, there)
	}

	newest := s.events("after=" + before)
	slices.Reverse(newest.Events)
	s.same(newest.positions(), all.positions(), "newest first")
	for _, order := range []string{"asc", "desc"} {
		var paged []domain.Position
		for query := "limit=1&after=" + before + "&order=" + order; ; {
			page := s.events(query)
			paged = append(paged, page.positions()...)
			if page.Next == nil {
				break
			}
			query = "limit=1&after=" + before + "&order=" + order + "&cursor=" + *page.Next
		}
		if order == "desc" {
			slices.Reverse(paged)
		}
		s.same(paged, all.positions(), "page by page "+order)
	}
	for query, want := range map[string]int{
		"type=RecordAdded": 3, "type=RecordAdded,RecordDeleted": 4, "context=access": 1, "context=ops": 0,
		"actor=admin": 6, "actor=ADMIN": 6, "actor=system": 0, "actor=nobody": 0, "resource=zone:1": 5, "resource=zone:2": 0,
		"resource=record:1": 2, "resource=record:1&type=RecordDeleted": 1, "resource=zone:1&context=access": 0, "resource=credential:1": 1,
		"resource=bind_conf": 0, "before=" + all.positionAt(3): 3, "since=" + url.QueryEscape(last.Time.Format(time.RFC3339Nano)): 1,
		"until=" + url.QueryEscape(last.Time.Format(time.RFC3339Nano)): 5, "since=4102444800": 0, "until=0": 0,
	} {
		if got := s.events(query + "&after=" + before); len(got.Events) != want || got.Next != nil {
			t.Errorf("%s: %v, want %d", query, got.on(), want)
		}
	}
	if fmt.Sprint(all.Head) != s.position() {
		t.Errorf("head %d", all.Head)
	}
	for query, field := range map[string]string{
		"type=RecordAdded,Nothing": "type", "context=x": "context", "resource=zone": "resource", "resource=zone:0": "resource",
		"resource=task:1": "resource", "after=-1": "after", "before=x": "before", "order=up": "order", "limit=0": "limit", "limit=1001": "limit",
		"cursor=z": "cursor", "since=x": "since", "after=1000000": "after", "unknown=1": "unknown",
	} {
		if got := s.do("GET", "/v1/events?"+query, nil); got.status != 400 || !strings.Contains(got.body, `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

func (p eventsPage) positionAt(i int) string {
	return strconv.FormatInt(int64(p.Events[i].Position), 10)
}

// Who may see what is the rule of the operation log, as of now.
func TestEventsFollowRights(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	alice := s.reader("alice") // user 2
	zones := func(token string, query string) (of []string) {
		for _, e := range s.events("order=asc&context=dns&limit=1000"+query, as(token)).Events {
			if e.Resource.Kind != "view" {
				of = append(of, fmt.Sprint(e.Resource.Kind, e.Data["zone_id"], e.Data["id"]))
			}
		}
		return of
	}
	s.same(zones(alice, ""), "[]", "a user without rights")
	s.same(s.events("context=access", as(alice)).on(), "[UserLoggedIn user:2 alice]", "what alice did herself")
	registered := s.events("resource=user:2&type=UserRegistered").Events[0]
	for _, name := range []string{"mail", "phone", "credential", "personal_key", "mail_digest"} {
		if value, there := registered.Data[name]; !there || value != nil {
			t.Errorf("%s is %v in %v", name, value, registered.Data)
		}
	}
	// The zone's ACCESS.
	var list struct{ Privileges []struct{ ID int64 } }
	must(t, json.Unmarshal([]byte(s.do("GET", "/admin/privileges?resource_type=2&resource_id=1", nil).body), &list))
	lowest := slices.MinFunc(list.Privileges, func(a, b struct{ ID int64 }) int { return int(a.ID - b.ID) })
	s.ok("POST", "/admin/roles", m{"name": "reader", "privilege_ids": []int64{lowest.ID}})
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{8}})
	alice = s.login("alice", "secret")
	s.same(len(zones(alice, "")), 5, "events on one zone and its records")
	s.same(len(zones(alice, "&resource=zone:2")), 0, "events on another zone")
	s.ok("DELETE", "/dns/zones/1", nil)
	s.same(zones(alice, ""), "[]", "events on a zone that is gone")
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{7}}) // zone_guest, whose set was never replaced
	alice = s.login("alice", "secret")
	s.same(len(zones(alice, "")), 11, "all zones, also one that is gone")
	// A record's own privilege, made by hand.
	s.ok("POST", "/admin/privileges", m{"name": "one record", "operation": 0, "resource_type": 3, "resource_id": 5})
	var made struct{ Privileges []struct{ ID int64 } }
	must(t, json.Unmarshal([]byte(s.do("GET", "/admin/privileges?name=one", nil).body), &made))
	s.ok("POST", "/admin/roles", m{"name": "one", "privilege_ids": []int64{made.Privileges[0].ID}})
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{9}})
	alice = s.login("alice", "secret")
	s.same(zones(alice, ""), "[record2 5]", "one record")
	s.ok("DELETE", "/dns/records/5", nil)
	s.same(zones(alice, ""), "[]", "one record that is gone")
}

// A credential shows what it covers.
func TestEventsWithinBounds(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	for name, test := range map[string]struct {
		bounds m
		want   int
	}{
		"no bounds":   {m{}, len(s.events("limit=1000").Events)},
		"one zone":    {m{"restrict": m{"zones": []string{"example.org"}}}, 5},
		"some names":  {m{"restrict": m{"names": []string{"_acme-challenge.**"}}}, 2 + 4},
		"other types": {m{"restrict": m{"types": []string{"A"}, "zones": []string{"example.org"}}}, 1},
		"one view":    {m{"view": "office", "restrict": m{"zones": []string{"example.org"}}}, 1 + 2},
	} {
		token := s.credential(test.bounds)
		page := s.events("limit=1000&before="+strconv.Itoa(int(mustID(t, s.position()))+1), as(token))
		added := 0
		for _, e := range page.Events {
			if e.Type == "CredentialAdded" {
				added++
			}
		}
		if got := len(page.Events) - added; got != test.want {
			t.Errorf("%s: %d events %v, want %d", name, got, page.on(), test.want)
		}
	}
}

// What an import has staged is seen by who sees its zone, and a credential sees its part.
func TestEventsOfImports(t *testing.T) {
	t.Parallel()
	s := newStack(t, stagedAbove(2))
	withZone(s, "office")
	s.ended(s.stages("view=office&mode=merge", "a 60 A 192.0.2.1\nb 60 A 192.0.2.2\n_acme-challenge 60 TXT x\n"))
	records := func(options ...func(*http.Request)) (n int) {
		for _, e := range s.events("type=RecordsStaged&resource=zone:1", options...).Events {
			added, _ := e.Data["added"].([]any)
			n += len(added)
		}
		return n
	}
	s.same(records(), 3, "records for admin")
	s.same(records(as(s.credential(m{"restrict": m{"names": []string{"_acme-challenge.**"}}}))), 1, "records of some names")
	s.same(records(as(s.credential(m{"restrict": m{"types": []string{"MX"}}}))), 0, "records of another type")
	alice := as(s.reader("alice"))
	s.same(records(alice), 0, "records for who does not see the zone")
	s.same(len(s.events("resource=zone:1", alice).Events), 0, "events for who does not see the zone")
}
