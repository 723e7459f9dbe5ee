package nameserver

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/pull"
)

// consume hands events to the engine as they come. It returns errAgain when
// delivery is to begin anew at the checkpoint, errResync when a snapshot is needed,
// and what [pull.Feed.Follow] returns.
func (f *follower) consume(ctx context.Context) error {
	return pull.Feed{
		NC: f.agent.cfg.NC, Consumer: protocol.Consumer(f.agent.cfg.ID), Log: f.log,
		Event: f.take,
		Wake:  f.agent.beaconCame, Woken: func() error { return f.compare(*f.agent.beacon.Load(), time.Now()) },
	}.Follow(ctx)
}

// take hands an event to the engine, if it is the next.
func (f *follower) take(e protocol.Envelope) error {
	switch judge(f.checkpoint, e.Prev, e.Position) {
	case repeated:
		return nil
	case gap:
		return f.gap(fmt.Sprintf("event %d follows %d, which never came", e.Position, e.Prev))
	}
	recorded, err := e.Decode(f.agent.cfg.Codec)
	if err != nil {
		return fmt.Errorf("%w: %w", errResync, err)
	}
	if err := f.agent.cfg.Engine.Take(recorded); err != nil {
		return fmt.Errorf("%w: event %d does not fit: %w", errResync, e.Position, err)
	}
	f.checkpoint, f.repeated = e.Position, false
	f.progress(time.Now())
	return nil
}

// gap decides what closes a gap after the checkpoint.
func (f *follower) gap(seen string) error {
	reason := errAgain
	if f.repeated {
		reason = errResync
	}
	f.repeated = true
	return fmt.Errorf("%w: %s", reason, seen)
}

// compare takes what a beacon says about the end of the log. A quiet log shows
// no gap, so an agent that is short of the end and gets nothing treats that as one.
func (f *follower) compare(b protocol.Beacon, now time.Time) error {
	switch {
	case b.Log == uuid.Nil:
	case b.Log != f.logID:
		return fmt.Errorf("%w: the control plane speaks of log %s", errResync, b.Log)
	case b.LastDNS <= f.checkpoint:
		f.goal = 0
	case f.goal == 0:
		f.goal, f.since = b.LastDNS, now
	case now.Sub(f.since) >= staleAfter:
		f.since = now
		return f.gap(fmt.Sprintf("event %d exists and does not come", f.goal))
	}
	return nil
}

// progress notes that an event came, after which waiting begins anew.
func (f *follower) progress(now time.Time) {
	f.since = now
	if f.checkpoint >= f.goal {
		f.goal = 0
	}
}
