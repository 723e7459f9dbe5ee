// Package parallel handles the messages of subscriptions side by side.
package parallel

import (
	"context"

	"github.com/nats-io/nats.go"
)

// Handlers are the goroutines of a service that handle messages.
//
// Invariants:
//  1. No more than the limit are at work. While they are, a subscription's own
//     queue holds what follows, unless it is to be dropped.
//  2. Once Close has returned nothing is being handled, and nothing will be.
type Handlers struct {
	// slots has an element for each goroutine at work; after Close it is full.
	slots chan struct{}
}

// New returns handlers of which up to limit are at work at the same time.
func New(limit int) *Handlers { return &Handlers{slots: make(chan struct{}, limit)} }

// Each handles each message in a goroutine, until ctx ends.
func (h *Handlers) Each(ctx context.Context, handle func(*nats.Msg)) nats.MsgHandler {
	return func(m *nats.Msg) {
		select {
		case h.slots <- struct{}{}:
			h.begin(m, handle)
		case <-ctx.Done():
		}
	}
}

// Some is Each for messages that are of no use later: those that find the limit at
// work are dropped.
func (h *Handlers) Some(handle func(*nats.Msg)) nats.MsgHandler {
	return func(m *nats.Msg) {
		select {
		case h.slots <- struct{}{}:
			h.begin(m, handle)
		default:
		}
	}
}

// begin has a slot.
func (h *Handlers) begin(m *nats.Msg, handle func(*nats.Msg)) {
	go func() {
		defer func() { <-h.slots }()
		handle(m)
	}()
}

// Close waits for what is being handled. It is called once, as ctx ends or after.
func (h *Handlers) Close() {
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
}
