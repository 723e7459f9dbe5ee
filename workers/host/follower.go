package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/workers/protocol"
	"github.com/opsledger/opsledger/workers/pull"
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
	first bool
}

func newFollower(a *Agent) *follower { return &follower{agent: a, first: true} }

// run returns nil when ctx ends, ErrClosed when the connection does.
func (f *follower) run(ctx context.Context) error {
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
		case errors.Is(err, pull.ErrEnded), errors.Is(err, errSilence), !f.agent.cfg.NC.IsConnected():
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

// errSilence says that nothing came, not even a sign that something may.
var errSilence = errors.New("nothing comes")

// brokenError is of an executor that cannot go on.
type brokenError struct{ error }

// round asks for the work and follows the news until something is wrong.
func (f *follower) round(ctx context.Context) error {
	if err := f.work(ctx); err != nil {
		return err
	}
	d, err := pull.Start(f.agent.cfg.NC, protocol.HostConsumer(f.agent.cfg.ID))
	if err != nil {
		return err
	}
	defer d.Close()
	return f.follow(ctx, d)
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
	if f.first {
		f.first = false
		close(f.agent.ready)
		signal(f.agent.aliveNow)
	}
	return nil
}

func (f *follower) follow(ctx context.Context, d *pull.Delivery) error {
	nc := f.agent.cfg.NC
	lost := nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	defer nc.RemoveStatusListener(lost)
	quiet, again := time.NewTimer(pull.Silence), time.NewTimer(backoff.Jitter(workEvery))
	defer quiet.Stop()
	defer again.Stop()
	acks := pull.Acker{NC: nc}
	defer acks.Flush()
	for {
		if err := d.Refill(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-lost:
			return fmt.Errorf("%w: the connection was lost", pull.ErrEnded)
		case <-quiet.C:
			return fmt.Errorf("%w for %s", errSilence, pull.Silence)
		case <-again.C:
			again.Reset(backoff.Jitter(workEvery))
			signal(f.agent.askWork)
		case <-f.agent.askWork:
			if err := f.work(ctx); err != nil {
				return err
			}
			quiet.Reset(pull.Silence)
		case m := <-d.Messages():
			quiet.Reset(pull.Silence)
			if err := f.take(d, m, &acks); err != nil {
				return err
			}
			if len(d.Messages()) == 0 {
				acks.Flush()
			}
		}
	}
}

// take handles one message. One that is not the log's word to this host is dropped.
func (f *follower) take(d *pull.Delivery, m *nats.Msg, acks *pull.Acker) error {
	isStatus, err := d.Status(m)
	if isStatus || err != nil {
		return err
	}
	e, err := d.Event(m)
	if err == nil && e.Key != f.agent.cfg.ID {
		err = fmt.Errorf("it is for host %d", e.Key)
	}
	if err != nil {
		f.agent.cfg.Log.Warn("dropped a message that is not of the log", "subject", m.Subject, "error", err)
		return nil
	}
	if err := f.apply(e); err != nil {
		return err
	}
	acks.Add(m)
	return nil
}

func (f *follower) apply(e eventstore.Envelope) error {
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
