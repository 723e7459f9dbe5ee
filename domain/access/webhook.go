package access

import (
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// WebhookState is what the log says of a webhook. It is never changed in place.
type WebhookState struct {
	// Live is false before the webhook was added and after it was deleted.
	Live bool
	ID   WebhookID
	User domain.UserID
	WebhookData
	// Secret and Former name keys of its signatures in the vault; Former is empty before the
	// first rotation, which was at Rotated.
	Secret, Former string
	Rotated        time.Time
	// Since is the position of the last event that began the delivery anew.
	Since domain.Position
	// Cursor is the position behind which the delivery was to begin, as the event at CursorSince said.
	Cursor, CursorSince domain.Position
}

// Next returns the state after the next event of the same webhook.
func (s WebhookState) Next(r domain.Recorded) WebhookState {
	switch e := r.Event.(type) {
	case WebhookAdded:
		s = WebhookState{
			Live: true, ID: e.ID, User: e.User, WebhookData: e.Webhook, Secret: e.Secret,
			Since: r.Position, Cursor: r.Position, CursorSince: r.Position,
		}
		set(&s.Cursor, e.Cursor)
	case WebhookChanged:
		s.WebhookData, s.Since = e.After, r.Position
		if e.Cursor != nil {
			s.Cursor, s.CursorSince = *e.Cursor, r.Position
		}
	case WebhookRotated:
		s.Secret, s.Former, s.Rotated = e.Secret, e.Former, r.At
	case WebhookDeleted:
		s = WebhookState{ID: e.ID}
	}
	return s
}

// WebhookOf returns the webhook that an event is on, 0 for an event on anything else.
func WebhookOf(e domain.Event) WebhookID {
	switch e := e.(type) {
	case WebhookAdded:
		return e.ID
	case WebhookChanged:
		return e.ID
	case WebhookRotated:
		return e.ID
	case WebhookDeleted:
		return e.ID
	default:
		return 0
	}
}

// FoldWebhook applies an event on a webhook to those that are live.
func FoldWebhook(live map[WebhookID]WebhookState, r domain.Recorded) {
	id := WebhookOf(r.Event)
	if next := live[id].Next(r); next.Live {
		live[id] = next
	} else {
		delete(live, id)
	}
}

// Webhook is a webhook as a fold.
type Webhook struct {
	id WebhookID
	WebhookState
}

// NewWebhook returns the fold of a webhook.
func NewWebhook(id WebhookID) *Webhook { return &Webhook{id: id} }

var webhookTypes = []string{
	WebhookAdded{}.EventType(), WebhookChanged{}.EventType(), WebhookRotated{}.EventType(), WebhookDeleted{}.EventType(),
}

// Item implements [domain.Fold].
func (f *Webhook) Item() domain.Item { return domain.Item{Tag: TagWebhook(f.id), Types: webhookTypes} }

// Apply implements [domain.Fold].
func (f *Webhook) Apply(r domain.Recorded) { f.WebhookState = f.Next(r) }

// Snapshot implements [domain.Fold].
func (f *Webhook) Snapshot() any { return f.WebhookState }

// Restore implements [domain.Fold].
func (f *Webhook) Restore(s any) { f.WebhookState = s.(WebhookState) }

// userWebhooks is the fold of a user's webhooks.
type userWebhooks struct {
	user domain.UserID
	live map[WebhookID]WebhookState
}

func newUserWebhooks(user domain.UserID) *userWebhooks {
	return &userWebhooks{user: user, live: map[WebhookID]WebhookState{}}
}

// Item implements [domain.Fold]. Every event guards: whoever ends all of them must know of each
// what the vault has.
func (f *userWebhooks) Item() domain.Item {
	return domain.Item{Tag: TagUserWebhooks(f.user), Types: webhookTypes}
}

// Apply implements [domain.Fold].
func (f *userWebhooks) Apply(r domain.Recorded) { FoldWebhook(f.live, r) }

// Snapshot implements [domain.Fold].
func (f *userWebhooks) Snapshot() any { return maps.Clone(f.live) }

// Restore implements [domain.Fold].
func (f *userWebhooks) Restore(s any) { f.live = maps.Clone(s.(map[WebhookID]WebhookState)) }

// end returns the events that end all of them, in the order of their ids.
func (f *userWebhooks) end() []domain.Event {
	var events []domain.Event
	for _, id := range slices.Sorted(maps.Keys(f.live)) {
		events = append(events, f.live[id].Deleted())
	}
	return events
}

// Deleted is the event that ends the webhook.
func (s WebhookState) Deleted() WebhookDeleted {
	return WebhookDeleted{ID: s.ID, User: s.User, Webhook: s.WebhookData, Secret: s.Secret, Former: s.Former}
}
