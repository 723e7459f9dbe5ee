package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// group is a part of the paths that has a dialect of its own.
func group(path string) string {
	switch first := strings.Split(path, "/")[1]; {
	case path == "/api" || path == "/api/v1" || strings.HasPrefix(path, "/api/v1/"):
		return "powerdns"
	default:
		return first
	}
}

// isPowerDNS says whether a route is one of PowerDNS' API.
func isPowerDNS(route api.Route) bool { return group(route.Path) == "powerdns" }

// Every route has a dialect, the same as all others below the first segment of its
// path, or below /api/v1, and either reads or writes.
func TestDialects(t *testing.T) {
	t.Parallel()
	below := map[string]*api.Dialect{}
	for _, r := range Routes(&api.Kernel{}, Config{}) {
		segment := group(r.Path)
		if r.Dialect == nil || below[segment] != nil && below[segment] != r.Dialect {
			t.Errorf("%s %s has another dialect than the other routes of /%s", r.Method, r.Path, segment)
		}
		below[segment] = r.Dialect
		if (r.Handle == nil) == (r.Write == nil) {
			t.Errorf("%s %s must have either Handle or Write", r.Method, r.Path)
		}
	}
}

// Every route that may append has the door of its dialect: so none can be forgotten.
func TestDoors(t *testing.T) {
	t.Parallel()
	doors := map[string]domain.Door{
		"auth": domain.DoorDNS, "dns": domain.DoorDNS, "admin": domain.DoorDNS, "api": domain.DoorOps, "v1": domain.DoorV1,
		"powerdns": domain.DoorPowerDNS,
	}
	for _, r := range Routes(&api.Kernel{}, Config{}) {
		door := doors[group(r.Path)]
		if r.Dialect.Door != door || door == "" && r.Method != http.MethodGet {
			t.Errorf("%s %s has the door %q, want %q", r.Method, r.Path, r.Dialect.Door, door)
		}
	}
}
