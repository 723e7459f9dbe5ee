package host

import (
	"context"
	"errors"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/pull"
)

// workEvery is how often the host asks for its work when nothing tells it to.
const workEvery = 5 * time.Minute

// feeder feeds the executor and the account keys with the host's work.
//
// Invariants:
//  1. Nothing reaches the executor or the account keys but the work that the control
//     plane has signed as its answer to a question of this host. An event, whoever sent
//     it, only leads to that question.
//  2. Events are followed only after a control plane of the host's own log has given
//     the work; after a delivery has ended, the work is asked for again.
//  3. An attempt that was accepted before the work's position and is not in the work is
//     not begun.
//  4. Work that is older than an event which came is asked for again, less and less
//     often, so that an event that never happened costs little.
type feeder struct {
	follower *Follower
	// heard says that the host has got its work at least once.
	heard bool
	// wanted is the highest position among the events that came.
	wanted domain.Position
	// nextAsk asks for the work when the last time was long ago, or when the work was
	// older than wanted; nil before run.
	nextAsk *time.Timer
	late    backoff.Growing
}

func newFeeder(f *Follower) *feeder {
	return &feeder{follower: f, late: backoff.Growing{Least: 50 * time.Millisecond, Most: workEvery}}
}

// run returns nil when ctx ends, and ErrClosed when the connection is closed.
func (fd *feeder) run(ctx context.Context) error {
	fd.nextAsk = time.AfterFunc(backoff.Jitter(workEvery), func() { signal(fd.follower.askWork) })
	defer fd.nextAsk.Stop()
	pause := backoff.Growing{Least: 100 * time.Millisecond, Most: 5 * time.Second}
	for ctx.Err() == nil {
		if fd.follower.cfg.NC.IsClosed() {
			return ErrClosed
		}
		began := time.Now()
		err := fd.follow(ctx)
		var broken brokenError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &broken):
			return broken.error
		case errors.Is(err, pull.ErrEnded), !fd.follower.cfg.NC.IsConnected():
			fd.follower.cfg.Log.Debug("following the log anew", "reason", err)
		default:
			fd.follower.cfg.Log.Warn("cannot follow the log, will try again", "error", err)
		}
		if time.Since(began) > 2*pause.Most {
			pause.Reset()
		}
		wake := fd.follower.askWork
		if errors.Is(err, protocol.ErrNotGenuine) {
			wake = nil // whoever answers falsely does not say when to ask again
		}
		pause.Wait(ctx, wake)
	}
	return nil
}

// brokenError wraps the error of an executor that cannot go on.
type brokenError struct{ error }

// follow asks for the work and follows the events until something is wrong.
func (fd *feeder) follow(ctx context.Context) error {
	if err := fd.work(ctx); err != nil {
		return err
	}
	return pull.Feed{
		NC: fd.follower.cfg.NC, Consumer: protocol.HostConsumer(fd.follower.cfg.ID), Key: fd.follower.cfg.ID, Log: fd.follower.cfg.Log,
		Event: fd.take,
		Wake:  fd.follower.askWork, OnWake: func() error { return fd.work(ctx) },
	}.Follow(ctx)
}

// work asks for the host's work and hands it over.
func (fd *feeder) work(ctx context.Context) error {
	select {
	case <-fd.follower.askWork: // this answer serves an earlier request as well
	default:
	}
	running := fd.follower.running()
	work, err := fd.follower.fetchWork(ctx, running)
	if err != nil {
		return err
	}
	if err := fd.follower.takeWork(work, running); err != nil {
		return brokenError{err}
	}
	if work.Position < fd.wanted {
		fd.nextAsk.Reset(fd.late.Next())
	} else {
		fd.late.Reset()
		fd.nextAsk.Reset(backoff.Jitter(workEvery))
	}
	if !fd.heard {
		fd.heard = true
		close(fd.follower.ready)
		signal(fd.follower.heartbeatNow)
	}
	return nil
}

// take lets an event wake the host, unless the work that it has is newer.
func (fd *feeder) take(e protocol.Envelope) error {
	fd.wanted = max(fd.wanted, e.Position)
	if e.Position > domain.Position(fd.follower.seen.Load()) {
		signal(fd.follower.askWork)
	}
	return nil
}
