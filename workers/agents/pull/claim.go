package pull

import (
	"context"
	"fmt"
	"time"
)

// claims times the repeated claims of a delivery that gets no message. An earlier delivery
// which got none either has left a request that is not pinned, and which stands before
// this delivery's: the consumer may be pinned to it. Once that request has expired, no
// claim is needed.
type claims struct {
	*time.Timer
	began time.Time
	pause time.Duration
}

func newClaims(first time.Duration) *claims {
	return &claims{Timer: time.NewTimer(first), began: time.Now(), pause: first}
}

// again says whether a claim is due, and times the next one.
func (c *claims) again() bool {
	if time.Since(c.began) > expires {
		return false
	}
	c.pause *= 2
	c.Reset(c.pause)
	return true
}

// claimAgain takes the consumer from the request that has it. The delivery keeps its own
// request: it is the next one that the consumer is pinned to.
func (f Feed) claimAgain(ctx context.Context, d *delivery) error {
	if f.From == 0 {
		Unpin(ctx, f.NC, f.Consumer)
		return nil
	}
	d.claimed = true
	if _, err := Reset(ctx, f.NC, f.Consumer, f.From); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return nil
}

// silent ends a delivery to which nothing comes. If that is the connection's fault, such as
// a server that stands still, the connection is replaced: its own pings would take longer.
func (f Feed) silent(after time.Duration) error {
	if f.NC.IsConnected() && f.NC.FlushTimeout(aliveTimeout) != nil {
		if err := f.NC.ForceReconnect(); err != nil {
			return fmt.Errorf("%w: nothing came for %s: %w", ErrEnded, after, err)
		}
	}
	return fmt.Errorf("%w: nothing came for %s", ErrEnded, after)
}
