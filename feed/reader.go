package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// MostBehind is how many events of the log a reader may be behind its end that had come to
	// it before.
	MostBehind = 10_000
	// portion is how many events are shown at once at most, portionBytes about how much data they
	// have: for each portion the rights of its reader are looked at anew.
	portion, portionBytes = 100, 1 << 20
	// watchEvery is how often all readers are looked at, whether they may still read.
	watchEvery = 50 * time.Millisecond
)

var (
	// ErrBehind says that a reader has fallen too far behind.
	ErrBehind = errors.New("the reader is too far behind the end of the log")
	// ErrEnded says that whoever reads may do so no longer.
	ErrEnded = errors.New("who reads may read no longer")
)

// Reader follows the log for one user. It is for one goroutine.
//
// Invariants:
//  1. It gives the events that the user sees and asked for behind a position, in the order
//     of the log, each once, and leaves none out.
//  2. Rights are those of at most 50 ms before Next returns, for each event.
//  3. It ends within 100 ms of its user, and of what the user showed.
//  4. It is cut if it was at the log's end and has been too far behind for two portions
//     running, and for nothing that the log or the read models do.
type Reader struct {
	feed *Feed
	// ctx ends with the reader, for a cause.
	ctx      context.Context
	end      context.CancelCauseFunc
	people   People
	who      *identity.User
	selected eventstore.Selection
	// at is the last position that was given, or is not to be given.
	at domain.Position
	// taken are events behind at, which come before all others; reached is the position that
	// they go up to. They are alone if they are not of the window, and held for this reader.
	taken   []*event
	reached domain.Position
	alone   bool
	// live: the reader has been at the log's end, and that has not leapt beyond it since. late: it
	// was too far behind when it had its last portion. A leap makes one that reads too slowly one
	// that catches up: it is not cut before what comes next to it is new again.
	live, late bool
	// single: it gives one event at a time, and is never cut, see [Feed.FollowSingly].
	single bool
}

// People knows who reads, as they are now: see [identity.Service.Again].
type People interface {
	Again(ctx context.Context, who *identity.User) (*identity.User, error)
}

// Follow begins to read behind a position. Of the selection the bounds and the order do not
// count. Close must be called.
func (f *Feed) Follow(
	ctx context.Context, people People, who *identity.User, of eventstore.Selection, after domain.Position,
) *Reader {
	of.Newest, of.Limit, of.Bytes = false, portion, portionBytes
	return f.follow(ctx, &Reader{feed: f, people: people, who: who, selected: of, at: after, reached: after})
}

func (f *Feed) follow(ctx context.Context, r *Reader) *Reader {
	r.ctx, r.end = context.WithCancelCause(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readers[r] = struct{}{}
	f.arrive()
	return r
}

// Close ends the reader.
func (r *Reader) Close() {
	r.end(context.Canceled)
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	delete(r.feed.readers, r)
}

// Context ends with the one that was given to Follow, with the reader, or when the user may
// read no longer.
func (r *Reader) Context() context.Context { return r.ctx }

// Position is up to where the user has had everything.
func (r *Reader) Position() domain.Position { return r.at }

// Next returns the next events, at most 100; it waits for some until a time, after which it
// returns none. The error is [ErrEnded], [ErrBehind], or that of the context that was given to
// Follow. While the database is away Next waits for it.
func (r *Reader) Next(until time.Time) ([]Shown, error) {
	ctx, cancel := context.WithDeadline(r.ctx, until)
	defer cancel()
	pause := backoff.Growing{Least: retryMin, Most: retryMax}
	for {
		shown, err := r.step(ctx)
		switch {
		case r.ctx.Err() != nil:
			return nil, context.Cause(r.ctx)
		case ctx.Err() != nil:
			return nil, nil
		case errors.Is(err, ErrBehind), errors.Is(err, ErrEnded):
			return nil, err
		case err == nil && len(shown) > 0:
			return shown, nil
		case err != nil:
			r.feed.log.Debug("events are not shown yet", "error", err)
			pause.Wait(ctx, nil)
		default:
			pause.Reset()
		}
	}
}

// step goes on by a portion, or waits for news.
func (r *Reader) step(ctx context.Context) ([]Shown, error) {
	if len(r.taken) == 0 {
		r.at = r.reached
		return nil, r.take(ctx)
	}
	behind := r.behind()
	if behind && r.late && !r.single {
		return nil, ErrBehind
	}
	some := r.taken[:min(len(r.taken), portion)]
	if r.single {
		some = r.taken[:1]
	}
	if err := r.look(ctx, r.taken[:min(len(r.taken), r.ahead())]); err != nil {
		return nil, err
	}
	who, err := r.people.Again(ctx, r.who)
	if errors.Is(err, identity.ErrTokenInvalid) {
		return nil, ErrEnded
	}
	if err != nil {
		return nil, fmt.Errorf("who reads: %w", err)
	}
	shown, err := r.feed.show(ctx, who, some)
	if err == nil {
		r.at, r.taken, r.late = some[len(some)-1].Position, r.taken[len(some):], behind
	}
	return shown, err
}

// behind says whether the reader is too far behind the log's end. If that has leapt, the
// reader has to catch up.
func (r *Reader) behind() bool {
	to, leapt := r.feed.end()
	r.live = r.live && leapt <= r.at
	return r.live && to-r.at > MostBehind
}

// look makes sure that what rights on the events follow from is known as of now.
func (r *Reader) look(ctx context.Context, events []*event) error {
	if !r.alone {
		return r.feed.look(ctx, events)
	}
	if fresh(events) {
		return nil
	}
	return r.feed.fromLog(ctx, func() error { return r.feed.see(ctx, events) })
}

// take gets the next events that were asked for, or waits until there may be some.
func (r *Reader) take(ctx context.Context) error {
	events, held, to, news := r.feed.behind(r.at)
	switch {
	case held && len(events) == 0:
		r.live = r.live || to == r.at
		select {
		case <-news:
		case <-ctx.Done():
		}
		return nil
	case held:
		r.live, r.alone = true, false
		r.pick(events)
		return nil
	}
	part := r.selected
	part.After, part.UpTo = r.at, to
	return r.feed.fromLog(ctx, func() error {
		list, reached, err := r.feed.selected(ctx, part)
		if err == nil {
			r.taken, r.reached, r.alone = list, reached, true
			if !r.single {
				r.selected.Limit = nextLimit(part, list)
			}
		}
		return err
	})
}

// pick takes a portion of the window.
func (r *Reader) pick(events []*event) {
	r.taken = make([]*event, 0, min(len(events), portion)) // of its own: it must not hold the window
	size := 0
	for _, e := range events {
		if r.reached = e.Position; !r.selected.Matches(&e.Envelope) {
			continue
		}
		r.taken = append(r.taken, e)
		if size += len(e.Data); len(r.taken) == portion || size >= portionBytes {
			return
		}
	}
}

// watch ends the readers whose user may read no longer, until ctx ends. While nobody can tell
// they go on: they get nothing then.
func (f *Feed) watch(ctx context.Context) {
	for backoff.Sleep(ctx, watchEvery) {
		for _, r := range f.followers() {
			if _, err := r.people.Again(ctx, r.who); errors.Is(err, identity.ErrTokenInvalid) {
				r.end(ErrEnded)
			}
		}
	}
}

func (f *Feed) followers() []*Reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*Reader, 0, len(f.readers))
	for r := range f.readers {
		list = append(list, r)
	}
	return list
}
