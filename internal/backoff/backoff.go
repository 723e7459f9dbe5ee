// Package backoff has the pauses between tries and between polls. The pauses of
// many processes do not end at the same moment, and no pause outlives its
// context.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Jitter spreads what many do at the same time: d ±25 %.
func Jitter(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2+1) }

// Sleep waits and tells whether ctx is still alive.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Growing is a pause that doubles from Least to Most until it is reset.
type Growing struct{ Least, Most, last time.Duration }

// Reset lets the next pause be the least one.
func (g *Growing) Reset() { g.last = 0 }

// Next is the pause before the next try, with jitter.
func (g *Growing) Next() time.Duration {
	g.last = min(max(2*g.last, g.Least), g.Most)
	return Jitter(g.last)
}

// Wait pauses until the pause is over, ctx ends, or impatient (which may be nil)
// receives. It returns whether ctx is still alive.
func (g *Growing) Wait(ctx context.Context, impatient <-chan struct{}) bool {
	t := time.NewTimer(g.Next())
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-impatient:
	}
	return true
}
