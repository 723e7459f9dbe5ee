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
	// probeEvery is how often a lost server is looked for while nobody appends.
	probeEvery = 200 * time.Millisecond
)

// writer commits the entries in the mailbox, in batches, on a connection of its own.
// Only the goroutine of Run uses it, but for what is atomic.
//
// Invariants:
//  1. Conditions and command ids are checked under the head's lock, in statements
//     of their own after the one that took it: against the log, or, while nobody
//     else has appended, against the writer's recent events and the primary key.
//  2. A batch whose outcome is unknown is never sent again before its fate was
//     looked up under that lock. The batch's old transaction holds the lock while it
//     lives, and cannot get it later, for its session was ended. Without the right
//     to end that session, no batch is sent before it has the lock.
//  3. Every entry gets exactly one answer.
//  4. Nothing is appended to another log, or to an older state of this one, than
//     the process has seen.
//  5. An entry of another process is appended only in the term that it was sent in: while
//     the log ends where this writer left it. See [Handover].
type writer struct {
	log       *slog.Logger
	metrics   *metrics
	id        uuid.UUID
	size      int64 // of new partitions
	config    *pgx.ConnConfig
	box       *mailbox
	committed func([]protocol.Envelope)

	// handover hands batches over to another process, nil for none.
	handover atomic.Pointer[Handover]
	// down: the last attempt to connect failed.
	down atomic.Bool
	// refused is why the server refused a batch, until it takes one; see [Store.Writable].
	refused atomic.Pointer[refusal]
	conn    *pgx.Conn
	// session is the connection's, or that of the last one.
	session session
	// inspections is the number of batches that are to be committed with a look.
	inspections int

	// extendAt is the position from which partitions may be missing.
	extendAt domain.Position
	// searchLimit is a position that the head is thought not to have passed.
	searchLimit domain.Position
	// head is the log's end as this writer left it. Its log is unset when that is not known.
	head storedHead
	// term is the time since which nobody else has appended. It is 0 while head is not known.
	term uint64
	// passed is a position that the log is known to have passed.
	passed atomic.Int64
	// recent are the events that this writer appended last, up to head.
	recent recentEvents
	// last is the newest event that this process knows to be in the log.
	last   domain.Position
	lastID uuid.UUID
}

// Run commits what Execute decides, until ctx ends: then it finishes what waits and
// returns nil. Its only error is ErrOtherLog; a lost server is waited for. Run is
// called once.
func (s *Store) Run(ctx context.Context) error {
	defer s.writer.disconnect()
	var watching sync.WaitGroup
	watched, stop := context.WithCancel(ctx)
	watching.Go(func() { s.pulse.run(watched) })
	defer watching.Wait()
	defer stop()
	err := s.writer.run(ctx)
	s.box.close()
	s.writer.refuseWaiting(err)
	return err
}

// run appends what waits in the mailbox. What arrives while a batch is being
// committed becomes the next one.
func (w *writer) run(ctx context.Context) error {
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	err := w.probe(ctx)
	for err == nil {
		select {
		case <-ctx.Done():
			w.box.close()
			return w.finish()
		case <-w.box.wake:
			err = w.append(w.box.take())
		case <-probe.C:
			err = w.probe(ctx)
		}
	}
	return err
}

// finish appends until nothing waits.
func (w *writer) finish() error {
	for batch := w.box.take(); len(batch) > 0; batch = w.box.take() {
		if err := w.append(batch); err != nil {
			return err
		}
	}
	return nil
}

// advance puts the writer behind the plan's events.
func (w *writer) advance(p *plan) {
	w.recent.add(p.head.Position-domain.Position(len(p.events)), p.events, p.tags)
	w.head = storedHead{Head: p.head, log: w.id}
}

// settle tells everybody of a batch that was committed: listeners first, so that
// whoever gets an answer finds the relay informed.
func (w *writer) settle(p *plan) {
	if n := len(p.events); n > 0 {
		w.refused.Store(nil)
		w.saw(p.events[n-1])
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

// saw takes note of the newest event that is known to be in the log.
func (w *writer) saw(e protocol.Envelope) {
	w.last, w.lastID = e.Position, e.ID
	w.passed.Store(int64(e.Position))
}

func (w *writer) refuseWaiting(err error) {
	for batch := w.box.take(); len(batch) > 0; batch = w.box.take() {
		refuse(batch, err)
	}
}

func refuse(batch []*entry, err error) {
	for _, e := range batch {
		if e.doubtful() && !errors.Is(err, ErrUnknownOutcome) {
			e.done <- answer{err: fmt.Errorf("%w: %w", ErrUnknownOutcome, err)}
			continue
		}
		e.done <- answer{err: err}
	}
}
