package eventstore

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// execution is a request on its way.
type execution struct {
	Request
	store *Store
	keyed bool
	// drawn are the ids taken so far; a retry uses them again.
	drawn map[domain.Sequence][]int64
}

// attempt decides and appends once. With remembered it decides on remembered
// state first, and reads only when that leads to no events.
func (x *execution) attempt(ctx context.Context, remembered bool) (Receipt, error) {
	if x.store.writer.down.Load() || x.store.pulse.lost() {
		return Receipt{}, ErrUnavailable
	}
	h := x.history(ctx, remembered)
	events, err := x.decide(h)
	if remembered && (err != nil || len(events) == 0) {
		h = x.history(ctx, false)
		events, err = x.decide(h)
	}
	switch {
	case h.replay != nil:
		return x.replay(ctx, h.replay)
	case err != nil:
		return Receipt{}, err
	case len(events) == 0 && !x.keyed:
		return Receipt{}, nil
	}
	e, err := x.entry(events)
	if err != nil {
		return Receipt{}, err
	}
	e.conditions = h.conditions
	a, err := x.store.submit(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	if a.stored != nil {
		return x.replay(ctx, a.stored)
	}
	r := receipt(a.events, events)
	h.keep(a.events, r.Events)
	return r, nil
}

// history begins a decision, which is free to load what it likes.
func (x *execution) history(ctx context.Context, remembered bool) *history {
	h := &history{ctx: ctx, store: x.store, remembered: remembered, drawn: x.drawn, ids: maps.Clone(x.drawn)}
	if x.keyed {
		h.lookup = &x.CommandID
	}
	return h
}

// decide runs the command. Ids are drawn with its first Load, which every
// command that needs ids does first: it has to know who acts.
func (x *execution) decide(h *history) ([]domain.Event, error) {
	if a, ok := x.Command.(domain.Allocator); ok {
		h.wants = a.Allocates()
	}
	return x.Command.Decide(h, domain.NewEnv(x.Actor, time.Now().UTC(), h.ids))
}

// entry turns decided events into an entry for the writer.
func (x *execution) entry(events []domain.Event) (*entry, error) {
	e := &entry{commandID: x.CommandID, keyed: x.keyed, fingerprint: x.Fingerprint, events: make([]protocol.Envelope, len(events))}
	for i, event := range events {
		var err error
		if e.events[i], err = x.envelope(event); err != nil {
			return nil, err
		}
		size, err := checkEvent(&e.events[i])
		if err != nil {
			return nil, err
		}
		e.bytes += size
	}
	if len(events) > maxBatchEvents || e.bytes > maxBatchBytes {
		return nil, fmt.Errorf("a command of %d events with %d bytes: %w", len(events), e.bytes, ErrTooLarge)
	}
	return e, e.index()
}

func (x *execution) envelope(event domain.Event) (protocol.Envelope, error) {
	d, data, err := x.store.codec.Encode(event)
	if err != nil {
		return protocol.Envelope{}, err
	}
	return protocol.Envelope{
		ID: newID(), Type: d.Name, Context: d.Context, Schema: d.Schema(),
		Key: event.SubjectKey(), Tags: event.Tags(), Data: data, Actor: x.Actor,
		CommandID: x.CommandID, Causation: x.Causation, Correlation: x.Correlation,
	}, nil
}

// replay answers with what became of the command when it was carried out.
func (x *execution) replay(ctx context.Context, c *storedCommand) (Receipt, error) {
	if err := c.check(x.Fingerprint); err != nil {
		return Receipt{}, err
	}
	r := Receipt{First: c.first, Last: c.last, Replayed: true, Refusal: c.refusal}
	if c.first == 0 {
		return r, nil
	}
	stored, err := x.store.Read(ctx, c.first-1, int(c.last-c.first)+1)
	if err != nil {
		return Receipt{}, err
	}
	for _, e := range stored {
		recorded, err := e.Decode(x.store.codec)
		if err != nil {
			return Receipt{}, err
		}
		r.Events = append(r.Events, recorded)
	}
	return r, nil
}

func receipt(stored []protocol.Envelope, events []domain.Event) Receipt {
	if len(stored) == 0 {
		return Receipt{}
	}
	r := Receipt{First: stored[0].Position, Last: stored[len(stored)-1].Position, Events: make([]domain.Recorded, len(stored))}
	for i, e := range stored {
		r.Events[i] = domain.Recorded{Position: e.Position, Prev: e.Prev, ID: e.ID, Actor: e.Actor, At: e.RecordedAt, Event: events[i]}
	}
	return r
}
