package nameserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/pull"
)

// consume hands events to the engine as they come. It returns errRedeliver if the
// delivery has to begin anew at the checkpoint, errNeedSnapshot if the engine needs a
// snapshot, and the errors of [pull.Feed.Follow].
func (fd *feeder) consume(ctx context.Context) error {
	fd.delivering, fd.begun = time.Now(), false
	return pull.Feed{
		NC: fd.follower.cfg.NC, Consumer: protocol.Consumer(fd.follower.cfg.ID), From: fd.from(), Log: fd.log,
		Check: fd.check,
		Event: fd.take,
		Wake:  fd.follower.headCame, OnWake: func() error { return fd.compare(*fd.follower.head.Load(), time.Now()) },
	}.Follow(ctx)
}

// check wants the control plane's seal on each event that is news. A message without it
// may be anybody's, or older than the key in the credentials: a snapshot says what is true.
func (fd *feeder) check(m *nats.Msg, e protocol.Envelope) error {
	if e.Position <= fd.last() {
		return nil
	}
	if err := fd.seals.Verify(fd.logID, m.Data, m.Header.Get(protocol.HeaderSeal)); err != nil {
		return fmt.Errorf("%w: event %d: %w", errNeedSnapshot, e.Position, err)
	}
	return nil
}

// last is the position of the last event that has come, or that the engine has.
func (fd *feeder) last() domain.Position {
	if n := len(fd.change); n > 0 {
		return fd.change[n-1].Position
	}
	return fd.checkpoint
}

// take takes an event if it is the next one, and hands its change to the engine if it is
// the last of that.
func (fd *feeder) take(e protocol.Envelope) error {
	if !fd.begun { // the delivery took its time; what it brings has not been waited for yet
		fd.begun, fd.since = true, time.Now()
	}
	switch classify(fd.last(), e.Prev, e.Position) {
	case duplicate:
		return nil
	case gap:
		return fd.gap(fmt.Sprintf("event %d follows %d, which never came", e.Position, e.Prev))
	}
	recorded, err := e.Decode(fd.follower.cfg.Codec)
	if err != nil {
		return fmt.Errorf("%w: %w", errNeedSnapshot, err)
	}
	if n := len(fd.change); n > 0 && e.MoreOwn != fd.change[n-1].More-1 || e.MoreOwn < 0 || e.MoreOwn >= protocol.MaxChange {
		return fmt.Errorf("%w: event %d is not what its change was to go on with", errNeedSnapshot, e.Position)
	}
	fd.change = append(fd.change, recorded)
	if e.MoreOwn == 0 {
		if err := fd.follower.cfg.Engine.Take(bind.Change{Events: fd.change, End: e.ChangeEnd()}); err != nil {
			return fmt.Errorf("%w: event %d does not fit: %w", errNeedSnapshot, e.Position, err)
		}
		fd.checkpoint, fd.anchor, fd.change = e.ChangeEnd(), e.Position, nil
		fd.redelivered, fd.stale = false, staleAfter
		fd.begin()
	}
	fd.progress(time.Now())
	return nil
}

// gap decides how a gap after the checkpoint is closed: the first time by a new
// delivery, then by a snapshot.
func (fd *feeder) gap(seen string) error {
	reason := errRedeliver
	if fd.redelivered {
		reason = errNeedSnapshot
	}
	fd.redelivered = true
	return fmt.Errorf("%w: %s", reason, seen)
}

// compare takes an announcement of the log's end. While no new events come, no event
// shows that some were lost; so an agent that stays short of the announced end treats
// this as a gap.
func (fd *feeder) compare(b protocol.HeadAnnouncement, now time.Time) error {
	switch {
	case b.Log == uuid.Nil:
	case b.Log != fd.logID:
		return fmt.Errorf("%w: the control plane speaks of log %s", errNeedSnapshot, b.Log)
	case b.LastDNS <= fd.checkpoint:
		fd.announced = 0
	case fd.announced == 0:
		fd.announced, fd.since = b.LastDNS, now
	case now.Sub(fd.since) >= max(fd.stale, staleAfter):
		return fd.missed(now)
	}
	return nil
}

// missed decides what is done about an event that exists and does not come.
func (fd *feeder) missed(now time.Time) error {
	if !fd.begun && now.Sub(fd.delivering) < unbegunAfter {
		return nil
	}
	fd.since = now
	fd.redelivered = fd.redelivered || !fd.begun // the feed has tried more than once
	err := fd.gap(fmt.Sprintf("event %d exists and does not come", fd.announced))
	if errors.Is(err, errNeedSnapshot) {
		fd.stale = min(2*max(fd.stale, staleAfter), staleMost)
	}
	return err
}

// progress notes that an event came: the wait for the announced end begins anew.
func (fd *feeder) progress(now time.Time) {
	fd.since = now
	if fd.checkpoint >= fd.announced {
		fd.announced = 0
	}
}
