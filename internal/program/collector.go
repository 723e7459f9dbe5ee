package program

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// gcPercent is how much garbage may pile up, in percent of the live heap, before
	// it is collected. The live heap is small and the caches are bounded, while each
	// request leaves much garbage: with Go's default of 100 a busy process would
	// spend a third of its time on collecting.
	gcPercent = 400
	// gcPercentLeast is that for a large heap, Go's default.
	gcPercentLeast = 100
	// gcGarbage is how much garbage may pile up where the live heap is large for a while,
	// as while a large zone file is imported.
	gcGarbage = 512 << 20
)

// RelaxCollector trades memory for time in long-running processes, unless GOGC says otherwise.
func RelaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
		(&collection{percent: gcPercent}).await()
	}
}

// collection is garbage from the beginning, and so learns of the end of each collection.
type collection struct {
	percent int
	live    []metrics.Sample
}

func (c *collection) await() { runtime.SetFinalizer(c, (*collection).ended) }

// ended sets how much garbage may pile up until the next collection.
func (c *collection) ended() {
	if c.live == nil {
		c.live = []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	}
	metrics.Read(c.live)
	// To set it stops the process for a moment.
	if percent := percentOf(c.live[0].Value.Uint64()); percent*10 < c.percent*9 || percent*10 > c.percent*11 {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	c.await()
}

// percentOf is how much garbage may pile up beside a live heap.
func percentOf(live uint64) int {
	return int(min(gcPercent, max(gcPercentLeast, gcGarbage*100/max(live, 1))))
}
