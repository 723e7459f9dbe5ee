package rest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
)

// The programs of the matrix. All act for admin, who may do everything.
const (
	unbounded = "a program"
	readOnly  = "a program that reads"
	narrow    = "a program for no zone of the matrix"
)

// ofLogins are the writes that take a login: they say who may do what.
var ofLogins = []string{
	"PUT /admin/users/:id", "PUT /v1/users/:id/password", "POST /v1/users/:id/ldap-link", "POST /v1/users", "POST /api/user",
	"POST /api/ssh_key_manage", // a grant
	"POST /admin/roles", "PUT /admin/roles/:id", "DELETE /admin/roles/:id",
	"POST /admin/privileges", "PUT /admin/privileges/:id", "DELETE /admin/privileges/:id",
	"GET /v1/credentials", "POST /v1/credentials", "DELETE /v1/credentials/:id", "DELETE /v1/session",
	"GET /v1/enrolment-tokens", "POST /v1/enrolment-tokens", "DELETE /v1/enrolment-tokens/:id",
}

// narrowRoutes are those that a narrow credential may ask at all.
var narrowRoutes = []string{
	"GET /dns/zones", "GET /dns/zones/:id", "GET /dns/records", "POST /dns/records",
	"GET /dns/records/:id", "PUT /dns/records/:id", "DELETE /dns/records/:id",
	"GET /v1/zones/:id/settings", "GET /v1/zones/:id/export", "POST /v1/zones/:id/import", "POST /v1/records",
	"GET /v1/imports/:id", "DELETE /v1/imports/:id", "POST /v1/batch",
	"GET /v1/search", "POST /v1/records/replace", "GET /v1/events", "POST /v1/reverts", "GET /v1/session",
	"GET /v1/zones/:id/history", "GET /v1/records/:id/history", "GET /v1/zones/:id/diff",
	"GET /api", "GET /api/v1", "GET /api/v1/servers", "GET /api/v1/servers/:server", "GET /api/v1/servers/:server/search-data",
	"GET /api/v1/servers/:server/zones", "GET /api/v1/servers/:server/zones/:zone", "PATCH /api/v1/servers/:server/zones/:zone",
	"PUT /api/v1/servers/:server/zones/:zone", "GET /api/v1/servers/:server/zones/:zone/export",
	"PUT /api/v1/servers/:server/zones/:zone/notify", "PUT /api/v1/servers/:server/zones/:zone/rectify",
	"GET /api/v1/servers/:server/zones/:zone/metadata", "GET /api/v1/servers/:server/zones/:zone/metadata/:kind",
	"GET /api/v1/servers/:server/zones/:zone/cryptokeys", "GET /api/v1/servers/:server/zones/:zone/cryptokeys/:id",
}

func (x *matrix) prepareCredentials() {
	x.t.Helper()
	x.programs = map[string]string{
		unbounded: x.credential(m{}),
		readOnly:  x.credential(m{"restrict": m{"read_only": true}}),
		narrow:    x.credential(m{"restrict": m{"zones": []string{"**.nowhere.example"}}}),
	}
}

// credential makes a token of the stack's user.
func (s *stack) credential(more m) (token string) {
	s.t.Helper()
	body := m{"name": "robot", "kind": "token"}
	for key, value := range more {
		body[key] = value
	}
	return field(s.t, s.done("POST", "/v1/credentials", body).body, "secret")
}

// checkPrograms asks a route as programs. What is refused leaves the log as it was.
func (x *matrix) checkPrograms(route api.Route, row row) {
	x.t.Helper()
	if route.Access == api.AccessPublic {
		return
	}
	name := route.Method + " " + route.Path
	if got := slices.Contains(narrowRoutes, name); got != route.Narrow {
		x.t.Errorf("the route table says narrow %v", route.Narrow)
	}
	for who, token := range x.programs {
		want := row.expected[asAdmin]
		switch {
		case slices.Contains(ofLogins, name), who == readOnly && (route.Write != nil || name == "POST /v1/webhooks/:id/test"):
			want = http.StatusForbidden
		case who == narrow && slices.Contains([]string{"GET /dns/zones", "GET /v1/session", "GET /v1/search", "GET /v1/events", "POST /v1/records/replace", "GET /v1/zones/:id/history", "GET /v1/records/:id/history"}, name): // it finds nothing
		case who == narrow && name == "POST /v1/batch": // which says it of each operation
			want = http.StatusBadRequest
		case who == narrow && route.Narrow && isPowerDNS(route): // it finds nothing, and no zone
			if strings.Contains(name, ":zone") {
				want = http.StatusNotFound
			}
		case who == narrow && name == "POST /v1/reverts": // it sees none of what is to be undone
			want = http.StatusNotFound
		case who == narrow:
			want = http.StatusForbidden
		}
		path, body := row.ask(x)
		before := x.position()
		got := x.do(route.Method, path, body, with("Authorization", token))
		if got.status != want {
			x.t.Errorf("%s: %s %s: %d %s, want %d", who, route.Method, path, got.status, got.body, want)
		}
		if want == http.StatusBadRequest && !strings.Contains(got.body, `"status":403`) {
			x.t.Errorf("%s: %s", who, got.body)
		}
		if !got.succeeded() && x.position() != before {
			x.t.Errorf("%s: refused, and the log grew", who)
		}
	}
}

// A narrow credential finds nothing in the one list that it may ask for.
func TestNarrowSeesNoOtherZone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "example.org", "zone_type": "master", "view_ids": []int{1}})
	token := s.credential(m{"restrict": m{"zones": []string{"**.nowhere.example"}}})
	s.expect(s.do("GET", "/dns/zones", nil, with("Authorization", token)), 200, `{"total":0,"zones":[],"current_page":1}`)
}
