package eventstore

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// message is what the stream gets of an event.
type message struct {
	event   *protocol.Envelope
	payload []byte
	// seal is empty where none is needed.
	seal string
}

// messages encodes at most protocol.MaxSealed events, and seals those of them that name
// servers follow.
func (p *relayPass) messages(ctx context.Context, events []protocol.Envelope) ([]message, error) {
	list := make([]message, len(events))
	var sealed []int
	var payloads [][]byte
	for i := range events {
		payload, err := protocol.AppendMessage(nil, &events[i])
		if err != nil {
			return nil, fmt.Errorf("encode event %d: %w", events[i].Position, err)
		}
		list[i] = message{event: &events[i], payload: payload}
		if p.sealer != nil && events[i].Context == domain.ContextDNS {
			sealed, payloads = append(sealed, i), append(payloads, payload)
		}
	}
	if len(sealed) == 0 {
		return list, nil
	}
	for n, seal := range p.sealer.Seal(ctx, p.store.LogID(), payloads) {
		list[sealed[n]].seal = seal
	}
	return list, nil
}
