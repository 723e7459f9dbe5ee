package rest

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
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
