package bind

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

func TestTransferPays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		changed, size int
		want          bool
	}{{1, 100_000, false}, {400, 400, false}, {401, 401, true}, {5_000, 10_000, true}, {500, 100_000, false}} {
		if got := transferPays(c.changed, c.size); got != c.want {
			t.Errorf("%d changes in a zone of %d: %v", c.changed, c.size, got)
		}
	}
}

// Many changes at once are read back, by a transfer or by questions.
func TestManyChangesAreReadBack(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	for _, n := range []int{transferAt / 2, transferAt + 100, 10} {
		var added []dns.RecordAdded
		for i := range n {
			added = append(added, h.add(z, record(v, fmt.Sprintf("n%d-%d", n, i), "A", "10.0.0.1")))
		}
		h.applied()
		h.expect("127.0.0.1", fmt.Sprintf("n%d-%d.a.test", n, n-1), "A", "10.0.0.1")
		for _, e := range added {
			h.drop(e)
		}
		h.applied()
		h.expect("127.0.0.1", fmt.Sprintf("n%d-%d.a.test", n, n-1), "A")
	}
}
