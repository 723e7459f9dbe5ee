package program

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage may pile up, in percent of the live heap, before
// it is collected. The live heap is small and the caches are bounded, while each
// request leaves much garbage: with Go's default of 100 a busy process would
// spend a third of its time on collecting.
const gcPercent = 400

// RelaxCollector trades memory for time in long-running processes, unless GOGC says otherwise.
func RelaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
