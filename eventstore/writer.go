package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// batchLimit bounds one attempt of a commit; then the connection counts as lost.
	batchLimit = 20 * time.Second
	// resolveLimit is how long the outcome of a lost commit is inquired after.
	resolveLimit = 10 * time.Second
	// probeEvery is how often a lost server is looked for while nobody asks.
	probeEvery = 200 * time.Millisecond
	// reachAhead is how far beyond the last known head conditions are looked for:
	// more than others append between two batches, much less than a partition.
	reachAhead = 50_000
)

// writer commits batches on a connection of its own. Only Run's goroutine uses it,
// but for down and, until it has landed, the connection of a flight.
//
// Invariants:
//  1. Conditions and command ids are checked under the head's lock, in
//     statements of their own after the one that took it: against the log, or
//     against what the writer remembers of its own end when nobody else has appended.
//  2. A batch whose outcome is unknown is never sent again before its fate was
//     looked up under that lock, which its old transaction holds while it lives; one
//     that has not got it yet never will, for its session has been ended. Without
//     the right to end it, no batch is sent before it has that lock.
//  3. Every entry gets exactly one answer.
//  4. Nothing is appended to another log, or to an older state of this one, than
//     the process has seen.
//  5. What is planned while a batch is in flight counts its events as part of the
//     log, and is committed only after it, and not without it.
type writer struct {
	log       *slog.Logger
	metrics   *metrics
	id        uuid.UUID
	size      int64 // of new partitions
	config    *pgx.ConnConfig
	committed func([]protocol.Envelope)

	// down: the last attempt to connect failed.
	down atomic.Bool
	conn *pgx.Conn
	// session is the connection's, or that of the last one.
	session session
	// extendAt is the position from which partitions may be missing.
	extendAt domain.Position
	// head is the log's end as this writer left it, or will have when what is in
	// flight lands; its log is unset when that is not known. wary counts the batches
	// for which it is not relied on.
	head storedHead
	wary int
	// own are the events that this writer appended last, up to head.
	own window
	// marks counts the batches that were prepared to fly, see checkPresumption.
	marks int64
	// reach is a position that the head is thought not to have passed.
	reach domain.Position
	// last is the newest event that this process knows to be in the log.
	last   domain.Position
	lastID uuid.UUID
}

// Run commits what Execute decides, until ctx ends: then what waits is
// finished, and Run returns nil. It fails with ErrOtherLog alone; a lost server
// is waited for. Run is called once.
func (s *Store) Run(ctx context.Context) error {
	defer s.writer.disconnect()
	var watching sync.WaitGroup
	watched, stop := context.WithCancel(ctx)
	watching.Go(func() { s.pulse.run(watched) })
	defer watching.Wait()
	defer stop()
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	err := s.writer.probe(ctx)
	for err == nil {
		select {
		case <-ctx.Done():
			s.box.close()
			return s.drain()
		case <-s.box.wake:
			err = s.drain()
		case <-probe.C:
			err = s.writer.probe(ctx)
		}
	}
	s.box.close()
	s.refuseWaiting(err)
	return err
}

// drain commits until nothing waits.
func (s *Store) drain() error {
	w := s.writer
	for batch := s.box.take(); len(batch) > 0; batch = s.box.take() {
		if err := w.serve(batch, s.box); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) refuseWaiting(err error) {
	for batch := s.box.take(); len(batch) > 0; batch = s.box.take() {
		refuse(batch, err)
	}
}

func refuse(batch []*entry, err error) {
	for _, e := range batch {
		e.done <- answer{err: err}
	}
}

// insist brings a batch to its end by looking at the log. sent is set if it may
// have been committed already.
func (w *writer) insist(batch []*entry, sent *plan) error {
	ctx := context.Background() // what was begun is finished, within the limits
	lost, deadline := sent, time.Now().Add(resolveLimit)
	for try := 1; ; try++ {
		p, err := w.attempt(ctx, batch, &sent)
		switch {
		case err == nil:
			w.settle(p)
			return nil
		case errors.Is(err, ErrOtherLog):
			refuse(batch, err)
			return err
		case sent == nil && blames(err):
			return w.isolate(batch, err)
		case sent == nil && definite(err): // such as a full disk, a lock's timeout, a read-only standby
			w.abort()
			refuse(batch, fmt.Errorf("%w: %w", ErrUnavailable, err))
			return nil
		}
		w.disconnect()
		if sent != lost { // its answer alone may have been awaited for longer than the limit
			lost, deadline = sent, time.Now().Add(resolveLimit)
		}
		switch {
		case sent == nil && try > 1:
			refuse(batch, fmt.Errorf("%w: %w", ErrUnavailable, err))
			return nil
		case sent != nil && time.Now().After(deadline):
			w.log.Error("the outcome of a commit stays unknown", "commands", len(batch), "error", err)
			refuse(batch, fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrUnknownOutcome, err))
			return nil
		case sent != nil && (w.down.Load() || definite(err)):
			time.Sleep(probeEvery / 4)
		}
	}
}

// attempt runs one transaction for the batch, and leaves the writer behind it. sent
// is set from the moment when a commit may have happened until it is known that it
// did not.
func (w *writer) attempt(ctx context.Context, batch []*entry, sent **plan) (*plan, error) {
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, batchLimit)
	defer cancel()
	seen, err := w.inspect(ctx, batch, *sent)
	if err != nil {
		return nil, err
	}
	if seen.head.log != w.id {
		return nil, ErrOtherLog
	}
	if *sent != nil {
		w.metrics.resolved.Inc()
		if (*sent).committedAs(seen.first) {
			w.advance(*sent)
			return *sent, w.rollback(ctx)
		}
		*sent = nil
	}
	p := makePlan(batch, seen, time.Now())
	if p.empty() {
		w.advance(p)
		return p, w.rollback(ctx)
	}
	w.head = storedHead{}
	if err := w.extend(ctx, p.head.Position); err != nil {
		return nil, err
	}
	*sent = p
	err = commit(w.conn, p)
	switch {
	case err == nil:
		w.advance(p)
	case definite(err):
		*sent = nil
	}
	return p, err
}

// inspect looks at the whole log. Where it ends is known only once its lock is
// held; when others have appended far beyond what was thought, it looks again.
func (w *writer) inspect(ctx context.Context, batch []*entry, sent *plan) (inspection, error) {
	for {
		seen, err := inspect(ctx, w.conn, batch, sent, w.reach)
		if err != nil || seen.head.log != w.id || seen.head.Position <= w.reach {
			if err == nil && seen.head.Position > w.reach-reachAhead/2 {
				w.reach = seen.head.Position + reachAhead
			}
			return seen, err
		}
		w.reach = seen.head.Position + reachAhead
		if err := w.rollback(ctx); err != nil {
			return seen, err
		}
	}
}

// extend keeps partitions ready ahead of the log, rarely, under the head's lock.
func (w *writer) extend(ctx context.Context, head domain.Position) error {
	if head < w.extendAt {
		return nil
	}
	return w.conn.QueryRow(ctx, extendLog, head, w.size).Scan(&w.extendAt)
}

// isolate finds the entry that the server refuses: one must not take the others down.
func (w *writer) isolate(batch []*entry, err error) error {
	w.abort()
	if len(batch) == 1 {
		refuse(batch, fmt.Errorf("append: %w", err))
		return nil
	}
	for i := range batch {
		if err := w.insist(batch[i:i+1], nil); err != nil {
			refuse(batch[i+1:], err)
			return err
		}
	}
	return nil
}

// settle tells everybody of a batch that was committed: listeners first, so that
// whoever gets an answer finds the relay informed.
func (w *writer) settle(p *plan) {
	if n := len(p.events); n > 0 {
		w.last, w.lastID = p.events[n-1].Position, p.events[n-1].ID
		w.committed(p.events)
	}
	w.metrics.commands.Observe(float64(len(p.batch)))
	w.metrics.events.Observe(float64(len(p.events)))
	for _, a := range p.answers {
		if errors.Is(a.err, errConflict) {
			w.metrics.conflicts.Inc()
		}
	}
	p.tell()
}

// abort ends a transaction that has failed, and with it what extend created.
func (w *writer) abort() {
	ctx, cancel := context.WithTimeout(context.Background(), batchLimit)
	defer cancel()
	if err := w.rollback(ctx); err != nil {
		w.disconnect()
	}
	w.extendAt = 0
	w.forget()
}

func (w *writer) rollback(ctx context.Context) error {
	_, err := w.conn.Exec(ctx, "ROLLBACK")
	return err
}
