package oplog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/projections/oplog"
)

// TestLongSets shows that an entry does not grow with a role's set.
func TestLongSets(t *testing.T) {
	t.Parallel()
	d := oplog.NewDetail()
	d.Numbers("n", slices.Repeat([]int64{7}, 101))
	if want := "n: [" + strings.Repeat("7, ", 99) + "7, …] 共101个\n"; d.String() != want {
		t.Errorf("%q, want %q", d.String(), want)
	}
}
