package projections

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// apply brings the tables to the end of the batch's last change. When that fails for a
// reason that lies in an event, everything before the event's change is applied and the
// error is a *poisonError.
func (l *leadership) apply(ctx context.Context, b batch) error {
	to := b.endBefore(b.to + 1)
	if to <= l.applied {
		return nil
	}
	events, poison := decode(b.events[:b.whole], l.Store)
	if poison != nil {
		to = b.endBefore(poison.position)
		for len(events) > 0 && events[len(events)-1].Position > to {
			events = events[:len(events)-1]
		}
	}
	err := l.applyDecoded(ctx, &b, events, to)
	if errors.Is(err, errLost) {
		return l.lost(ctx)
	}
	if err == nil && poison != nil {
		return poison
	}
	return err
}

// decode stops before the first event that this program cannot read.
func decode(envelopes []protocol.Envelope, store *eventstore.Store) ([]domain.Recorded, *poisonError) {
	events := make([]domain.Recorded, 0, len(envelopes))
	for _, e := range envelopes {
		event, err := e.Decode(store.Codec())
		if err != nil {
			return events, &poisonError{position: e.Position, reason: err}
		}
		events = append(events, event)
	}
	return events, nil
}

// applyDecoded applies events of the batch up to a change's end. It halves what fails until
// it has found the change that is to blame.
func (l *leadership) applyDecoded(ctx context.Context, b *batch, events []domain.Recorded, to domain.Position) error {
	if to <= l.applied {
		return nil
	}
	if len(events) == 0 {
		l.applied = to
		l.advance(to)
		return nil
	}
	err := l.commit(ctx, events, to)
	if err == nil || errors.Is(err, errLost) || ctx.Err() != nil || transient(err) || l.IsClosed() {
		return err
	}
	half := middle(events)
	if half == 0 {
		// What lies before it may be events of other contexts alone.
		if err := l.applyDecoded(ctx, b, nil, b.endBefore(events[0].Position)); err != nil {
			return err
		}
		return poisonOf(events, err)
	}
	if err := l.applyDecoded(ctx, b, events[:half], b.endBefore(events[half].Position)); err != nil {
		return err
	}
	return l.applyDecoded(ctx, b, events[half:], to)
}

// middle is how many of the events are in about the first half of their changes, 0 if
// they are one change.
func middle(events []domain.Recorded) int {
	half := len(events) / 2
	for i := half; i > 0; i-- {
		if events[i-1].More == 0 {
			return i
		}
	}
	for i := half + 1; i < len(events); i++ {
		if events[i-1].More == 0 {
			return i
		}
	}
	return 0
}

// poisonOf blames a change.
func poisonOf(events []domain.Recorded, err error) *poisonError {
	first, last := events[0].Position, events[len(events)-1].Position
	if first == last {
		return &poisonError{position: first, reason: fmt.Errorf("event %d: %w", first, err)}
	}
	return &poisonError{position: first, reason: fmt.Errorf("the change of event %d to %d: %w", first, last, err)}
}

// commit applies the events in one transaction with the checkpoint. Moving the
// checkpoint first makes racing runners wait for each other before they touch
// the tables.
func (l *leadership) commit(ctx context.Context, events []domain.Recorded, to domain.Position) error {
	began := time.Now()
	fence := func(first *pgx.Batch) { queueMove(first, schemaOf(l.context), l.row, to) }
	err := fenced(ctx, l.Conn, fence, func(tx pgx.Tx) error {
		return l.Model.Apply(ctx, tx, schemaOf(l.context), events)
	})
	if err != nil {
		return err
	}
	l.row.position, l.applied, l.persisted, l.garbage = to, to, time.Now(), true
	l.metrics.applied(len(events), time.Since(began))
	l.advance(to)
	return nil
}

// transient tells whether the reason of a failure lies in Postgres's health, or in
// chance, and not in the event.
func transient(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "40", "53", "55", "57", "58": // connection, rollback, resources, locks, operator, system
			return true
		}
		return pg.Code == "25P03" // idle in transaction for too long: this process was frozen
	}
	var network net.Error
	return errors.Is(err, eventstore.ErrUnavailable) || errors.As(err, &network) || pgconn.Timeout(err) || pgconn.SafeToRetry(err)
}
