package projections

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// pollEvery is how long the stream may be silent before Postgres is asked
	// whether it should be.
	pollEvery = 250 * time.Millisecond
	// batchEvents and batchBytes are where a transaction ends, or at the end of its last change.
	batchEvents = 2_000
	batchBytes  = 8 << 20
)

// leadership is one runner's time as the one that applies.
type leadership struct {
	*Runner
	*session
	// locked is false when the runner acts beside a leader that seems frozen.
	locked bool
	// row is the checkpoint as it was last read or written.
	row checkpoint
	// applied is row.position, or further when only events of other contexts came.
	applied   domain.Position
	persisted time.Time
	// garbage tells that the model may have something to purge.
	garbage bool
	// foreign is when an event of another process was last seen; tail follows the
	// stream for some time after that, and is nil otherwise.
	foreign time.Time
	tail    *tail
	// unclaimed is the last event that idling found in Postgres, while it has not
	// come as a commit of this process; else 0. A commit is there a moment before
	// the process that made it hears so.
	unclaimed domain.Position
}

// run applies events until something fails.
func (l *leadership) run(ctx context.Context) error {
	l.commits.listen(true)
	defer l.commits.listen(false)
	if err := l.load(ctx); err != nil {
		return err
	}
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	defer func() {
		if l.tail != nil {
			l.tail.stop()
		}
	}()
	silence := time.NewTimer(backoff.Jitter(l.poll))
	defer silence.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			l.finish()
			return ctx.Err()
		case <-l.commits.signal:
			err = l.takeCommits(ctx)
		case m := <-l.delivered():
			err = l.takeDelivered(ctx, m)
		case <-silence.C:
			err = l.idle(ctx)
		}
		if err == nil {
			err = l.persistInTime(ctx)
		}
		if err != nil {
			return err
		}
		l.follow(ctx)
		silence.Reset(backoff.Jitter(l.poll))
	}
}

// takeDelivered applies the message and whatever else has arrived, and then reads
// what the stream left out from Postgres. This process's own commits come first:
// what is new after them is another's.
func (l *leadership) takeDelivered(ctx context.Context, first tailMessage) error {
	if err := l.takeCommits(ctx); err != nil {
		return err
	}
	b, gap := l.gather(first, l.tail)
	if b.to > l.applied {
		l.foreign = time.Now()
	}
	if err := l.apply(ctx, b); err != nil {
		return err
	}
	l.tail.reached(l.applied)
	if gap {
		return l.catchUp(ctx)
	}
	return nil
}

// gather makes a batch of the messages that have arrived. It tells whether some are
// missing, before the last that it took or of its change.
func (l *leadership) gather(m tailMessage, t *tail) (b batch, gap bool) {
	b.to = l.applied
	for {
		l.metrics.see(m.position + m.pending)
		switch {
		case m.position <= b.to: // delivered twice
		case m.position > b.to+1:
			return b, true
		default:
			e, ok := m.decode()
			if !ok {
				return b, true // Postgres has the event as it was appended
			}
			b.pass(&e, l.context)
		}
		if b.full() {
			return b, false
		}
		select {
		case m = <-t.messages:
		default:
			return b, b.inside() // Postgres has all of the change
		}
	}
}

// catchUp applies from Postgres until it has no more.
func (l *leadership) catchUp(ctx context.Context) error {
	for {
		events, end, err := l.Store.ReadChanges(ctx, l.applied, batchEvents)
		if err != nil || len(events) == 0 {
			return err
		}
		l.metrics.see(events[len(events)-1].Position)
		var b batch
		for i := range events {
			b.pass(&events[i], l.context)
			if b.full() || i == len(events)-1 {
				if err := l.apply(ctx, b); err != nil {
					return err
				}
				b = batch{}
			}
		}
		if end {
			return nil
		}
	}
}

// idle is what a leader does while nothing arrives.
func (l *leadership) idle(ctx context.Context) error {
	if err := l.takeCommits(ctx); err != nil {
		return err
	}
	if l.unclaimed > 0 {
		l.foreign, l.unclaimed = time.Now(), 0
	}
	before := l.applied
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	if l.applied > before {
		l.unclaimed = l.applied
	}
	if err := l.persist(ctx); err != nil {
		return err
	}
	return l.purge(ctx)
}

func (l *leadership) advance(position domain.Position) {
	l.metrics.see(position)
	l.Progress.advance(l.context, position)
}
