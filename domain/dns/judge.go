package dns

import (
	"reflect"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// decideAlone decides a command that is a change of its own.
func decideAlone(c domain.Judged, h domain.History, env domain.Env) ([]domain.Event, error) {
	read := &readHistory{History: h}
	events, err := c.DecidePart(read, env)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	if err := env.CheckBounds(read, events); err != nil {
		return nil, err
	}
	if err := c.Judge(read.with(env, events), env, events); err != nil {
		return nil, err
	}
	return events, nil
}

// readHistory is a history that knows what a decision has loaded from it.
type readHistory struct {
	domain.History
	loaded []domain.Fold
}

// Load implements [domain.History].
func (h *readHistory) Load(folds ...domain.Fold) error {
	if err := h.History.Load(folds...); err != nil {
		return err
	}
	h.loaded = append(h.loaded, folds...)
	return nil
}

// appended is beyond every position that the log will ever have, as an event is that is
// about to be appended. Folds compare positions, and only that.
const appended domain.Position = 1 << 62

// with returns the log with the events that were decided.
func (h *readHistory) with(env domain.Env, events []domain.Event) domain.History {
	after := afterHistory{readHistory: h, events: make([]domain.Recorded, len(events))}
	for i, e := range events {
		after.events[i] = domain.Recorded{Position: appended + domain.Position(i), Actor: env.Actor, At: env.Now, Event: e}
	}
	return after
}

// afterHistory is the log with the events of a decision.
//
// Invariants:
//  1. A fold that the store was given is not changed: the store remembers it for later
//     decisions, in whose log the events may not be.
type afterHistory struct {
	*readHistory
	events []domain.Recorded
}

// judgeable is a fold that a judge reads.
type judgeable interface {
	domain.Fold
	// fresh returns a fold of the same item that has read nothing.
	fresh() domain.Fold
}

// Load implements [domain.History]. Its folds are judgeable.
func (h afterHistory) Load(folds ...domain.Fold) error {
	sources := make([]domain.Fold, len(folds))
	var missing []domain.Fold
	for i, f := range folds {
		if sources[i] = h.find(f.(judgeable)); sources[i] == nil {
			sources[i] = f.(judgeable).fresh()
			missing = append(missing, sources[i])
		}
	}
	if len(missing) > 0 {
		if err := h.readHistory.Load(missing...); err != nil {
			return err
		}
	}
	for i, f := range folds {
		f.Restore(sources[i].Snapshot())
		item := f.Item()
		for _, r := range h.events {
			if slices.Contains(item.Types, r.Event.EventType()) && slices.Contains(domain.TagsOf(r.Event, r.Actor), item.Tag) {
				f.Apply(r)
			}
		}
	}
	return nil
}

// find returns a fold that was loaded, of the same kind and item.
func (h afterHistory) find(f judgeable) domain.Fold {
	for _, loaded := range h.loaded {
		if sameKind(loaded, f) && loaded.Item().Tag == f.Item().Tag {
			return loaded
		}
	}
	return nil
}

func sameKind(a, b domain.Fold) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }
