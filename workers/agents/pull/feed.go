package pull

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

// silence is how long nothing at all may come before a delivery is given up as lost.
const silence = 2*heartbeat + time.Second

// ErrEnded says that a delivery is over, as happens; another one may be begun.
var ErrEnded = errors.New("the delivery ended")

// Feed is a consumer and who takes its events; every field is required but those
// that say so.
//
// Invariants:
//  1. Event is given only what all that it says of itself shows to be an event of
//     the log, and the consumer's.
//  2. An event is acknowledged after Event has taken it, and with it all before it.
//  3. While the feed is followed the server has been asked for more, so that no
//     event waits for a request.
//  4. A delivery of which something may have got lost without a word ends: when the
//     connection was replaced, and when nothing comes, not even a sign that
//     something may. What comes late of it does not reach the next one.
type Feed struct {
	// NC is the agent's connection.
	NC *nats.Conn
	// Consumer is the name of the agent's own.
	Consumer string
	// Key is whose events the consumer has; zero when they are not one's alone.
	Key int64
	// Log hears of what is dropped.
	Log *slog.Logger
	// Event takes one event. Its error ends the delivery.
	Event func(protocol.Envelope) error
	// Wake has Woken called between two events, whose error ends the delivery; nil
	// when there is nothing but events to attend to.
	Wake  <-chan struct{}
	Woken func() error

	// patience replaces silence in tests.
	patience time.Duration
}

// Follow hands events over from where the consumer is. It returns nil when ctx
// ends. Any error that wraps ErrEnded is healed by following again; others are those
// of Event and Woken, or of the connection.
func (f Feed) Follow(ctx context.Context) error {
	// Listened to before anything is asked for, so that every loss is heard of.
	reconnected := f.NC.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer f.NC.RemoveStatusListener(reconnected)
	d, err := begin(f.NC, f.Consumer)
	if err != nil {
		return err
	}
	defer d.end()
	return f.follow(ctx, d, reconnected)
}

func (f Feed) follow(ctx context.Context, d *delivery, reconnected <-chan nats.Status) error {
	patience := f.patience
	if patience == 0 {
		patience = silence
	}
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	acks := acker{nc: f.NC}
	defer acks.flush()
	for {
		if err := d.refill(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-reconnected:
			return fmt.Errorf("%w: the connection was lost", ErrEnded)
		case <-quiet.C:
			if len(d.messages) == 0 { // else it was Event or Woken that took so long
				return fmt.Errorf("%w: nothing came for %s", ErrEnded, patience)
			}
		case <-f.Wake:
			if err := f.Woken(); err != nil {
				return err
			}
		case m := <-d.messages:
			quiet.Reset(patience)
			if err := f.take(d, m, &acks); err != nil {
				return err
			}
			if len(d.messages) == 0 {
				acks.flush()
			}
		}
	}
}

// take handles one message. What is not an event of the consumer's is dropped.
func (f Feed) take(d *delivery, m *nats.Msg, acks *acker) error {
	isStatus, err := d.status(m)
	if isStatus || err != nil {
		return err
	}
	e, err := f.believe(m)
	if err != nil {
		f.Log.Warn("dropped a message that is not of the log", "subject", m.Subject, "error", err)
		return nil
	}
	if err := f.Event(e); err != nil {
		return err
	}
	acks.add(m)
	return nil
}
