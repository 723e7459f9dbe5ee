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
	// errAgain: deliver anew from the checkpoint on.
	errAgain = errors.New("delivery is to be repeated")
	// errResync: delivery cannot help, the engine needs a snapshot.
	errResync = errors.New("a snapshot is needed")
	// errSnapshotLags: the snapshot to be had would take the engine back.
	errSnapshotLags = errors.New("the snapshot is behind")
)

const (
	// retryMin and retryMax bound the pause before what failed is tried again.
	retryMin = 20 * time.Millisecond
	retryMax = 2 * time.Second
	// staleAfter is how long an agent may be short of the end of the log, with
	// nothing arriving, before it takes it that events were lost.
	staleAfter = time.Second
)

// follower brings the engine along the log.
//
// Invariants:
//  1. An event reaches the engine only if the engine has all dns events before it.
//  2. The engine's state and every event applied on it come from one log: a
//     consumer that was made anew (its stream may be another log's) is read only
//     after a snapshot has told the log.
//  3. A gap is closed by delivering again once; if that does not help, by a snapshot.
type follower struct {
	agent *Agent
	log   *slog.Logger

	// logID and checkpoint describe what the engine has; logID is nil before the first snapshot.
	logID      uuid.UUID
	checkpoint domain.Position
	// consumer is when the consumer was created that belongs to logID.
	consumer time.Time
	// repeated says that delivery was repeated at this checkpoint because of a gap.
	repeated bool

	// goal is what a beacon said is the end of the log, since is when; zero if reached.
	goal  domain.Position
	since time.Time
}

func newFollower(a *Agent) *follower { return &follower{agent: a, log: a.cfg.Log} }

// run returns nil when ctx ends, ErrClosed when the connection does.
func (f *follower) run(ctx context.Context) error {
	pause := backoff.Growing{Least: retryMin, Most: retryMax}
	for ctx.Err() == nil {
		if f.agent.cfg.NC.IsClosed() {
			return ErrClosed
		}
		before, began := f.checkpoint, time.Now()
		err := f.deliver(ctx)
		if errors.Is(err, errResync) {
			f.log.Warn("asking for a snapshot", "checkpoint", f.checkpoint, "reason", err)
			err = f.resync(ctx, false)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, errAgain) && !errors.Is(err, pull.ErrEnded) {
			f.log.Warn("cannot follow the log, will try again", "checkpoint", f.checkpoint, "error", err)
		}
		if f.checkpoint != before || time.Since(began) > 2*retryMax {
			pause.Reset() // it went well for a while: begin again at once
			continue
		}
		pause.Wait(ctx, nil)
	}
	return nil
}

// deliver sets the consumer to the checkpoint and hands its messages to the
// engine until something is wrong.
func (f *follower) deliver(ctx context.Context) error {
	created, err := pull.Reset(ctx, f.agent.cfg.NC, protocol.Consumer(f.agent.cfg.ID), f.checkpoint+1)
	if errors.Is(err, nats.ErrNoResponders) && f.logID == uuid.Nil {
		return errResync // serve what the snapshot says even while there is no consumer yet
	}
	if err != nil {
		return err
	}
	if !created.Equal(f.consumer) {
		if err := f.resync(ctx, true); err != nil {
			return err
		}
		f.consumer = created
		return nil
	}
	return f.consume(ctx)
}

// resync gives the engine a snapshot. With onlyCompare there is no doubt about
// the engine's state, only about the log that the consumer's stream holds.
func (f *follower) resync(ctx context.Context, onlyCompare bool) error {
	s, err := f.agent.fetchSnapshot(ctx)
	if err != nil {
		return err
	}
	if f.behind(s) {
		if onlyCompare {
			return nil
		}
		return fmt.Errorf("%w: it is at %d, the agent at %d", errSnapshotLags, s.Position, f.checkpoint)
	}
	if err := f.agent.cfg.Engine.Reset(ctx, s.Snapshot); err != nil {
		return err
	}
	f.log.Info("took a snapshot", "position", s.Position, "rows", len(s.Rows), "log", s.log, "before", f.checkpoint)
	f.logID, f.checkpoint, f.repeated, f.goal = s.log, s.Position, false, 0
	f.agent.log.Store(&s.log)
	return nil
}

// behind says whether the snapshot shows an earlier state of the log that the
// engine follows, so that taking it would undo changes for a while. It does not
// if the log itself is shorter than what the engine has: then it was put back to
// an earlier state, and what came after never happened.
func (f *follower) behind(s snapshot) bool {
	return s.log == f.logID && s.Position < f.checkpoint && f.checkpoint <= s.head
}
