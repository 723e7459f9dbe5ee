package accessmodel

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Webhook is a webhook as its user set it. How far its delivery is, is not from the log.
type Webhook struct {
	ID access.WebhookID
	// User is who made it, Username that user's name.
	User     domain.UserID
	Username string
	access.WebhookData
	Created time.Time
	// Rotated is when it got its present key, nil for the first.
	Rotated *time.Time
	// Since, Cursor and CursorSince are as in [access.WebhookState].
	Since, Cursor, CursorSince domain.Position
	// Changed is the position of its last event.
	Changed domain.Position
}

func (w *Webhook) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &w.ID),
		table.Col("user_id", table.Number|table.Fixed, &w.User),
		table.Col("settings", table.JSON, &w.WebhookData),
		table.Col("created", table.Time|table.Fixed, &w.Created),
		table.Col("rotated", table.OptionalTime, &w.Rotated),
		table.Col("since_event", table.Number, &w.Since),
		table.Col("start", table.Number, &w.Cursor),
		table.Col("start_event", table.Number, &w.CursorSince),
		table.Col("changed", table.Number, &w.Changed),
	}
}

// shown are the columns of the row w with its user's name.
func (w *Webhook) shown() []table.Column {
	return append(table.Of("w", w.columns()), table.Column{Name: "u.username", Place: &w.Username})
}

var selectWebhooks = "SELECT " + table.Names((*Webhook).shown(new(Webhook))) +
	" FROM " + webhooks.In("access") + " w JOIN " + users.In("access") + " u ON u.id = w.user_id"

// Webhooks lists the webhooks with ids below before, the newest first: those of a user, or of all.
func (r *Reader) Webhooks(ctx context.Context, user *domain.UserID, before int64, limit int) ([]Webhook, error) {
	sql := selectWebhooks + " WHERE w.id < $1 AND ($2::bigint IS NULL OR w.user_id = $2) ORDER BY w.id DESC LIMIT $3"
	return query.All(ctx, r.pool, query.Row((*Webhook).shown), sql, before, (*int64)(user), limit)
}

// Webhook returns one, or [query.ErrNotFound].
func (r *Reader) Webhook(ctx context.Context, id int64) (Webhook, error) {
	return query.Only(ctx, r.pool, query.Row((*Webhook).shown), selectWebhooks+" WHERE w.id = $1", id)
}
