package program

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Beside a small heap much garbage may pile up, and beside a large one no more than Go has it.
func TestPercentOf(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 128 << 20: 400, 256 << 20: 200, 512 << 20: 100, 8 << 30: 100} {
		if got := percentOf(live); got != want {
			t.Errorf("%d MiB: %d, want %d", live>>20, got, want)
		}
	}
}

// What is set follows from the heap after each collection, again and again.
func TestCollectorFollowsTheHeap(t *testing.T) { //nolint:paralleltest // the collector is the process's
	before := debug.SetGCPercent(gcPercent)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	set := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	now := func() uint64 {
		runtime.GC()
		metrics.Read(set)
		return set[0].Value.Uint64()
	}
	(&collection{percent: gcPercent}).await()
	func() {
		large := make([]byte, 300<<20)
		testkit.Eventually(t, "less garbage may pile up", func() bool { return now() < 200 })
		runtime.KeepAlive(large)
	}()
	testkit.Eventually(t, "more garbage may pile up again", func() bool { return now() == gcPercent })
}
