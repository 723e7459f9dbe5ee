package eventstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// decision is what one attempt has decided.
type decision struct {
	// history is what the decision read.
	*history
	events []domain.Event
	// warnings are what the command has to say about the events, causes which event each of
	// them undoes, nil for none.
	warnings []domain.Warning
	causes   []domain.Position
	// entry is what is to be appended, nil when there is nothing to append.
	entry *entry
}

// decide lets the command decide. With remembered it decides on remembered state
// first, and reads only when that leads to no events. A command that was carried
// out before decides nothing: its history has the replay.
func (x *execution) decide(ctx context.Context, remembered bool) (decision, error) {
	if !x.store.available() {
		return decision{}, ErrUnavailable
	}
	d, err := x.run(x.history(ctx, remembered))
	if remembered && (err != nil || len(d.events) == 0) {
		d, err = x.run(x.history(ctx, false))
	}
	switch {
	case d.replay != nil:
		return d, nil
	case err != nil:
		return d, err
	case len(d.events) > 0 || x.keyed:
		if d.entry, err = x.entry(&d); err == nil {
			d.entry.warnings = d.warnings
		}
	}
	return d, err
}

// history begins a decision, which may load what it likes.
func (x *execution) history(ctx context.Context, remembered bool) *history {
	h := &history{ctx: ctx, store: x.store, remembered: remembered, drawn: x.drawn, ids: maps.Clone(x.drawn)}
	if x.keyed {
		h.lookup = &x.CommandID
	}
	return h
}

// run lets the command decide, and warn of what it decided. Ids are drawn with its first
// Load, which every command that needs ids does first, because it has to know who acts.
func (x *execution) run(h *history) (d decision, err error) {
	d.history = h
	if a, ok := x.Command.(domain.Allocator); ok {
		h.wants = a.Allocates()
	}
	env := domain.NewEnv(x.Actor, time.Now().UTC(), h.ids).Warning(&d.warnings).Causing(&d.causes)
	env.Preview, env.AtOnce = x.preview, x.AtOnce
	if d.events, err = x.Command.Decide(h, env); err == nil && x.store.complete != nil {
		d.events, err = x.store.complete(h, env, d.events)
	}
	return d, err
}

// entry turns decided events, and the conditions on which they were decided, into an
// entry for the writer.
func (x *execution) entry(d *decision) (*entry, error) {
	events := d.events
	e := &entry{
		commandID: x.CommandID, keyed: x.keyed, fingerprint: x.Fingerprint,
		conditions: d.conditions, events: make([]protocol.Envelope, len(events)),
	}
	for i, event := range events {
		var err error
		if e.events[i], err = x.envelope(event); err != nil {
			return nil, err
		}
		if i < len(d.causes) && d.causes[i] != 0 {
			e.events[i].Causation = d.causes[i]
		}
		size, err := checkEvent(&e.events[i])
		if err != nil {
			return nil, err
		}
		e.bytes += size
	}
	markChange(e.events)
	if len(events) > maxBatchEvents || e.bytes > maxBatchBytes {
		return nil, fmt.Errorf("a command of %d events with %d bytes: %w", len(events), e.bytes, ErrTooLarge)
	}
	return e, e.index()
}

// markChange says of each event how many of its change follow it.
func markChange(events []protocol.Envelope) {
	if len(events) < 2 {
		return
	}
	own := map[domain.Context]int{}
	for i := range slices.Backward(events) {
		e := &events[i]
		e.More, e.MoreOwn = len(events)-1-i, own[e.Context]
		own[e.Context]++
	}
}

func (x *execution) envelope(event domain.Event) (protocol.Envelope, error) {
	return envelopeOf(x.store.codec, event, &x.Request)
}

// envelopeOf is an event as it is appended for the request, but for its place.
func envelopeOf(codec *domain.Codec, event domain.Event, r *Request) (protocol.Envelope, error) {
	d, data, err := codec.Encode(event)
	if err != nil {
		return protocol.Envelope{}, err
	}
	return protocol.Envelope{
		ID: newID(), Type: d.Name, Context: d.Context, Schema: d.SchemaOf(event),
		Key: event.SubjectKey(), Tags: domain.TagsOf(event, r.Actor), Data: data, Actor: r.Actor, Credential: r.Credential, Door: r.Door,
		CommandID: r.CommandID, Causation: r.Causation, Correlation: r.Correlation,
	}, nil
}
