package reporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/dnsmodel"
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
	again := time.NewTicker(stagedEvery)
	defer again.Stop()
	for {
		if err := r.loadRollout(ctx, &asked); err != nil {
			return Change{}, err
		}
		change, waiter := r.look(asked, wait > 0)
		if waiter == nil {
			return change, nil
		}
		var stages <-chan time.Time
		if asked.goesOn() {
			stages = again.C
		}
		select {
		case <-waiter.Answer():
		case <-stages:
			r.leave(waiter)
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
	// staged says that the change goes to the servers in stages, by the rollout.
	staged  bool
	rollout *dnsmodel.Rollout
	// everywhere: it may change all zones.
	everywhere bool
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
		a.everywhere = a.everywhere || concernsAllZones(decoded.Event)
	}
	a.staged = startsRollout(a.events)
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
	change := a.evaluate(servers, r.last, now)
	change.Position = a.position
	if !mayWait || change.State == InSync {
		return change, nil
	}
	through := a.through()
	return change, r.waiters.join(through, r.appliedByAll(servers) >= through)
}

func (r *Reporter) leave(w *waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Leave()
}
