package host

import (
	"context"
	"math/rand/v2"
	"time"
)

// growing is a pause that doubles from least to most until it is reset.
type growing struct{ least, most, last time.Duration }

func (g *growing) reset() { g.last = 0 }

// next is the pause before the next try, with jitter.
func (g *growing) next() time.Duration {
	g.last = min(max(2*g.last, g.least), g.most)
	return jitter(g.last)
}

// wait pauses until it is over, ctx ends or somebody is impatient.
func (g *growing) wait(ctx context.Context, impatient <-chan struct{}) {
	timer := time.NewTimer(g.next())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-impatient:
	}
}

// jitter spreads what many hosts do at the same time: ±25 %.
func jitter(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2+1) }
