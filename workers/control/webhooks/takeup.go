package webhooks

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/webhook"
)

const takeUp = `INSERT INTO control.webhooks (webhook, since, reached, given_up)
	SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])`

// TakeUpIn lets the deliveries of a log that has moved go on, in the transaction that has brought
// the log in, up to head: where marks says that they were, or all behind head if it is nil, as for
// a log of which nobody has noted that. A webhook without a mark had not begun, and begins as its
// user set it. For how long a delivery has failed is forgotten: the trying begins anew.
//
// Marks may be of a later moment than the log: of what is not in the log, nothing counts.
func TakeUpIn(ctx context.Context, tx pgx.Tx, codec *domain.Codec, marks []webhook.Mark, head domain.Position) error {
	live, err := liveIn(ctx, tx, codec)
	if err != nil {
		return err
	}
	if marks == nil {
		for _, id := range slices.Sorted(maps.Keys(live)) {
			marks = append(marks, webhook.Mark{Webhook: id, Since: live[id].Since, Reached: head})
		}
	}
	var ids []access.WebhookID
	var since, reached []domain.Position
	var givenUp []string
	for _, m := range marks {
		state, is := live[m.Webhook]
		if !is {
			continue
		}
		ids, since = append(ids, m.Webhook), append(since, min(m.Since, state.Since))
		reached, givenUp = append(reached, min(m.Reached, head)), append(givenUp, m.GivenUp)
	}
	if _, err := tx.Exec(ctx, takeUp, ids, since, reached, givenUp); err != nil {
		return fmt.Errorf("take up deliveries: %w", err)
	}
	return nil
}

// liveIn are the webhooks that the transaction's log has.
func liveIn(ctx context.Context, tx pgx.Tx, codec *domain.Codec) (map[access.WebhookID]access.WebhookState, error) {
	live := map[access.WebhookID]access.WebhookState{}
	for read := domain.Position(0); ; {
		events, err := eventstore.ReadTagged(ctx, tx, access.TagWebhooks, read, page)
		if err != nil || len(events) == 0 {
			return live, err
		}
		for i := range events {
			r, err := events[i].Decode(codec)
			if err != nil {
				return nil, err
			}
			access.FoldWebhook(live, r)
		}
		read = events[len(events)-1].Position
	}
}
