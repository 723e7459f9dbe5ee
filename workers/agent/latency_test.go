package agent

import (
	"slices"
	"testing"
	"time"
)

// A message reaches the engine at once: a pull request is always waiting for it.
func TestLatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.snapshotAt(w.log, 0, 0)
	e := newRecorder()
	w.start(e)
	e.until(t, "the snapshot", func() bool { return len(e.resets) == 1 })
	e.untilAt(t, w.dns(1))
	last := w.head
	for range 300 {
		last = w.dns(1)
	}
	e.untilAt(t, last)
	slices.Sort(e.delays)
	median := e.delays[len(e.delays)/2]
	t.Logf("from before publishing to Apply: median %s, p99 %s", median, e.delays[len(e.delays)*99/100])
	if median > 50*time.Millisecond { // a loaded machine may be slow, a missing pull request is slower
		t.Errorf("median %s", median)
	}
}
