package feed

import (
	"context"
	"errors"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// singleEvents and singleBytes bound what a reader holds of what is before the window that
	// gives one event at a time: there are thousands of them, and most wait for somebody else.
	singleEvents, singleBytes = 64, 64 << 10
	// singleAhead is of how many events such a reader looks at the rights at once.
	singleAhead = 16
	// singlePatience is for how long such a reader tries again what fails.
	singlePatience = 30 * time.Second
)

// FollowSingly is Follow for a reader whose events take long, each until the next may be given:
// rights are looked at anew for each, and however far behind it is, it is not cut.
func (f *Feed) FollowSingly(
	ctx context.Context, people People, who *identity.User, of eventstore.Selection, after domain.Position,
) *Reader {
	of.Newest, of.Limit, of.Bytes = false, singleEvents, singleBytes
	return f.follow(ctx, &Reader{feed: f, people: people, who: who, selected: of, at: after, reached: after, single: true})
}

// ahead is of how many events the rights are looked at at once.
func (r *Reader) ahead() int {
	if r.single {
		return singleAhead
	}
	return portion
}

// Through returns the next event up to a position that the read models have, and nil once there
// is none. The error is that of Next, or what has stood in the way for half a minute, the database
// for example: for a while Through waits for that to end.
func (r *Reader) Through(to domain.Position) (*Shown, error) {
	pause := backoff.Growing{Least: retryMin, Most: retryMax}
	good := time.Now()
	for r.at < to {
		shown, err := r.step(r.ctx)
		if err == nil {
			good = time.Now()
		}
		switch {
		case r.ctx.Err() != nil:
			return nil, context.Cause(r.ctx)
		case errors.Is(err, ErrEnded):
			return nil, err
		case err != nil && time.Since(good) > singlePatience:
			return nil, err
		case err != nil:
			r.feed.log.Debug("events are not shown yet", "error", err)
			pause.Wait(r.ctx, nil)
		case len(shown) > 0 && r.at <= to:
			return &shown[0], nil
		case len(shown) > 0:
			return nil, nil // it is beyond; whoever asks for more has a reader of their own
		}
	}
	return nil, nil
}

// Tail tells what has come into the log. It is for one goroutine, and for those who have many
// readers and need to know which of them have something to read.
type Tail struct {
	feed *Feed
	at   domain.Position
}

// Arrival is an event that has come, as the log has it.
type Arrival struct {
	Position domain.Position
	Type     string
	Tags     []domain.Tag
	At       time.Time
}

// Tail follows the log. Close must be called.
func (f *Feed) Tail() *Tail {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tails++
	f.arrive()
	return &Tail{feed: f, at: -1}
}

// Close ends the tail.
func (t *Tail) Close() {
	t.feed.mu.Lock()
	defer t.feed.mu.Unlock()
	t.feed.tails--
}

// Next waits for what follows, and returns it with the position that it goes up to: the read models
// have everything up to there. If all is false there may have been any events before that position,
// as at the beginning. The error is ctx's.
func (t *Tail) Next(ctx context.Context) (arrived []Arrival, all bool, to domain.Position, err error) {
	for {
		events, held, to, news := t.feed.behind(t.at)
		if held && len(events) == 0 {
			select {
			case <-news:
				continue
			case <-ctx.Done():
				return nil, false, 0, ctx.Err()
			}
		}
		t.at = to
		for _, e := range events {
			arrived = append(arrived, Arrival{Position: e.Position, Type: e.Type, Tags: e.Tags, At: e.RecordedAt})
		}
		return arrived, held, to, nil
	}
}
