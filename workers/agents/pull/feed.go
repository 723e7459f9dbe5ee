package pull

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// silenceLimit is how long no message at all may come before a delivery counts as lost,
	// and aliveTimeout how long the connection may then take to show that it is not.
	silenceLimit = 2*idleHeartbeat + time.Second
	aliveTimeout = 2 * time.Second
	// claimAfter is how long a delivery waits for its first message before it claims the
	// consumer once more, doubled each time.
	claimAfter = time.Second
)

// Expires is how long the requests of a delivery that has ended may still take messages.
const Expires = expires

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
//  5. What was asked for by an earlier delivery, whose requests the server may still have,
//     does not look like a gap in the stream: events reach Event in the order in which the
//     consumer has sent them, none left out, or the delivery ends.
type Feed struct {
	// NC is the agent's connection.
	NC *nats.Conn
	// Consumer is the name of the agent's own.
	Consumer string
	// From is where the caller has just [Reset] the consumer to. A position whose event the
	// stream has proves at once that the consumer is the delivery's. 0 means that the
	// consumer was not reset.
	From domain.Position
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

	// patience and claim replace silenceLimit and claimAfter in tests.
	patience, claim time.Duration
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
	if f.From != 0 {
		d.next = 1
	}
	return f.follow(ctx, d, reconnected)
}

func (f Feed) follow(ctx context.Context, d *delivery, reconnected <-chan nats.Status) error {
	patience := cmp.Or(f.patience, silenceLimit)
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	claims := newClaims(cmp.Or(f.claim, claimAfter))
	defer claims.Stop()
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
				return f.silent(patience)
			}
		case <-claims.C:
			if !d.begun && claims.again() && len(d.messages) == 0 {
				if err := f.claimAgain(ctx, d); err != nil {
					return err
				}
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
		d.pass(m)
		return nil
	}
	if next, err := d.follows(m); !next || err != nil {
		return err
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
