package eventstore

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// seals returns the seal of each of at most protocol.MaxSealed events, empty for those
// that need none.
func (r *Relay) seals(ctx context.Context, events []protocol.Envelope) ([]string, error) {
	seals := make([]string, len(events))
	if r.sealer == nil {
		return seals, nil
	}
	var at []int
	var payloads [][]byte
	for i := range events {
		if events[i].Context != domain.ContextDNS {
			continue
		}
		payload, err := protocol.AppendMessage(nil, &events[i])
		if err != nil {
			return nil, fmt.Errorf("encode event %d: %w", events[i].Position, err)
		}
		at, payloads = append(at, i), append(payloads, payload)
	}
	if len(payloads) == 0 {
		return seals, nil
	}
	for n, seal := range r.sealer.Seal(ctx, r.store.LogID(), payloads) {
		seals[at[n]] = seal
	}
	return seals, nil
}
