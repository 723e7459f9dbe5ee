package backoff_test

import (
	"context"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
)

func TestGrowing(t *testing.T) {
	t.Parallel()
	g := backoff.Growing{Least: 100, Most: 500}
	for round := range 3 {
		for i, want := range []time.Duration{100, 200, 400, 500, 500} {
			if got := g.Next(); got < want*3/4 || got > want*5/4 {
				t.Errorf("round %d, try %d: %d, want %d ±25 %%", round, i, got, want)
			}
		}
		g.Reset()
	}
}

func TestJitterSpreads(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 1000 {
		seen[backoff.Jitter(time.Second)] = true
	}
	if len(seen) < 900 || backoff.Jitter(0) != 0 {
		t.Errorf("%d different pauses of 1000", len(seen))
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if backoff.Sleep(ctx, time.Hour) {
		t.Error("it slept for an hour")
	}
	g := backoff.Growing{Least: time.Hour, Most: time.Hour}
	if g.Wait(ctx, nil) {
		t.Error("it waited for an hour")
	}
	impatient := make(chan struct{}, 1)
	impatient <- struct{}{}
	if !g.Wait(t.Context(), impatient) || !backoff.Sleep(t.Context(), 1) {
		t.Error("the context is alive")
	}
}
