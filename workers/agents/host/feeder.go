package host

import (
	"context"
	"encoding/json"
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

// feeder feeds the executor and the account keys with the host's work.
//
// Invariants:
//  1. Nothing reaches the executor or the account keys but the work that the control
//     plane has signed as its answer to a question of this host. An event, whoever sent
//     it, only leads to a question: for the attempts that it names, which are assigned if
//     they are open, or for all work.
//  2. Events are followed only after a control plane of the host's own log has given
//     the work; after a delivery has ended, the work is asked for again.
//  3. An attempt that was accepted before the work's position and is not in the work is
//     not begun.
//  4. What an event that went to a delivery before would have told is asked for once that
//     delivery's requests have expired.
//  5. Work that is older than an event which came is asked for again, less and less
//     often, so that an event that never happened costs little.
type feeder struct {
	follower *Follower
	// heard says that the host has got its work at least once.
	heard bool
	// wanted is the highest position among the events that came and asked for all work.
	wanted domain.Position
	// news are the attempts that events told of, for the next question; all says that an
	// event told of something else.
	news []protocol.AttemptName
	all  bool
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
	pull.Unpin(ctx, fd.follower.cfg.NC, protocol.HostConsumer(fd.follower.cfg.ID))
	if err := fd.work(ctx); err != nil {
		return err
	}
	// Until then a request of the delivery before this one may still take an event.
	again := time.AfterFunc(pull.Expires+backoff.Jitter(pull.Expires/10), func() { signal(fd.follower.askWork) })
	defer again.Stop()
	return pull.Feed{
		NC: fd.follower.cfg.NC, Consumer: protocol.HostConsumer(fd.follower.cfg.ID), Key: fd.follower.cfg.ID, Log: fd.follower.cfg.Log,
		Event: fd.take,
		Idle:  func() error { return fd.askNews(ctx) },
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

// take notes what an event is about, unless the work that the host has is newer.
func (fd *feeder) take(e protocol.Envelope) error {
	if e.Position <= domain.Position(fd.follower.seen.Load()) {
		return nil
	}
	var accepted struct {
		Task string `json:"task"`
	}
	if e.Type == (ops.AttemptAccepted{}).EventType() && len(fd.news) < protocol.MaxNamed && json.Unmarshal(e.Data, &accepted) == nil {
		fd.news = append(fd.news, protocol.AttemptName{Task: accepted.Task, Attempt: e.Position})
		return nil
	}
	fd.wanted, fd.all = max(fd.wanted, e.Position), true
	return nil
}

// askNews asks for what the events were about.
func (fd *feeder) askNews(ctx context.Context) error {
	news, all := fd.news, fd.all
	fd.news, fd.all = nil, false
	switch {
	case all:
		return fd.work(ctx)
	case len(news) == 0:
		return nil
	}
	work, err := fd.follower.fetchPage(ctx, protocol.HostWorkRequest{Only: news})
	if err != nil {
		return err
	}
	for _, item := range work.Attempts {
		if err := fd.follower.takeItem(item); err != nil {
			return brokenError{err}
		}
	}
	signal(fd.follower.changed)
	if work.More {
		return fd.work(ctx)
	}
	return nil
}
