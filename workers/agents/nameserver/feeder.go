package nameserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/pull"
)

// Why a delivery ended, other than that ctx did.
var (
	// errRedeliver: events are to be delivered again from the checkpoint on.
	errRedeliver = errors.New("delivery is to be repeated")
	// errNeedSnapshot: a new delivery cannot help, the engine needs a snapshot.
	errNeedSnapshot = errors.New("a snapshot is needed")
	// errSnapshotLags: the snapshot would take the engine back to an earlier state.
	errSnapshotLags = errors.New("the snapshot is behind")
)

const (
	// retryMin and retryMax bound the pause before what failed is tried again.
	retryMin = 20 * time.Millisecond
	retryMax = 2 * time.Second
	// staleAfter is how long an agent may be short of the announced end of the log,
	// without any event coming, before it assumes that events were lost.
	staleAfter = time.Second
	// unbegunAfter is how long a delivery that has brought nothing at all may be short of it:
	// until then the feed claims the consumer again and again.
	unbegunAfter = 8 * time.Second
	// staleMost bounds staleAfter, which doubles with each snapshot that it leads to: the
	// stream may not take what the log has, and snapshots are dear.
	staleMost = time.Minute
)

// feeder feeds the engine with snapshots and events.
//
// Invariants:
//  1. An event reaches the engine only if the engine has all dns events before it.
//  2. The engine's state and every event applied to it come from one log: after the
//     consumer was made anew (its stream may be another log's), a snapshot says which
//     log it is before an event is taken.
//  3. The engine gets nothing but what the control plane has signed: snapshots that
//     answer this agent's question, and sealed events of the same log, each once and in
//     order. So whoever runs the bus can withhold and delay, and nothing else.
//  4. A gap is closed by a new delivery; if the gap stays, by a snapshot. What a delivery
//     has not brought because it went elsewhere is no gap, see [pull.Feed]: a cut
//     connection, or a bus that changes its leaders, costs no snapshot.
//  5. The engine gets a change once all its dns events are there, and the checkpoint is
//     always a change's end.
type feeder struct {
	follower *Follower
	log      *slog.Logger

	// logID and checkpoint are the log and the position that the engine has; logID is
	// nil before the first snapshot.
	logID      uuid.UUID
	checkpoint domain.Position
	// change are the events of the change after the checkpoint that have come so far, all
	// but its last.
	change []domain.Recorded
	// anchor is the last dns event up to the checkpoint. A delivery begins with it, which
	// proves at once that the delivery has the consumer.
	anchor domain.Position
	seals  protocol.SealReader
	// consumer is the creation time of the consumer that belongs to logID.
	consumer time.Time
	// redelivered says that a gap after this checkpoint has led to a new delivery.
	redelivered bool
	// delivering is when the delivery began, and begun says that it has brought an event.
	delivering time.Time
	begun      bool

	// resuming is the last dns event that the engine is to have before it works with the state
	// that it had stored; 0 while it works.
	resuming domain.Position
	// spoilt says that the engine cannot take what it has stored.
	spoilt bool

	// announced is the announced end of the log, and since the time when it was first
	// missed or the last event came; announced is zero if it is reached.
	announced domain.Position
	since     time.Time
	// stale is how long the announced end may be missed, if that is longer than staleAfter.
	stale time.Duration
}

func newFeeder(f *Follower) *feeder {
	return &feeder{follower: f, log: f.cfg.Log, seals: protocol.SealReader{Key: f.cfg.Key}}
}

// run returns nil when ctx ends, and ErrClosed when the connection is closed.
func (fd *feeder) run(ctx context.Context) error {
	pause := backoff.Growing{Least: retryMin, Most: retryMax}
	for ctx.Err() == nil {
		if fd.follower.cfg.NC.IsClosed() {
			return ErrClosed
		}
		before, began := fd.checkpoint, time.Now()
		err := fd.deliver(ctx)
		if errors.Is(err, errNeedSnapshot) {
			fd.log.Warn("asking for a snapshot", "checkpoint", fd.checkpoint, "reason", err)
			err = fd.takeSnapshot(ctx, false)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, errRedeliver) && !errors.Is(err, pull.ErrEnded) {
			fd.log.Warn("cannot follow the log, will try again", "checkpoint", fd.checkpoint, "error", err)
		}
		if fd.checkpoint != before || time.Since(began) > 2*retryMax {
			pause.Reset() // it worked for a while: begin again at once
			continue
		}
		pause.Wait(ctx, nil)
	}
	return nil
}

// from is where a delivery begins.
func (fd *feeder) from() domain.Position { return max(fd.anchor, 1) }

// deliver resets the consumer to the last event that the engine has, and hands its messages
// to the engine until something is wrong.
func (fd *feeder) deliver(ctx context.Context) error {
	fd.change = nil // its events come again
	created, err := pull.Reset(ctx, fd.follower.cfg.NC, protocol.Consumer(fd.follower.cfg.ID), fd.from())
	if errors.Is(err, nats.ErrNoResponders) && fd.logID == uuid.Nil {
		return errNeedSnapshot // a snapshot can be served although there is no consumer yet
	}
	if err != nil {
		return err
	}
	if !created.Equal(fd.consumer) {
		if err := fd.takeSnapshot(ctx, true); err != nil {
			return err
		}
		fd.consumer = created
		return nil
	}
	return fd.consume(ctx)
}

// takeSnapshot gives the engine a snapshot. With onlyCompare the engine's state is not
// in doubt, only which log the consumer's stream holds; then a snapshot that is behind
// the engine changes nothing.
func (fd *feeder) takeSnapshot(ctx context.Context, onlyCompare bool) error {
	s, err := fd.follower.fetchSnapshot(ctx, fd.held())
	if err != nil {
		return err
	}
	if s.resume {
		return fd.resume(s)
	}
	if fd.behind(s) {
		if onlyCompare {
			return nil
		}
		return fmt.Errorf("%w: it is at %d, the agent at %d", errSnapshotLags, s.Position, fd.checkpoint)
	}
	if err := fd.follower.cfg.Engine.Reset(ctx, s.Snapshot); err != nil {
		return err
	}
	fd.log.Info("took a snapshot", "position", s.Position, "rows", len(s.Rows), "log", s.log, "before", fd.checkpoint)
	fd.logID, fd.checkpoint, fd.anchor, fd.change = s.log, s.Position, s.LastDNS, nil
	fd.redelivered, fd.announced, fd.resuming = false, 0, 0
	fd.follower.log.Store(&s.log)
	return nil
}

// behind says whether the snapshot shows an earlier state of the engine's log, so that
// taking it would undo changes for a while. It is not behind if the log itself is
// shorter than what the engine has: then the log was restored to an earlier state, and
// the events after it never happened.
func (fd *feeder) behind(s snapshot) bool {
	return s.log == fd.logID && s.Position < fd.checkpoint && fd.checkpoint <= s.head
}
