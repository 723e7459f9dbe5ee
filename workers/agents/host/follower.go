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

// follower keeps the host's state at what is wanted.
//
// Invariants:
//  1. Events are followed only after the work was heard of a control plane of the
//     host's own log; a delivery that broke off begins with the work again.
//  2. An attempt that was accepted before that work and is not in it is not begun.
//  3. An event is acknowledged after the executor's journal has it.
type follower struct {
	agent *Agent
	// heard says that the work was heard at least once.
	heard bool
	// again asks for the work when that was long ago; nil before run.
	again *time.Timer
}

func newFollower(a *Agent) *follower { return &follower{agent: a} }

// run returns nil when ctx ends, ErrClosed when the connection does.
func (f *follower) run(ctx context.Context) error {
	f.again = time.AfterFunc(backoff.Jitter(workEvery), func() { signal(f.agent.askWork) })
	defer f.again.Stop()
	pause := backoff.Growing{Least: 100 * time.Millisecond, Most: 5 * time.Second}
	for ctx.Err() == nil {
		if f.agent.cfg.NC.IsClosed() {
			return ErrClosed
		}
		began := time.Now()
		err := f.round(ctx)
		var broken brokenError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &broken):
			return broken.error
		case errors.Is(err, pull.ErrEnded), !f.agent.cfg.NC.IsConnected():
			f.agent.cfg.Log.Debug("following the log anew", "reason", err)
		default:
			f.agent.cfg.Log.Warn("cannot follow the log, will try again", "error", err)
		}
		if time.Since(began) > 2*pause.Most {
			pause.Reset()
		}
		pause.Wait(ctx, f.agent.askWork)
	}
	return nil
}

// brokenError is of an executor that cannot go on.
type brokenError struct{ error }

// round asks for the work and follows the news until something is wrong.
func (f *follower) round(ctx context.Context) error {
	if err := f.work(ctx); err != nil {
		return err
	}
	return pull.Feed{
		NC: f.agent.cfg.NC, Consumer: protocol.HostConsumer(f.agent.cfg.ID), Key: f.agent.cfg.ID, Log: f.agent.cfg.Log,
		Event: f.take,
		Wake:  f.agent.askWork, Woken: func() error { return f.work(ctx) },
	}.Follow(ctx)
}

// work asks what is wanted, and has it done.
func (f *follower) work(ctx context.Context) error {
	select {
	case <-f.agent.askWork: // what wished for it is served by this one
	default:
	}
	work, err := f.agent.fetchWork(ctx)
	if err != nil {
		return err
	}
	if err := f.agent.takeWork(work); err != nil {
		return brokenError{err}
	}
	f.again.Reset(backoff.Jitter(workEvery))
	if !f.heard {
		f.heard = true
		close(f.agent.ready)
		signal(f.agent.aliveNow)
	}
	return nil
}

// take has what an event says done.
func (f *follower) take(e protocol.Envelope) error {
	recorded, err := e.Decode(f.agent.cfg.Codec)
	if err != nil {
		// It cannot be understood by waiting; the work says what there is to do.
		f.agent.cfg.Log.Warn("an event is not understood", "error", err)
		signal(f.agent.askWork)
		return nil
	}
	if err := f.news(recorded); err != nil {
		return brokenError{err}
	}
	return nil
}

// news does what an event says, unless the work was newer.
func (f *follower) news(r domain.Recorded) error {
	a := f.agent
	old := r.Position <= domain.Position(a.seen.Load())
	defer signal(a.changed)
	switch e := r.Event.(type) {
	case ops.AttemptAccepted:
		if !old {
			return a.assign(e, r.Position)
		}
	case ops.CancelRequested:
		if !old || a.cfg.Tasks.Knows(e.Task, int64(e.Attempt)) {
			return a.cancel(e.Task, e.Attempt)
		}
	case ops.AccountKeysSet:
		if !old {
			a.keys.set(e, r.Position)
		}
	}
	return nil
}
