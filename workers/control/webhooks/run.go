package webhooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/webhook"
)

const (
	// retryFirst is the pause after the first failure; pauses double up to retryMost.
	retryFirst, retryMost = 5 * time.Second, time.Hour
	// giveUpAfter is for how long a delivery is tried.
	giveUpAfter = 24 * time.Hour
	// saidFirst and saidEvery are after how many runs, about a second apart, it is said that they end by
	// something that is not the receiver.
	saidFirst, saidEvery = 10, 600
)

// run delivers what a webhook has to deliver up to a position, one message after another.
//
// Invariants:
//  1. What is delivered is noted before the next message is sent: whatever ends the process, one
//     message of a webhook is sent twice at most, and none is left out.
//  2. Who sees an event, and what the keys are, is asked for each message.
type run struct {
	*turn
	hook *hook
	// ctx is for reading, and until for the message that is under way; cut ends both.
	ctx, until context.Context
	cut        func()
	// state, delivery and to are the run's own.
	state    access.WebhookState
	delivery webhook.Delivery
	to       domain.Position
	resource []domain.Tag
	// next is when the event was appended that is sent now; the turn's mu guards it.
	next time.Time
	// err is what ended the run before its end, and is not the receiver's.
	err error
}

// launch starts a run of a hook. The caller holds mu.
func (t *turn) launch(h *hook) {
	r := &run{turn: t, hook: h, state: h.WebhookState, delivery: h.delivery, to: h.wanted, resource: h.resource}
	r.delivery.Reached = max(r.delivery.Reached, h.at)
	var stop, kill context.CancelFunc
	r.ctx, stop = context.WithCancel(t.ctx)
	r.until, kill = context.WithCancel(t.last)
	r.cut = func() { stop(); kill() }
	h.run = r
	t.runs.Go(func() {
		r.err = r.all()
		r.cut()
		t.ended <- r
	})
}

// finish takes over what a run has come to. The error ends the turn.
func (t *turn) finish(r *run) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := r.hook
	h.run = nil
	if t.hooks[h.ID] != h {
		return nil // it is gone
	}
	if r.state.Since != h.Since { // it was set anew, and waited for this run to end
		t.await(h)
		return nil
	}
	if errors.Is(r.err, errOvertaken) {
		return fmt.Errorf("webhook %d: %w", h.ID, r.err)
	}
	h.delivery, h.at, h.waits, h.again = r.delivery, r.delivery.Reached, r.next, time.Time{}
	if r.err == nil {
		h.hindered = 0
	}
	switch {
	case r.err != nil:
		t.hinder(h, r.err)
	case h.delivery.NextTry != nil:
		h.again = *h.delivery.NextTry
	}
	if h.delivery.GivenUp != "" {
		t.cfg.Log.Warn("a webhook is given up", "webhook", h.ID, "user", h.User, "receiver", h.Origin, "error", h.delivery.LastError)
		t.reindex()
	}
	t.await(h)
	return nil
}

// hinder notes that something stood in the way that is not the receiver, and says so where it is
// there to stay. The caller holds mu.
func (t *turn) hinder(h *hook, err error) {
	level := slog.LevelDebug
	if h.hindered++; h.hindered == saidFirst || h.hindered%saidEvery == 0 {
		level = slog.LevelWarn
	}
	t.cfg.Log.Log(t.ctx, level, "a webhook is not delivered yet", "webhook", h.ID, "tries", h.hindered, "error", err)
	h.again = t.cfg.Now().Add(againAfter)
}

// makers knows the users who made webhooks: a webhook ends with its user, and with nothing else.
type makers struct{ *identity.Service }

// Again implements [feed.People].
func (m makers) Again(ctx context.Context, who *identity.User) (*identity.User, error) {
	user, err := m.User(ctx, who.ID)
	if errors.Is(err, identity.ErrNoUser) {
		return nil, identity.ErrTokenInvalid
	}
	return user, err
}

// all delivers everything, until something fails. The error is none of the receiver's.
func (r *run) all() error {
	who, err := r.cfg.People.User(r.ctx, r.state.User)
	if err != nil {
		return err
	}
	of := eventstore.Selection{Types: r.state.Types, Tags: r.resource}
	reader := r.cfg.Feed.FollowSingly(r.ctx, makers{r.cfg.People}, who, of, r.delivery.Reached)
	defer reader.Close()
	for {
		event, err := reader.Through(r.to)
		if err != nil {
			return err
		}
		r.sending(event)
		if event == nil {
			r.delivery.Reached = max(r.delivery.Reached, r.to)
			return nil
		}
		if delivered, err := r.one(event); err != nil || !delivered {
			return err
		}
	}
}

// sending notes what is sent now, nil for nothing.
func (r *run) sending(event *feed.Shown) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next = (time.Time{}); event != nil {
		r.next = event.At
	}
}

// one tries to deliver an event, and notes what came of it.
func (r *run) one(event *feed.Shown) (delivered bool, err error) {
	outcome, err := r.send(event)
	if err != nil {
		return false, err
	}
	r.metrics.count(outcome)
	next := after(r.delivery, event.Position, outcome, r.cfg.Now().UTC().Truncate(time.Microsecond)) // as it is kept
	saved, err := r.keep.save(r.until, next)
	if err != nil {
		return false, err
	}
	if !saved {
		return false, errOvertaken
	}
	r.delivery = next
	return outcome.Delivered(), nil
}

// send sends an event. The error is none of the receiver's.
func (r *run) send(event *feed.Shown) (webhook.Outcome, error) {
	to, err := r.open()
	if webhook.IsLasting(err) {
		return webhook.Outcome{Err: err}, nil
	}
	if err != nil {
		return webhook.Outcome{}, err
	}
	outcome := r.cfg.Sender.Send(r.until, to, webhook.Message{
		ID: fmt.Sprintf("%s-%d", r.cfg.Store.LogID(), event.Position), Type: event.Type, At: event.At, Data: event.JSON,
	})
	return outcome, r.until.Err() // where it has ended nobody knows what came of it
}

// targetNames are those of what the vault has of a webhook, and whether the former key signs.
type targetNames struct {
	target, secret, former string
	both                   bool
}

// open returns where to send and what signs, as the log has it now: the vault is asked again when
// the key was rotated, and when that is over.
func (r *run) open() (webhook.Target, error) {
	r.mu.Lock()
	h := r.hook
	state := h.WebhookState
	names := targetNames{state.Target, state.Secret, state.Former, webhook.FormerSigns(state, r.cfg.Now())}
	to, same := h.target, h.targetOf == names
	r.mu.Unlock()
	if same {
		return to, nil
	}
	to, err := r.cfg.Sender.Open(r.ctx, r.cfg.Vault, state)
	if err != nil {
		return to, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h.target, h.targetOf = to, names
	return to, nil
}

// errOvertaken: the delivery was begun anew, and whoever did that has said so or will.
var errOvertaken = errors.New("the delivery was begun anew")

// after is how far a delivery is after an attempt.
func after(d webhook.Delivery, event domain.Position, o webhook.Outcome, now time.Time) webhook.Delivery {
	last := d.LastTry
	d.LastTry, d.LastStatus, d.LastError = &now, o.Status, o.Error()
	if o.Delivered() {
		d.Reached, d.Attempts, d.FailingSince, d.NextTry, d.LastSuccess = event, 0, nil, nil, &now
		return d
	}
	d.Reached = max(d.Reached, event-1)
	d.Attempts++
	if d.FailingSince == nil || now.Sub(*d.FailingSince) >= giveUpAfter && now.Sub(*last) > 2*retryMost {
		d.FailingSince = &now // nobody has tried for so long: that was not the receiver's failure
	}
	end := d.FailingSince.Add(giveUpAfter)
	switch {
	case o.Gone():
		d.GivenUp, d.NextTry = webhook.GaveUpGone, nil
	case !now.Before(end):
		d.GivenUp, d.NextTry = webhook.GaveUpFailed, nil
	default:
		pause := retryMost
		if d.Attempts <= 10 {
			pause = min(pause, retryFirst<<(d.Attempts-1))
		}
		next := now.Add(backoff.Jitter(pause).Truncate(time.Microsecond))
		if next.After(end) {
			next = end
		}
		d.NextTry = &next
	}
	return d
}
