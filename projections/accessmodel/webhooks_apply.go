package accessmodel

import (
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/table"
)

var webhooks = table.Keeping(table.Table[Webhook]{
	Name: "webhooks", Key: "id", Columns: (*Webhook).columns,
	Indexes: []string{"CREATE INDEX ON {schema}.webhooks (user_id, id)"},
})

// applyWebhook takes an event on a webhook.
func (b *batch) applyWebhook(e domain.Recorded) error {
	switch event := e.Event.(type) {
	case access.WebhookAdded:
		row := Webhook{User: event.User, Created: e.At}
		row.set(e, access.WebhookState{})
		if err := b.webhooks.Add(row); err != nil {
			return err
		}
		return b.logWebhook(e, oplog.OperationAdd, row, row)
	case access.WebhookChanged:
		return b.webhookChanged(e, event.ID)
	case access.WebhookRotated:
		return b.webhookChanged(e, event.ID)
	case access.WebhookDeleted:
		row, err := b.webhooks.Find(event.ID)
		if err != nil {
			return err
		}
		b.webhooks.Drop(row.ID)
		return b.logWebhook(e, oplog.OperationDelete, row, row)
	default:
		return fmt.Errorf("unknown event type %T", e.Event)
	}
}

func (b *batch) webhookChanged(e domain.Recorded, id access.WebhookID) error {
	row, err := b.webhooks.Find(id)
	if err != nil {
		return err
	}
	was := row
	row.set(e, access.WebhookState{
		Live: true, ID: row.ID, User: row.User, WebhookData: row.WebhookData,
		Since: row.Since, Cursor: row.Cursor, CursorSince: row.CursorSince,
	})
	if _, rotated := e.Event.(access.WebhookRotated); rotated {
		row.Rotated = &e.At
	}
	b.webhooks.Put(row)
	return b.logWebhook(e, oplog.OperationChange, row, was)
}

// set sets the row to what an event makes of a state.
func (w *Webhook) set(e domain.Recorded, was access.WebhookState) {
	is := was.Next(e)
	w.ID, w.WebhookData, w.Since, w.Cursor, w.CursorSince, w.Changed = is.ID, is.WebhookData, is.Since, is.Cursor, is.CursorSince, e.Position
}

// logWebhook writes an entry that shows the given state of a webhook, that before a change.
func (b *batch) logWebhook(e domain.Recorded, operation string, row, was Webhook) error {
	shown, err := b.webhookDetail(row)
	if err != nil {
		return err
	}
	former, err := b.webhookDetail(was)
	if err != nil {
		return err
	}
	target := oplog.Target{Type: oplog.TargetWebhook, Name: row.Origin, ID: int64(row.ID)}
	return b.log(e, operation, target, oplog.TextsOf(operation, former, shown))
}

func (b *batch) webhookDetail(w Webhook) (*oplog.Detail, error) {
	user, known := b.users.Get(w.User)
	if !known {
		return nil, fmt.Errorf("user %d does not exist", w.User)
	}
	d := oplog.NewDetail()
	d.Number("id", int64(w.ID))
	d.Line("地址", w.Origin)
	d.Line("用户", user.Username)
	d.Names("事件类型", w.Types)
	if w.Resource != "" {
		d.Line("资源", w.Resource)
	}
	d.Number("起始位置", int64(w.Cursor))
	if w.Paused {
		d.Line("暂停", "是")
	}
	if w.Rotated != nil {
		d.Line("密钥更换", w.Rotated.UTC().Format(time.RFC3339))
	}
	return d, nil
}
