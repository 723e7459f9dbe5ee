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
	// A busy machine is slow in taking what is published, too; without a pull request only the
	// messages are.
	median, bound := time.Hour, 50*time.Millisecond
	for rounds := 0; median > bound && rounds < 5; rounds++ {
		last, before := w.Head, len(e.delays)
		var publishing []time.Duration
		for range 300 {
			began := time.Now()
			last = w.DNS(1)
			publishing = append(publishing, time.Since(began))
		}
		e.untilAt(t, last)
		delays := slices.Sorted(slices.Values(e.delays[before:]))
		slices.Sort(publishing)
		median, bound = delays[len(delays)/2], max(bound, 10*publishing[len(publishing)/2])
		t.Logf("from before publishing to Take: median %s of at most %s, p99 %s", median, bound, delays[len(delays)*99/100])
	}
	if median > bound {
		t.Errorf("median %s, more than %s", median, bound)
	}
}
