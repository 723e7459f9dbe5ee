package eventstore

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// errReplayed ends a decision whose command has been carried out before.
var errReplayed = errors.New("event store: the command was carried out before")

// history is what one decision reads, and thereby the condition of its append.
//
// Invariants:
//  1. Each Load reads the head before any event, and events beyond that head are
//     not folded: whatever came later is found by the condition.
//  2. Every item that was loaded is a condition from its Load's head on.
type history struct {
	ctx   context.Context
	store *Store
	// lookup is the command to look for with the first Load, nil for none.
	lookup *uuid.UUID
	// wants are the sequences to draw from with the first Load. drawn outlives the
	// attempt, ids is what the Env of this one hands out.
	wants      []domain.Sequence
	drawn, ids map[domain.Sequence][]int64

	started    bool
	conditions []condition
	replay     *storedCommand
	err        error
}

// Load implements [domain.History]. After an error it fails for good.
func (h *history) Load(folds ...domain.Fold) error {
	if h.err == nil {
		h.err = h.load(folds)
	}
	return h.err
}

func (h *history) load(folds []domain.Fold) error {
	tails := make([]tail, len(folds))
	l := &load{items: make([]wanted, len(folds))}
	for i, f := range folds {
		tails[i] = h.store.tailOf(f)
		if err := checkTag(tails[i].item.Tag); err != nil {
			return fmt.Errorf("load %T: %w", f, err)
		}
		l.items[i] = tails[i].wants()
	}
	if err := h.fetch(l); err != nil {
		return err
	}
	for i := range tails {
		if err := h.store.fold(&tails[i], l.tails[i], l.head); err != nil {
			return err
		}
		item := tails[i].item
		h.conditions = append(h.conditions, condition{tag: item.Tag, types: item.GuardTypes(), after: l.head})
	}
	return nil
}

// fetch reads what is wanted, and with the first Load the command and the ids.
func (h *history) fetch(l *load) error {
	first := !h.started
	if first {
		l.lookup, l.missing = h.lookup, h.missing()
	}
	if err := h.store.loader.do(h.ctx, l); err != nil {
		return fmt.Errorf("load history: %w", err)
	}
	h.started = true
	if first {
		for sequence, ids := range l.ids {
			h.drawn[sequence] = append(h.drawn[sequence], ids...)
		}
		maps.Copy(h.ids, h.drawn) // once: the Env takes from it
	}
	if h.replay = l.stored; h.replay != nil {
		return errReplayed
	}
	return nil
}

// missing counts the ids still to be drawn; a retried decision keeps its ids.
func (h *history) missing() map[domain.Sequence]int {
	if len(h.wants) == 0 {
		return nil
	}
	missing := map[domain.Sequence]int{}
	for _, s := range h.wants {
		missing[s]++
	}
	for s, ids := range h.drawn {
		missing[s] -= len(ids)
	}
	return missing
}
