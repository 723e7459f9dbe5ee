package eventstore

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// answer tells what became of the command, now or when it was carried out before.
func (x *execution) answer(ctx context.Context, d decision, a answer) (Receipt, error) {
	if a.stored != nil {
		return x.replay(ctx, a.stored)
	}
	r := receipt(a.events, d.events)
	d.keep(a.events, r.Events)
	r.Warnings = d.warnings
	return r, nil
}

func receipt(stored []protocol.Envelope, events []domain.Event) Receipt {
	if len(stored) == 0 {
		return Receipt{}
	}
	r := Receipt{First: stored[0].Position, Last: stored[len(stored)-1].Position, Events: make([]domain.Recorded, len(stored))}
	for i, e := range stored {
		r.Events[i] = e.Recorded(events[i])
	}
	return r
}

// replay answers with what became of the command when it was carried out before.
func (x *execution) replay(ctx context.Context, c *storedCommand) (Receipt, error) {
	if err := c.check(x.Fingerprint); err != nil {
		return Receipt{}, err
	}
	r := Receipt{First: c.first, Last: c.last, Replayed: true, Refusal: c.refusal, Warnings: c.warnings}
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
