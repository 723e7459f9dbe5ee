package webhooks

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/webhook"
)

const (
	// settleEvery is how often what can wait is done.
	settleEvery = 30 * time.Second
	// againAfter is the pause after something stood in the way that was not the receiver.
	againAfter = time.Second
	// lastMessages is how long messages that are under way may take when a turn ends.
	lastMessages = 2 * time.Second
)

// turn is the time in which this process delivers.
//
// Invariants:
//  1. A webhook has one run at a time, and so one message under way; so its messages are in order.
//  2. A webhook without anything to deliver has neither a goroutine nor a timer, and an event costs
//     nothing for those that are not for its type.
//  3. What a webhook's user changes takes effect between two messages: the run before it ends
//     first, and what that notes later counts for nothing.
//  4. A webhook waits for its own receiver alone.
type turn struct {
	*Worker
	// No message is begun after ctx has ended; those under way end with last, some time later.
	ctx, last context.Context
	runs      sync.WaitGroup
	keep      *keeper

	hooks map[access.WebhookID]*hook
	index map[string][]*hook
	// pending are those that have something to deliver, or may, and no run.
	pending map[*hook]struct{}
	// to is up to where it is known which webhooks have something to deliver.
	to    domain.Position
	ended chan *run
}

// hook is a webhook in a turn.
type hook struct {
	access.WebhookState
	delivery webhook.Delivery
	resource []domain.Tag
	// wanted is up to where there may be something to deliver. Nothing is up to at; for a hook
	// that is up to date at says nothing.
	at, wanted domain.Position
	// again is before when nothing is tried.
	again time.Time
	// waits is since when what comes next has waited, zero where nothing does or nobody knows.
	waits time.Time
	run   *run
	// hindered is how many runs in a row have ended by something that is not the receiver.
	hindered int
	// spent: the former key has been destroyed.
	spent bool
	// target is what the vault had for targetOf.
	target   webhook.Target
	targetOf targetNames
}

func (h *hook) upToDate() bool { return h.at >= h.wanted }

// resting says that nothing is to be delivered whatever comes.
func (h *hook) resting() bool { return h.Paused || h.delivery.GivenUp != "" }

// deliver has the turn, until ctx ends or there are no webhooks.
func (w *Worker) deliver(ctx context.Context) error {
	within, stop := context.WithCancel(ctx)
	last, kill := context.WithCancel(context.WithoutCancel(ctx))
	t := &turn{
		Worker: w, ctx: within, last: last, keep: newKeeper(w), hooks: map[access.WebhookID]*hook{}, pending: map[*hook]struct{}{},
		ended: make(chan *run),
	}
	var keeping sync.WaitGroup
	keeping.Go(func() { t.keep.run(last) })
	defer keeping.Wait()
	defer kill()
	defer t.end(stop, kill)
	if err := t.begin(); err != nil {
		return err
	}
	w.cfg.Log.InfoContext(ctx, "delivering webhooks", "webhooks", len(t.hooks))
	err := t.follow()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// end waits for the messages that are under way, for some time, and for the runs.
func (t *turn) end(stop, kill func()) {
	stop()
	defer time.AfterFunc(lastMessages, kill).Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.runs.Wait()
	}()
	for over := false; !over; {
		select {
		case <-t.ended:
		case <-done:
			over = true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Worker.turn = nil
}

// begin takes up what earlier turns have left.
func (t *turn) begin() error {
	if err := t.catchUp(t.ctx); err != nil {
		return err
	}
	kept, err := t.deliveries.Of(t.ctx, nil)
	if err != nil {
		return err
	}
	var gone []access.WebhookID
	for id := range kept {
		if _, live := t.known[id]; !live {
			gone = append(gone, id)
		}
	}
	if len(gone) > 0 {
		if err := t.deliveries.Forget(t.ctx, gone); err != nil {
			return err
		}
	}
	t.mu.Lock()
	t.Worker.turn = t
	t.mu.Unlock()
	return t.adopt()
}

// adopt makes the hooks what the log says of them.
func (t *turn) adopt() error {
	var anew []access.WebhookState
	t.mu.Lock()
	for id, state := range t.known {
		if h := t.hooks[id]; h != nil && h.Since == state.Since {
			h.spent = h.spent && h.Former == state.Former
			h.WebhookState = state
		} else {
			anew = append(anew, state)
		}
	}
	t.mu.Unlock()
	if len(anew) == 0 {
		return nil
	}
	deliveries, err := t.deliveries.Begin(t.ctx, anew)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, state := range anew {
		t.replace(&hook{WebhookState: state, delivery: deliveries[state.ID], at: deliveries[state.ID].Reached, wanted: t.to})
	}
	t.reindex()
	return nil
}

// replace puts a hook in the place of what it was, whose run it waits for. The caller holds mu.
func (t *turn) replace(h *hook) {
	if was := t.hooks[h.ID]; was != nil {
		t.drop(was)
		if h.run = was.run; h.run != nil {
			h.run.hook = h
		}
	}
	t.add(h)
}

// forget drops the hooks that the log has no longer.
func (t *turn) forget() error {
	t.mu.Lock()
	var gone []access.WebhookID
	for id, h := range t.hooks {
		if _, live := t.known[id]; !live {
			gone = append(gone, id)
			t.drop(h)
			delete(t.hooks, id)
		}
	}
	t.reindex()
	t.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	return t.deliveries.Forget(t.ctx, gone)
}

func (t *turn) add(h *hook) {
	if h.Resource != "" {
		tags, ok := feed.ParseResource(h.Resource)
		if !ok {
			tags = []domain.Tag{""} // that no event has: rather nothing than everything
		}
		h.resource = tags
	}
	if h.delivery.NextTry != nil {
		h.again = *h.delivery.NextTry
	}
	if h.delivery.FailingSince != nil {
		h.waits = *h.delivery.FailingSince
	}
	t.hooks[h.ID] = h
	t.await(h)
}

// await has a hook deliver what it has to deliver, once its last run has ended.
func (t *turn) await(h *hook) {
	if h.run == nil && !h.resting() && !h.upToDate() {
		t.pending[h] = struct{}{}
	}
}

// drop ends what is under way for a hook that is another now, or gone.
func (t *turn) drop(h *hook) {
	delete(t.pending, h)
	if h.run != nil {
		h.run.cut()
	}
}

// reindex sorts the hooks that deliver anything by the types of events that they are for; those for
// all of them have none.
func (t *turn) reindex() {
	t.index = map[string][]*hook{}
	for _, h := range t.hooks {
		switch {
		case h.resting():
		case len(h.Types) == 0:
			t.index[""] = append(t.index[""], h)
		default:
			for _, name := range h.Types {
				t.index[name] = append(t.index[name], h)
			}
		}
	}
}

// follow does what comes.
func (t *turn) follow() error {
	tail := t.cfg.Feed.Tail()
	defer tail.Close()
	parts := make(chan part)
	t.runs.Go(func() { listen(t.ctx, tail, parts) })
	settle := time.NewTicker(settleEvery)
	defer settle.Stop()
	for {
		retry := t.start()
		timer := time.NewTimer(retry)
		var err error
		select {
		case <-t.ctx.Done():
		case p := <-parts:
			err = t.arrive(p)
		case r := <-t.ended:
			err = t.finish(r)
		case <-t.notice: // all are looked at
			if err = t.renew(); err == nil {
				err = t.settle()
			}
		case <-settle.C:
			err = t.settle()
		case <-timer.C:
		}
		timer.Stop()
		if err != nil || t.ctx.Err() != nil || !t.some() {
			return err
		}
	}
}

// part is a part of the log that has come, see [feed.Tail.Next].
type part struct {
	events []feed.Arrival
	all    bool
	to     domain.Position
}

func listen(ctx context.Context, tail *feed.Tail, parts chan<- part) {
	for {
		events, all, to, err := tail.Next(ctx)
		if err != nil {
			return
		}
		select {
		case parts <- part{events, all, to}:
		case <-ctx.Done():
			return
		}
	}
}

// arrive notes who has something to deliver of what has come.
func (t *turn) arrive(p part) error {
	t.mu.Lock()
	before := t.to
	t.to = max(t.to, p.to)
	changed := false
	if !p.all {
		for _, h := range t.hooks {
			t.want(h, before, p.to, time.Time{})
		}
	}
	for _, e := range p.events {
		changed = changed || slices.Contains(e.Tags, access.TagWebhooks)
		for _, list := range [][]*hook{t.index[e.Type], t.index[""]} {
			for _, h := range list {
				if h.isFor(e) {
					t.want(h, before, e.Position, e.At)
				}
			}
		}
	}
	t.mu.Unlock()
	if changed {
		return t.renew()
	}
	return nil
}

// isFor says whether an event that is of the hook's types is of its resource.
func (h *hook) isFor(e feed.Arrival) bool {
	return len(h.resource) == 0 || slices.ContainsFunc(e.Tags, func(tag domain.Tag) bool { return slices.Contains(h.resource, tag) })
}

// want notes that a hook may have something to deliver up to a position; a hook that is up to date
// is so up to before. The caller holds mu.
func (t *turn) want(h *hook, before, to domain.Position, since time.Time) {
	if h.resting() {
		return // what begins it again begins where it was
	}
	if h.upToDate() && h.run == nil {
		h.at, h.waits = max(h.at, before), since
	}
	h.wanted = max(h.wanted, to)
	t.await(h)
}

// renew takes over what the log says of webhooks now.
func (t *turn) renew() error {
	if err := t.catchUp(t.ctx); err != nil {
		return err
	}
	if err := t.forget(); err != nil {
		return err
	}
	return t.adopt()
}

// start starts the runs that are due, and returns when the next ones are.
func (t *turn) start() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, next := t.cfg.Now(), settleEvery
	for h := range t.pending {
		if wait := h.again.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		delete(t.pending, h)
		t.launch(h)
	}
	return next
}
