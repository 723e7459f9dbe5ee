package eventstore

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// errReplayed ends a decision whose command has been carried out before.
var errReplayed = errors.New("event store: the command was carried out before")

// errOutdated ends a decision on remembered state that is known to be out of date.
var errOutdated = errors.New("event store: the remembered state is out of date")

// history is what one decision reads, and thereby the condition of its append.
//
// A history reads the log, or takes what the fold cache remembers and assumes that
// nothing has happened since; where nothing is remembered, it assumes that nothing
// has ever happened. A decision on such assumptions costs no read, and the condition
// of its append proves them. Only a decision that appends is proved that way: any
// other has to be taken again from a read.
//
// Invariants:
//  1. Each reading Load reads the head before any event, and events beyond that
//     head are not folded: whatever came later is found by the condition.
//  2. Every item that was read is a condition from its Load's head on.
//  3. Every item whose state was assumed is a condition from the position of that
//     state on, and with all of its types, not the guards alone: the append succeeds
//     only if a read would have found no event.
type history struct {
	ctx   context.Context
	store *Store
	// remembered: nothing is read.
	remembered bool
	// lookup is the command to look for with the first Load, nil for none.
	lookup *uuid.UUID
	// wants are the sequences to draw from with the first Load. drawn outlives the
	// attempt, ids is what the Env of this one hands out.
	wants      []domain.Sequence
	drawn, ids map[domain.Sequence][]int64

	started    bool
	tails      []tail
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
	if len(folds) == 0 && h.started {
		return h.ctx.Err()
	}
	tails := make([]tail, len(folds))
	for i, f := range folds {
		tails[i] = h.store.tailOf(f)
		if err := checkTag(tails[i].item.Tag); err != nil {
			return fmt.Errorf("load %T: %w", f, err)
		}
	}
	if h.tails == nil {
		h.tails, h.conditions = tails, make([]condition, 0, len(tails))
	} else {
		h.tails = append(h.tails, tails...)
	}
	if h.remembered {
		return h.assume(tails)
	}
	return h.read(tails)
}

// assume takes the folds' states as they are remembered, or empty ones.
func (h *history) assume(tails []tail) error {
	if err := h.draw(); err != nil {
		return err
	}
	for i := range tails {
		t := &tails[i]
		if t.from.stale {
			return errOutdated
		}
		if t.from.snapshot != nil {
			t.fold.Restore(t.from.snapshot)
		}
		h.conditions = append(h.conditions, condition{tag: t.item.Tag, hash: t.hash, types: t.types.all, after: t.from.at})
	}
	return nil
}

// draw gets the ids that the command announced, if it has not got them yet.
func (h *history) draw() error {
	if h.started {
		return nil
	}
	h.started = true
	missing := h.store.ids.take(h.missing(), h.drawn)
	if len(missing) > 0 {
		l := &load{missing: missing}
		if err := h.store.loader.do(h.ctx, l); err != nil {
			return fmt.Errorf("draw ids: %w", err)
		}
		h.got(l)
	}
	maps.Copy(h.ids, h.drawn)
	return nil
}

// got keeps the ids that were drawn, for this attempt and the next.
func (h *history) got(l *load) {
	for sequence, ids := range l.ids {
		h.drawn[sequence] = append(h.drawn[sequence], ids...)
	}
}

func (h *history) read(tails []tail) error {
	l := &load{items: make([]wanted, len(tails))}
	for i := range tails {
		l.items[i] = tails[i].wants()
	}
	if err := h.fetch(l); err != nil {
		return err
	}
	for i := range tails {
		if err := h.store.fold(&tails[i], l.tails[i], l.head); err != nil {
			return err
		}
		t := &tails[i]
		h.conditions = append(h.conditions, condition{tag: t.item.Tag, hash: t.hash, types: t.types.guards, after: l.head})
	}
	return nil
}

// fetch reads what is wanted, and with the first Load the command and the ids.
func (h *history) fetch(l *load) error {
	first := !h.started
	if first {
		l.lookup, l.missing = h.lookup, h.store.ids.take(h.missing(), h.drawn)
	}
	if err := h.store.loader.do(h.ctx, l); err != nil {
		return fmt.Errorf("load history: %w", err)
	}
	h.started = true
	if first {
		h.got(l)
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
		if missing[s] -= len(ids); missing[s] <= 0 {
			delete(missing, s)
		}
	}
	return missing
}

// keep brings the remembered states up to date with what the decision appended. A
// state that was assumed has been proved up to the first of the events, and so has one
// that was read if all of its types are guards. Any other that was read may lack events
// on which there was no condition, so it is out of date when one of the appended events
// belongs to it.
func (h *history) keep(stored []protocol.Envelope, appended []domain.Recorded) {
	find := finder(stored, len(h.tails))
	for i := range h.tails {
		t := &h.tails[i]
		proved, folded := h.remembered || t.types.guarded, 0
		for _, j := range find(t.item.Tag) {
			if !selects(t.item.Tag, t.item.Types, &stored[j]) {
				continue
			}
			folded++
			if proved {
				t.fold.Apply(appended[j])
			}
		}
		switch {
		case len(stored) == 0:
		case proved:
			h.store.remember(t, stored[len(stored)-1].Position, folded)
		case folded > 0:
			h.store.cache.outdate(t.key)
		}
	}
}

// finder returns a function that finds the events that may have a tag. A batch of
// operations has as many tails as events, too many to compare each with each.
func finder(events []protocol.Envelope, tails int) func(domain.Tag) []int {
	if len(events) == 1 || len(events)*tails <= 16 {
		all := make([]int, len(events))
		for j := range all {
			all[j] = j
		}
		return func(domain.Tag) []int { return all }
	}
	byTag := map[domain.Tag][]int{}
	for j := range events {
		for _, tag := range events[j].Tags {
			byTag[tag] = append(byTag[tag], j)
		}
	}
	return func(tag domain.Tag) []int { return byTag[tag] }
}
