package testkit

import (
	"runtime"
	"testing"
	"time"
)

// HeapGrowth returns a function that says by how many bytes the heap of this process has
// grown at most since then, as far as was seen every few milliseconds.
func HeapGrowth(t testing.TB) func() int64 {
	t.Helper()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
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
		return most
	}
}
