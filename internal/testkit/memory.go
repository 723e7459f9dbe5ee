package testkit

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// HeapGrowth returns a function that says by how many bytes what lives in the heap of this
// process has grown at most since then, as far as the collections have seen. What is dead
// and not yet collected does not count: how much that is depends on how busy the machine is.
// Whoever calls it runs alone, since it is the whole process that collects more often meanwhile.
func HeapGrowth(t testing.TB) func() int64 {
	t.Helper()
	heap := func() int64 {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		return int64(live[0].Value.Uint64())
	}
	percent := debug.SetGCPercent(100) // else hardly a collection would see what lives in between
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	runtime.GC()
	before, most := heap(), int64(0)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, heap()-before)
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-ended
		runtime.GC()
		return max(most, heap()-before)
	}
}
