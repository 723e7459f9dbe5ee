package host

import (
	"context"
	"errors"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/pull"
)

// workEvery is how often the host asks for its work when nothing tells it to.
const workEvery = 5 * time.Minute

// feeder feeds the executor and the account keys with the host's work and with the
// events that change it.
//
// Invariants:
//  1. Events are followed only after a control plane of the host's own log has given
//     the work; after a delivery has ended, the work is asked for again.
//  2. An attempt that was accepted before the work's position and is not in the work is
//     not begun.
//  3. An event is acknowledged after the executor's journal has it.
type feeder struct {
	follower *Follower
	// heard says that the host has got its work at least once.
	heard bool
	// nextAsk asks for the work when the last time was long ago; nil before run.
	nextAsk *time.Timer
}

func newFeeder(f *Follower) *feeder { return &feeder{follower: f} }

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
		pause.Wait(ctx, fd.follower.askWork)
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
	work, err := fd.follower.fetchWork(ctx)
	if err != nil {
		return err
	}
	if err := fd.follower.takeWork(work); err != nil {
		return brokenError{err}
	}
	fd.nextAsk.Reset(backoff.Jitter(workEvery))
	if !fd.heard {
		fd.heard = true
		close(fd.follower.ready)
		signal(fd.follower.heartbeatNow)
	}
	return nil
}

// take decodes an event and hands it over.
func (fd *feeder) take(e protocol.Envelope) error {
	recorded, err := e.Decode(fd.follower.cfg.Codec)
	if err != nil {
		// Waiting would not help; the work says what the event meant.
		fd.follower.cfg.Log.Warn("an event is not understood", "error", err)
		signal(fd.follower.askWork)
		return nil
	}
	if err := fd.takeEvent(recorded); err != nil {
		return brokenError{err}
	}
	return nil
}

// takeEvent hands an event over, unless the work was newer.
func (fd *feeder) takeEvent(r domain.Recorded) error {
	f := fd.follower
	old := r.Position <= domain.Position(f.seen.Load())
	defer signal(f.changed)
	switch e := r.Event.(type) {
	case ops.AttemptAccepted:
		if !old {
			return f.assign(e, r.Position)
		}
	case ops.CancelRequested:
		if !old || f.cfg.Tasks.Knows(e.Task, int64(e.Attempt)) {
			return f.cancel(e.Task, e.Attempt)
		}
	case ops.AccountKeysSet:
		if !old {
			f.keys.set(e, r.Position)
		}
	}
	return nil
}
