package eventstore

import (
	"errors"
	"fmt"
	"time"
)

// moves tells a stream that moved from one that stands still and refuses what comes next.
// JetStream does not answer a message that it could not write to its disk, and refuses the
// messages behind the lost one as it does when another relay was first: only the stream's end
// shows the difference.
type moves struct {
	// began is what the stream held when the last pass began.
	began streamTip
	// pause is how long to wait before the next pass.
	pause time.Duration
}

// check takes what a pass began with and how it ended. errResync comes back as it is while
// the stream moves, or may still do so, and becomes another error once it stood still for
// some passes.
func (m *moves) check(began streamTip, err error) error {
	stood := errors.Is(err, errResync) && began == m.began && m.pause > 0
	m.began = began
	if !stood {
		m.pause = relayResync
		return err
	}
	if m.pause *= 2; m.pause < relayRetryMin {
		return err
	}
	m.pause = relayRetryMin
	return fmt.Errorf("the stream ends with event %d and refuses the next", began.last)
}
