package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// Every route has a dialect, the same as all others below the first segment of its
// path, and either reads or writes.
func TestDialects(t *testing.T) {
	t.Parallel()
	below := map[string]*api.Dialect{}
	for _, r := range Routes(&api.Kernel{}, Config{}) {
		segment := strings.Split(r.Path, "/")[1]
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
	}
	for _, r := range Routes(&api.Kernel{}, Config{}) {
		door := doors[strings.Split(r.Path, "/")[1]]
		if r.Dialect.Door != door || door == "" && r.Method != http.MethodGet {
			t.Errorf("%s %s has the door %q, want %q", r.Method, r.Path, r.Dialect.Door, door)
		}
	}
}
