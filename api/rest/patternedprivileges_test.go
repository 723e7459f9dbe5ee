package rest

import (
	"strconv"
	"strings"
	"testing"
)

// A privilege by pattern is for zones that come later, too.
func TestPatternedPrivilegesOverHTTP(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	id := idIn(s.ok("POST", "/admin/privileges", m{"name": "ZONE~**.cust.example#ACCESS"}).header.Get("Location"))
	token := with("Authorization", s.member("team", s.role("team", mustID(t, id))))
	if got := s.do("GET", "/dns/zones", nil, token).body; !strings.Contains(got, `"total":0`) {
		t.Errorf("%s", got)
	}
	zone := s.ok("POST", "/dns/zones", m{"name": "a.cust.example", "zone_type": "master", "view_ids": []int{1}}).header.Get("Location")
	if got := s.do("GET", "/dns/zones", nil, token).body; !strings.Contains(got, `"total":1`) || !strings.Contains(got, `"can_update":false`) {
		t.Errorf("%s", got)
	}
	if got := s.do("GET", zone, nil, token); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.do("DELETE", zone, nil, token); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
	s.ok("PUT", zone, m{"name": "a.other.example", "zone_type": "master", "view_ids": []int{1}})
	if got := s.do("GET", zone, nil, token); got.status != 403 {
		t.Errorf("renamed away: %d %s", got.status, got.body)
	}
}

func mustID(t testing.TB, text string) int64 {
	t.Helper()
	id, err := strconv.ParseInt(text, 10, 64)
	must(t, err)
	return id
}
