package nameserver

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
	e.untilAt(t, w.DNS(1))
	// A busy machine may be slow now and then; without a pull request every message is.
	median := time.Hour
	for rounds := 0; median > 50*time.Millisecond && rounds < 5; rounds++ {
		last, before := w.Head, len(e.delays)
		for range 300 {
			last = w.DNS(1)
		}
		e.untilAt(t, last)
		delays := slices.Sorted(slices.Values(e.delays[before:]))
		median = delays[len(delays)/2]
		t.Logf("from before publishing to Take: median %s, p99 %s", median, delays[len(delays)*99/100])
	}
	if median > 50*time.Millisecond {
		t.Errorf("median %s", median)
	}
}
