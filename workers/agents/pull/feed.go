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

// silenceLimit is how long no message at all may come before a delivery counts as lost.
const silenceLimit = 2*idleHeartbeat + time.Second

// ErrEnded says that a delivery has ended in an ordinary way; another one may begin.
var ErrEnded = errors.New("the delivery ended")

// Feed is a consumer and the functions that take its events. Every field is required
// unless its comment says otherwise.
//
// Invariants:
//  1. Event gets only messages that verify has found to be events of the log for this
//     consumer.
//  2. An event is acknowledged only after Event has taken it and all before it.
//  3. While the feed is followed, the server always has a request for more messages, so
//     that no event waits for one.
//  4. A delivery that may have lost messages unnoticed ends: when the connection was
//     replaced, and when neither an event nor a heartbeat comes. Its late messages do
//     not reach the next delivery.
type Feed struct {
	// NC is the agent's connection.
	NC *nats.Conn
	// Consumer is the name of the agent's own.
	Consumer string
	// Key is the subject key of the consumer's events, zero if they have several.
	Key int64
	// Log gets a warning for each message that is dropped.
	Log *slog.Logger
	// Check says whether a message is to be believed; nil believes all that verify has
	// found in order. Its error ends the delivery.
	Check func(*nats.Msg, protocol.Envelope) error
	// Event takes one event. Its error ends the delivery.
	Event func(protocol.Envelope) error
	// Idle is called after Event when no message is waiting; its error ends the delivery.
	// It may be nil.
	Idle func() error
	// A signal on Wake makes the feed call OnWake between two events; an error of OnWake
	// ends the delivery. Both may be nil.
	Wake   <-chan struct{}
	OnWake func() error

	// patience replaces silenceLimit in tests.
	patience time.Duration
}

// Follow hands events over from where the consumer is. It returns nil when ctx ends.
// After an error that wraps ErrEnded, following again helps; other errors come from
// Event, OnWake or the connection.
func (f Feed) Follow(ctx context.Context) error {
	// Subscribed before the first request, so that no loss of the connection is missed.
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
		patience = silenceLimit
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
			if len(d.messages) == 0 { // else it was Event or OnWake that took so long
				return fmt.Errorf("%w: nothing came for %s", ErrEnded, patience)
			}
		case <-f.Wake:
			if err := f.OnWake(); err != nil {
				return err
			}
		case m := <-d.messages:
			quiet.Reset(patience)
			if err := f.take(d, m, &acks); err != nil {
				return err
			}
			if len(d.messages) > 0 {
				continue
			}
			acks.flush()
			if f.Idle == nil {
				continue
			}
			if err := f.Idle(); err != nil {
				return err
			}
		}
	}
}

// take handles one message. A message that is not an event for the consumer is dropped.
func (f Feed) take(d *delivery, m *nats.Msg, acks *acker) error {
	isStatus, err := d.status(m)
	if isStatus || err != nil {
		return err
	}
	e, err := f.verify(m)
	if err != nil {
		f.Log.Warn("dropped a message that is not of the log", "subject", m.Subject, "error", err)
		return nil
	}
	if f.Check != nil {
		if err := f.Check(m, e); err != nil {
			return err
		}
	}
	if err := f.Event(e); err != nil {
		return err
	}
	acks.add(m)
	return nil
}
