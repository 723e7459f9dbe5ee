package bench

import (
	"context"
	"time"
)

// Work is how much was done in what time.
type Work struct {
	N    int
	Took time.Duration
}

// Rate is the work done in a second.
func (w Work) Rate() float64 { return PerSecond(w.N, w.Took) }

// AB measures a and b in turn, so that what else the machine does hits both
// alike, and returns the sums. b is told what a did in the same round.
func AB(ctx context.Context, rounds int, a func(context.Context) (Work, error), b func(context.Context, Work) (Work, error)) (sumA, sumB Work, err error) {
	for range rounds {
		did, err := a(ctx)
		if err != nil {
			return sumA, sumB, err
		}
		other, err := b(ctx, did)
		if err != nil {
			return sumA, sumB, err
		}
		sumA, sumB = sumA.plus(did), sumB.plus(other)
	}
	return sumA, sumB, ctx.Err()
}

func (w Work) plus(o Work) Work { return Work{N: w.N + o.N, Took: w.Took + o.Took} }

// timed measures f, which did n of something.
func timed(f func() (n int, err error)) (Work, error) {
	start := time.Now()
	n, err := f()
	return Work{N: n, Took: time.Since(start)}, err
}
