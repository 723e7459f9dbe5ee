package rowset_test

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/projections/rowset"
)

// Each invariant of [rowset.NewVersioned], change by change: what a row was is kept from the end
// of one change to that of another, and what it was inside a change leaves nothing.
func TestVersions(t *testing.T) {
	t.Parallel()
	s := rowset.NewVersioned("row", func(r row) int { return r.key }, func(was, is row) bool { return was.text == is.text })
	for key := range 4 {
		s.LoadedVersion(rowset.Version[row]{Row: row{key, "stored"}, Since: 5})
	}
	s.Put(row{0, "inside"})
	s.Put(row{0, "ten"})
	s.Put(row{1, "stored"}) // which it was
	s.Drop(2)
	s.Put(row{2, "back"})
	s.Drop(3)
	s.Put(row{7, "inside"})
	s.Drop(7)
	s.EndChange(10)
	s.Put(row{3, "again"})
	s.Put(row{0, "eleven"})
	s.EndChange(12)
	s.Put(row{0, "rest of the change"}) // which was cut
	s.EndChange(12)
	added, altered, dropped := s.Versions()
	for what, c := range map[string]struct{ got, want string }{
		"former":  {fmt.Sprint(s.Former()), "[{{0 stored} 5 10} {{2 stored} 5 10} {{3 stored} 5 10} {{0 ten} 10 12}]"},
		"altered": {fmt.Sprint(altered), "[{{0 rest of the change} 12 0} {{1 stored} 5 0}]"},
		"others":  {fmt.Sprint(added, dropped), "[{{2 back} 10 0} {{3 again} 12 0}] [{{2 back} 10 0} {{3 again} 12 0}]"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", what, c.got, c.want)
		}
	}
}
