package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/workers/protocol"
	"github.com/opsledger/opsledger/workers/pull"
)

// consume hands messages to the engine as they come. It returns errAgain when
// delivery is to begin anew at the checkpoint, errResync when a snapshot is needed.
func (f *follower) consume(ctx context.Context, d *pull.Delivery) error {
	nc := f.agent.cfg.NC
	reconnected := nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer nc.RemoveStatusListener(reconnected)
	quiet := time.NewTimer(pull.Silence)
	defer quiet.Stop()
	acks := pull.Acker{NC: nc}
	defer acks.Flush()
	for {
		if err := d.Refill(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-reconnected:
			return fmt.Errorf("%w: the connection was lost", errAgain)
		case <-quiet.C:
			return fmt.Errorf("%w: nothing came for %s", errAgain, pull.Silence)
		case b := <-f.agent.beacons:
			if err := f.compare(b, time.Now()); err != nil {
				return err
			}
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

// take handles one message.
func (f *follower) take(d *pull.Delivery, m *nats.Msg, acks *pull.Acker) error {
	isStatus, err := d.Status(m)
	if err != nil {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	if isStatus {
		return nil
	}
	e, err := d.Event(m)
	if err != nil {
		f.log.Warn("dropped a message that is not of the log", "subject", m.Subject, "error", err)
		return nil
	}
	switch judge(f.checkpoint, e.Prev, e.Position) {
	case gap:
		return f.gap(fmt.Sprintf("event %d follows %d, which never came", e.Position, e.Prev))
	case next:
		recorded, err := e.Decode(f.agent.cfg.Codec)
		if err != nil {
			return fmt.Errorf("%w: %w", errResync, err)
		}
		if err := f.agent.cfg.Engine.Apply(recorded); err != nil {
			return fmt.Errorf("%w: event %d does not fit: %w", errResync, e.Position, err)
		}
		f.checkpoint, f.repeated = e.Position, false
		f.progress(time.Now())
	}
	acks.Add(m)
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
