package rest

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/opsledger/opsledger/api/v1"
)

// Health is that of a named that refuses a zone.
func (w *somewhere) Health(int64) v1.ServerHealth {
	yes, no, rate, version := true, false, 12.5, "9.18"
	return v1.ServerHealth{
		Online: true, Named: v1.NamedBody{Version: &version}, Process: &yes, Port: &yes, Resolve: &no, QueryRate: &rate,
		AppliedPosition: 7, Lag: 1, Zones: &v1.ZoneCounts{Total: 3, Refused: 1}, Error: "zone hidden.com/IN: bad", FailedZone: w.failed,
	}
}

// Zone is served by one server up to its last change, by one up to the event before that, and by
// one of which nothing is known.
func (w *somewhere) Zone(z v1.ZoneInView) []v1.ZoneServer {
	return []v1.ZoneServer{
		{ServerID: 1, Server: "s1", Position: z.Content, State: v1.StateInSync},
		{ServerID: 2, Server: "s2", Position: z.Content - 1, State: v1.StateFailed, Error: "bad"},
		{ServerID: 3, Server: "s3", State: v1.StatePending, Error: "away"},
	}
}

// FailedZones are one in two views, and one that is gone.
func (w *somewhere) FailedZones(int64) ([]v1.FailedZone, bool) {
	return []v1.FailedZone{
		{ZoneID: 9999, Zone: "gone.com", ViewID: 1, View: "v", Since: 4, Error: "bad"},
		{ZoneID: w.failed, Zone: "hidden.com", ViewID: 2, View: "w", Since: 3, Error: "worse"},
		{ZoneID: w.failed, Zone: "hidden.com", ViewID: 1, View: "v", Since: 3, Error: "bad"},
	}, true
}

// How name servers are is shown without what the caller may not see.
func TestNameServers(t *testing.T) {
	t.Parallel()
	servers := &somewhere{}
	s := newStack(t, func(c *config) { c.Changes, c.NameServers = servers, servers })
	s.ok("POST", "/dns/views", m{"name": "v", "acl": "any"})
	s.ok("POST", "/dns/servers", aServer("1"))
	zone := s.made("/dns/zones", m{"name": "hidden.com", "zone_type": "master", "view_ids": []int{1}})
	id, err := strconv.ParseInt(idIn(zone), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	servers.failed = id
	guest := s.member("guest", 3) // servers alone

	body := `{"online":true,"named":{"version":"9.18","since":null},"process":true,"port":true,"resolve":false,"query_rate":12.5,` +
		`"applied_position":7,"lag":1,"zones":{"total":3,"behind":0,"refused":1},"error":"zone hidden.com/IN: bad","drift":{"found":0,"repaired":0,"last":null}}`
	s.expect(s.do("GET", "/v1/servers/1/health", nil), 200, body)
	s.expect(s.do("GET", "/v1/servers/1/health", nil, with("Authorization", guest)), 200, strings.Replace(body, "zone hidden.com/IN: bad", "ZONE#"+idIn(zone), 1))
	s.expect(s.do("GET", "/v1/servers/9/health", nil), 404, failedWith("Server 9 不存在！"))

	rows := s.zoneServers(zone)
	if len(rows) != 3 || rows[0].Serial == nil || *rows[0].Serial != uint32(rows[0].Position) ||
		rows[1].Serial != nil || rows[2].Serial != nil {
		t.Errorf("servers of a zone made by its last change: %+v", rows)
	}
	s.ok("POST", "/dns/records", m{"zone_id": idIn(zone), "view_name": "v", "host": "www", "value": "192.0.2.9"})
	rows = s.zoneServers(zone)
	if a, b := rows[0], rows[1]; a.Serial == nil || b.Serial == nil || *b.Serial >= *a.Serial {
		t.Errorf("the server that is behind has the zone's serial from before: %+v", rows)
	}

	s.expect(s.do("GET", "/v1/servers/1/zones?state=failed&limit=1", nil), 200, `{"zones":[{"zone_id":`+idIn(zone)+
		`,"zone":"hidden.com","view_id":1,"view":"v","since_position":3,"error":"bad"}],"more":true,"next":"`+idIn(zone)+`.1"}`)
	s.expect(s.do("GET", "/v1/servers/1/zones?limit=1&cursor="+idIn(zone)+".1", nil), 200, `{"zones":[{"zone_id":`+idIn(zone)+
		`,"zone":"hidden.com","view_id":2,"view":"w","since_position":3,"error":"worse"}],"more":true,"next":"`+idIn(zone)+`.2"}`)
	s.expect(s.do("GET", "/v1/servers/1/zones", nil, with("Authorization", guest)), 200, `{"zones":[],"more":true,"next":null}`)
	s.expect(s.do("GET", "/v1/servers/1/zones?cursor=x", nil), 400, failedOn("cursor: 不是列表给出的值！"))
	s.expect(s.do("GET", "/v1/servers/1/zones?state=fine", nil), 400, failedOn("state: 必须是以下之一：failed"))
}

func (s *stack) zoneServers(zone string) []v1.ZoneServer {
	s.t.Helper()
	var body struct {
		Servers []v1.ZoneServer `json:"servers"`
	}
	if err := json.Unmarshal([]byte(s.do("GET", zonePath(zone, "servers"), nil).body), &body); err != nil {
		s.t.Fatal(err)
	}
	return body.Servers
}
