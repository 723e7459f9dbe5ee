package reporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// ErrNotFound says that the log has no event at the position.
var ErrNotFound = errors.New("the log has no event at this position")

// projectTimeout bounds the wait until the list of servers is as new as the event.
const projectTimeout = 2 * time.Second

// Change says how far the enrolled servers are with the event at the position:
// as soon as all have it, else after wait. It returns ErrNotFound for a position
// that the log does not have, and ctx's error when that ends first.
func (r *Reporter) Change(ctx context.Context, position domain.Position, wait time.Duration) (Change, error) {
	deadline := time.NewTimer(max(wait, 0))
	defer deadline.Stop()
	event, err := r.event(ctx, position)
	if err != nil {
		return Change{}, err
	}
	decoded, err := event.Decode(r.cfg.Store.Codec())
	if err != nil {
		return Change{}, err
	}
	if err := r.loadServers(ctx, event); err != nil {
		return Change{}, err
	}
	c := effectOf(decoded.Event)
	for {
		change, waiter := r.look(event, c, wait > 0)
		if waiter == nil {
			return change, nil
		}
		select {
		case <-waiter.Answer():
		case <-deadline.C:
			r.leave(waiter)
			change, _ = r.look(event, c, false)
			return change, nil
		case <-ctx.Done():
			r.leave(waiter)
			return Change{}, ctx.Err()
		}
	}
}

// event reads the event that is asked about.
func (r *Reporter) event(ctx context.Context, position domain.Position) (protocol.Envelope, error) {
	if position < 1 {
		return protocol.Envelope{}, ErrNotFound
	}
	events, err := r.cfg.Store.Read(ctx, position-1, 1)
	if err != nil {
		return protocol.Envelope{}, fmt.Errorf("change %d: %w", position, err)
	}
	if len(events) == 0 || events[0].Position != position {
		return protocol.Envelope{}, ErrNotFound
	}
	return events[0], nil
}

// loadServers makes the roster as new as the event, unless the read model lags.
func (r *Reporter) loadServers(ctx context.Context, event protocol.Envelope) error {
	if event.Context == domain.ContextDNS {
		waiting, cancel := context.WithTimeout(ctx, projectTimeout)
		defer cancel()
		// A roster that lags is better than no answer.
		_ = r.cfg.Progress.Wait(waiting, domain.ContextDNS, event.Position)
	}
	if _, err := r.cfg.Roster.Fresh(ctx); err != nil {
		return fmt.Errorf("change %d: %w", event.Position, err)
	}
	return nil
}

// look evaluates the change now. With mayWait it also returns a waiter, unless all
// servers have the change; the waiter is woken when the evaluation may have changed.
func (r *Reporter) look(event protocol.Envelope, c effect, mayWait bool) (Change, *waiter) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	servers, _ := r.cfg.Roster.Enrolled()
	if !c.any {
		return withoutEffect(event.Position, event.RecordedAt, servers, r.last, now), nil
	}
	change := evaluate(event.Position, c, servers, r.last, now)
	if !mayWait || change.State == InSync {
		return change, nil
	}
	return change, r.waiters.join(event.Position, r.appliedByAll(servers) >= event.Position)
}

func (r *Reporter) leave(w *waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Leave()
}
