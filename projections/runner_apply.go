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

// apply brings the tables to the batch's end. When that fails for a reason that
// lies in an event, everything before the event is applied and the error is a
// *poisonError.
func (l *leadership) apply(ctx context.Context, b batch) error {
	if b.to <= l.applied {
		return nil
	}
	events, poison := decode(b.events, l.Store)
	if poison != nil {
		b.to = poison.position - 1
	}
	err := l.applyDecoded(ctx, events, b.to)
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

// applyDecoded halves what fails until it has found the event that is to blame.
func (l *leadership) applyDecoded(ctx context.Context, events []domain.Recorded, to domain.Position) error {
	if to <= l.applied {
		return nil
	}
	if len(events) == 0 {
		l.applied = to
		l.advance(to)
		return nil
	}
	err := l.commit(ctx, events, to)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errLost), ctx.Err() != nil, transient(err), l.IsClosed():
		return err
	case len(events) == 1:
		// What lies before it may be events of other contexts alone.
		if err := l.applyDecoded(ctx, nil, events[0].Position-1); err != nil {
			return err
		}
		return &poisonError{position: events[0].Position, reason: fmt.Errorf("event %d: %w", events[0].Position, err)}
	}
	half := len(events) / 2
	if err := l.applyDecoded(ctx, events[:half], events[half].Position-1); err != nil {
		return err
	}
	return l.applyDecoded(ctx, events[half:], to)
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
