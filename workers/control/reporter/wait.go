package reporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// ErrNotFound says that the log has no event at the position.
var ErrNotFound = errors.New("the log has no event at this position")

// projectTimeout bounds the wait until the list of servers is as new as the event.
const projectTimeout = 2 * time.Second

// Change says how far the enrolled servers are with the change that the position is in:
// as soon as all have it, else after wait. It returns ErrNotFound for a position
// that the log does not have, and ctx's error when that ends first.
func (r *Reporter) Change(ctx context.Context, position domain.Position, wait time.Duration) (Change, error) {
	deadline := time.NewTimer(max(wait, 0))
	defer deadline.Stop()
	asked, err := r.read(ctx, position)
	if err != nil {
		return Change{}, err
	}
	if err := r.loadServers(ctx, asked); err != nil {
		return Change{}, err
	}
	if err := r.addKeepers(ctx, asked); err != nil {
		return Change{}, err
	}
	for {
		change, waiter := r.look(asked, wait > 0)
		if waiter == nil {
			return change, nil
		}
		select {
		case <-waiter.Answer():
		case <-deadline.C:
			r.leave(waiter)
			change, _ = r.look(asked, false)
			return change, nil
		case <-ctx.Done():
			r.leave(waiter)
			return Change{}, ctx.Err()
		}
	}
}

// asked is a change that somebody asks about.
type asked struct {
	// position is the one that was asked for, end that of the change's last event.
	position, end domain.Position
	at            time.Time
	// dns says that events of name servers are in it.
	dns     bool
	effects effects
	// events are those of name servers.
	events []domain.Event
}

// read reads the change that is asked about.
func (r *Reporter) read(ctx context.Context, position domain.Position) (asked, error) {
	events, err := r.cfg.Store.ReadChange(ctx, position)
	if err != nil {
		return asked{}, fmt.Errorf("change %d: %w", position, err)
	}
	if len(events) == 0 {
		return asked{}, ErrNotFound
	}
	last := events[len(events)-1]
	a := asked{position: position, end: last.Position, at: last.RecordedAt, effects: effects{}}
	for _, e := range events {
		if e.Context != domain.ContextDNS {
			continue
		}
		decoded, err := e.Decode(r.cfg.Store.Codec())
		if err != nil {
			return asked{}, err
		}
		a.dns = true
		a.effects.add(decoded.Event)
		a.events = append(a.events, decoded.Event)
	}
	return a, nil
}

// loadServers makes the roster as new as the event, unless the read model lags.
func (r *Reporter) loadServers(ctx context.Context, a asked) error {
	if a.dns {
		waiting, cancel := context.WithTimeout(ctx, projectTimeout)
		defer cancel()
		// A roster that lags is better than no answer.
		_ = r.cfg.Progress.Wait(waiting, domain.ContextDNS, a.end)
	}
	if _, err := r.cfg.Roster.Fresh(ctx); err != nil {
		return fmt.Errorf("change %d: %w", a.position, err)
	}
	return nil
}

// look evaluates the change now. With mayWait it also returns a waiter, unless all
// servers have the change; the waiter is woken when the evaluation may have changed.
func (r *Reporter) look(a asked, mayWait bool) (Change, *waiter) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	servers, _ := r.cfg.Roster.Enrolled()
	if len(a.effects) == 0 {
		change := withoutEffect(a.end, a.at, servers, r.last, now)
		change.Position = a.position
		return change, nil
	}
	change := evaluate(a.end, a.effects, servers, r.last, now)
	change.Position = a.position
	if !mayWait || change.State == InSync {
		return change, nil
	}
	return change, r.waiters.join(a.end, r.appliedByAll(servers) >= a.end)
}

func (r *Reporter) leave(w *waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Leave()
}
