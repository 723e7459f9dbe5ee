package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Why a delivery is given up.
const (
	// GaveUpGone: the receiver answered 410.
	GaveUpGone = "gone"
	// GaveUpFailed: nothing was delivered for 24 hours, though it was tried.
	GaveUpFailed = "failed"
)

// Delivery is how far the delivery of a webhook is. Its JSON names the columns.
type Delivery struct {
	Webhook access.WebhookID `json:"webhook"`
	// Since is the position of the webhook's event by which this delivery began.
	Since domain.Position `json:"since"`
	// Reached is the position up to which everything was delivered, or is not for the webhook.
	Reached domain.Position `json:"reached"`
	// Attempts are those since the last success, the first of them at FailingSince.
	Attempts     int        `json:"attempts"`
	FailingSince *time.Time `json:"failing_since"`
	// NextTry is when a failed delivery is tried again.
	NextTry *time.Time `json:"next_try"`
	// GivenUp says why nothing is delivered any more, empty while it is.
	GivenUp string     `json:"given_up"`
	LastTry *time.Time `json:"last_try"`
	// LastStatus is that of the reply to the last attempt, 0 for none.
	LastStatus int `json:"last_status"`
	// LastError is empty after a success.
	LastError   string     `json:"last_error"`
	LastSuccess *time.Time `json:"last_success"`
}

const (
	deliveryColumns = `webhook, since, reached, attempts, failing_since, next_try, given_up, last_try, last_status, last_error, last_success`
	deliveryRecord  = `webhook bigint, since bigint, reached bigint, attempts int, failing_since timestamptz, next_try timestamptz, given_up text,
		last_try timestamptz, last_status int, last_error text, last_success timestamptz`

	selectDeliveries = `SELECT ` + deliveryColumns + ` FROM control.webhooks WHERE $1::bigint[] IS NULL OR webhook = ANY ($1)`

	// A delivery that has begun since, or has reached more, is another process's or a later one.
	saveDeliveries = `UPDATE control.webhooks w SET reached = n.reached, attempts = n.attempts, failing_since = n.failing_since,
			next_try = n.next_try, given_up = n.given_up, last_try = n.last_try, last_status = n.last_status, last_error = n.last_error,
			last_success = n.last_success
		FROM jsonb_to_recordset($1) AS n (` + deliveryRecord + `)
		WHERE w.webhook = n.webhook AND w.since = n.since AND w.reached <= n.reached RETURNING w.webhook`

	// Where a delivery goes on, it does so unless its user has said since where it begins.
	beginDeliveries = `INSERT INTO control.webhooks AS w (webhook, since, reached)
		SELECT n.webhook, n.since, CASE WHEN old.since >= n.cursor_since THEN old.reached ELSE n.cursor END
			FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (webhook, since, cursor, cursor_since)
			LEFT JOIN control.webhooks old USING (webhook) ORDER BY n.webhook
		ON CONFLICT (webhook) DO UPDATE SET since = excluded.since, reached = excluded.reached,
			attempts = 0, failing_since = NULL, next_try = NULL, given_up = ''
		WHERE w.since < excluded.since`

	selectMarks = `SELECT webhook, since, reached, given_up FROM control.webhooks ORDER BY webhook`

	forgetDeliveries = `DELETE FROM control.webhooks WHERE webhook = ANY ($1)`
)

// Deliveries keeps how far deliveries are, beside the log.
//
// Invariants:
//  1. What a delivery has reached only grows until the webhook's user sets it otherwise.
//  2. Of two processes that deliver for the same webhook, none takes back what the other has noted.
type Deliveries struct{ pool *pgxpool.Pool }

// NewDeliveries returns those of a database; the pool stays the caller's.
func NewDeliveries(pool *pgxpool.Pool) *Deliveries { return &Deliveries{pool} }

// Of returns those of some webhooks, of all if the list is nil. A delivery that has not begun yet
// is not among them.
func (d *Deliveries) Of(ctx context.Context, hooks []access.WebhookID) (map[access.WebhookID]Delivery, error) {
	rows, err := d.pool.Query(ctx, selectDeliveries, hooks)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	all := map[access.WebhookID]Delivery{}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	for _, one := range list {
		all[one.Webhook] = one
	}
	return all, nil
}

// Begin begins the deliveries of webhooks as their users set them last, where that was not done,
// and returns how far they are. One process calls it at a time.
func (d *Deliveries) Begin(ctx context.Context, hooks []access.WebhookState) (map[access.WebhookID]Delivery, error) {
	var ids []access.WebhookID
	var since, cursors, cursorsSince []domain.Position
	for _, s := range hooks {
		ids, since = append(ids, s.ID), append(since, s.Since)
		cursors, cursorsSince = append(cursors, s.Cursor), append(cursorsSince, s.CursorSince)
	}
	if _, err := d.pool.Exec(ctx, beginDeliveries, ids, since, cursors, cursorsSince); err != nil {
		return nil, fmt.Errorf("begin deliveries: %w", err)
	}
	return d.Of(ctx, ids)
}

// Save notes how far deliveries are. Those that it returns were noted; each other one was begun
// anew, or has reached more elsewhere.
func (d *Deliveries) Save(ctx context.Context, list []Delivery) (saved map[access.WebhookID]bool, err error) {
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	rows, err := d.pool.Query(ctx, saveDeliveries, string(text))
	if err != nil {
		return nil, fmt.Errorf("save deliveries: %w", err)
	}
	saved = map[access.WebhookID]bool{}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[access.WebhookID])
	if err != nil {
		return nil, fmt.Errorf("save deliveries: %w", err)
	}
	for _, id := range ids {
		saved[id] = true
	}
	return saved, nil
}

// Forget drops what is known of webhooks that are gone.
func (d *Deliveries) Forget(ctx context.Context, hooks []access.WebhookID) error {
	if _, err := d.pool.Exec(ctx, forgetDeliveries, hooks); err != nil {
		return fmt.Errorf("forget deliveries: %w", err)
	}
	return nil
}

// Mark is what a system that goes on elsewhere must know of a delivery, so that nothing is sent
// again and nothing is left out.
type Mark struct {
	Webhook access.WebhookID `json:"webhook"`
	Since   domain.Position  `json:"since"`
	Reached domain.Position  `json:"reached"`
	GivenUp string           `json:"given_up"`
}

// Marks returns those of all deliveries, as the transaction sees them. The list is never nil.
func Marks(ctx context.Context, tx pgx.Tx) ([]Mark, error) {
	rows, err := tx.Query(ctx, selectMarks)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Mark])
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return list, nil
}

// Sight is how far the delivery of a webhook is to whoever looks at it, for a delivery that has
// not begun as the user set it, too.
func (d Delivery) Sight(since, cursor, cursorSince domain.Position) Delivery {
	if d.Since >= since {
		return d
	}
	if d.Since < cursorSince {
		d.Reached = cursor
	}
	d.Since, d.Attempts, d.FailingSince, d.NextTry, d.GivenUp = since, 0, nil, nil, ""
	return d
}

// Status says how a webhook is.
type Status string

// The statuses.
const (
	Active  Status = "ACTIVE"
	Failing Status = "FAILING"
	// Paused: nothing is delivered until somebody sets it otherwise.
	Paused Status = "PAUSED"
)

// Status is that of a webhook which its user has paused or not.
func (d *Delivery) Status(paused bool) Status {
	switch {
	case paused || d.GivenUp != "":
		return Paused
	case d.Attempts > 0:
		return Failing
	default:
		return Active
	}
}
