package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// finds notes a finding as the service that hears agents does, and returns its position.
func (s *stack) finds(found dns.DriftFound) int64 {
	s.t.Helper()
	cmd, err := dns.NewFindDrift(found)
	must(s.t, err)
	_, err = s.store.Execute(s.t.Context(), eventstore.Request{Command: cmd, Door: domain.DoorAgent})
	must(s.t, err)
	s.awaitLog()
	return s.end()
}

type driftPage struct {
	Drift []struct {
		Position                            int64
		Time                                time.Time
		ZoneID                              *int64 `json:"zone_id"`
		Server, Expected, Found, What, Done string
		Zone, View, Reason, By              *string
		ServerID                            int64 `json:"server_id"`
		Adopted, Zones                      int
	}
	Next *string
}

func (s *stack) drift(query string, options ...func(*http.Request)) (p driftPage) {
	s.t.Helper()
	got := s.do("GET", "/v1/drift"+query, nil, options...)
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &p) != nil {
		s.t.Fatalf("drift%s: %d %s", query, got.status, got.body)
	}
	return p
}

// What was found on a name server is listed and counted, for those who see the server and the zone alone. What becomes of
// drift is a setting of the server.
func TestDriftIsListed(t *testing.T) {
	t.Parallel()
	servers := &somewhere{}
	s := newStack(t, func(c *config) { c.Changes, c.NameServers = servers, servers })
	withZone(s, "office")
	enroll(s, 1)
	s.expect(s.do("GET", "/v1/drift", nil), 200, `{"drift":[],"next":null}`)
	of := dns.DriftFound{
		ServerID: 1, ZoneID: 1, Zone: "example.org", ViewID: 1,
		What: dns.DriftRecords, Expected: "a", Found: "b", Done: dns.DriftRepaired, By: "key k",
	}
	first := s.finds(of)
	if s.finds(of) != first {
		t.Error("a zone is found twice within a minute")
	}
	second := s.finds(dns.DriftFound{ServerID: 1, What: dns.DriftConfiguration, Expected: "c", Found: "d", Done: dns.DriftReported, Reason: "r"})

	all := s.drift("")
	if len(all.Drift) != 2 || all.Next != nil {
		t.Fatalf("%+v", all)
	}
	if d := all.Drift[0]; d.Position != second || d.ZoneID != nil || d.Zone != nil || d.View != nil ||
		*d.Reason != "r" || d.By != nil || d.Zones != 0 || d.Done != "reported" {
		t.Errorf("%+v", d)
	}
	if d := all.Drift[1]; d.Position != first || d.Time.IsZero() || d.Server != "s1" || *d.ZoneID != 1 ||
		*d.Zone != "example.org" || *d.View != "office" || d.Expected != "a" || d.Found != "b" || d.Reason != nil || *d.By != "key k" || d.Zones != 1 {
		t.Errorf("%+v", d)
	}
	page := s.drift("?limit=1")
	if len(page.Drift) != 1 || page.Next == nil {
		t.Fatalf("%+v", page)
	}
	for query, position := range map[string]int64{
		"?limit=1&cursor=" + *page.Next: first, "?zone_id=1": first, "?server_id=1&what=records": first, "?done=reported": second,
	} {
		if p := s.drift(query); len(p.Drift) != 1 || p.Drift[0].Position != position || p.Next != nil {
			t.Errorf("%s: %+v", query, p)
		}
	}
	if p := s.drift("?server_id=2"); len(p.Drift) != 0 {
		t.Errorf("of another server: %+v", p)
	}
	if got := s.asOf("/v1/drift", first, first).body; strings.Count(got, `"position"`) != 1 {
		t.Errorf("then: %s", got)
	}
	s.failsWith(400, "GET", "/v1/drift?what=x", nil, "what: ")
	s.failsWith(400, "GET", "/v1/drift?done=x", nil, "done: ")

	guest := as(s.member("guest", 3)) // who sees servers alone
	if p := s.drift("", guest); len(p.Drift) != 1 || p.Drift[0].Position != second {
		t.Errorf("of a hidden zone: %+v", p)
	}
	if p := s.drift("", as(s.member("blind"))); len(p.Drift) != 0 {
		t.Errorf("of a hidden server: %+v", p)
	}
	health := decoded[struct {
		Drift struct {
			Found, Repaired int64
			Last            time.Time
		}
	}](s, s.do("GET", "/v1/servers/1/health", nil, guest)).Drift
	if health.Found != 2 || health.Repaired != 1 || !health.Last.Equal(all.Drift[0].Time) {
		t.Errorf("health: %+v", health)
	}
}

func TestServerSettings(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/servers", aServer("1"))
	const path = "/v1/servers/1/settings"
	initial := s.do("GET", path, nil)
	s.expect(initial, 200, `{"on_drift":"repair"}`)
	s.header(initial, "ETag", `"0"`)
	before := s.end()
	s.failsWith(400, "PUT", path, m{"on_drift": "ignore"}, "on_drift: ")
	s.failsWith(400, "PUT", path, m{"on_drift": 1}, "on_drift: ")
	s.failsWith(404, "PUT", "/v1/servers/9/settings", m{"on_drift": "adopt"}, "Server 9 不存在！")
	s.expect(s.do("GET", "/v1/servers/9/settings", nil), 404, failedWith("Server 9 不存在！"))
	if got := s.do("PUT", path, m{"on_drift": "adopt"}, with("If-Match", `"7"`)); got.status != 412 {
		t.Errorf("another version: %d %s", got.status, got.body)
	}
	said, _ := s.dry("PUT", path, m{"on_drift": "adopt"})
	if len(said.Events) != 1 || said.Events[0].Type != "ServerSettingsChanged" {
		t.Errorf("a dry run: %+v", said)
	}
	s.ok("PUT", path, m{"on_drift": "adopt"}, with("If-Match", `"0"`))
	after := s.do("GET", path, nil)
	s.expect(after, 200, `{"on_drift":"adopt"}`)
	s.header(after, "ETag", `"`+s.position()+`"`)
	s.expect(s.asOf(path, before, before), 200, `{"on_drift":"repair"}`)
	s.undo(at(s.end()))
	s.expect(s.do("GET", path, nil), 200, `{"on_drift":"repair"}`)
}
