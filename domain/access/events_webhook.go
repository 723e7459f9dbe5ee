package access

import "github.com/opsledger/opsledger/domain"

// WebhookID names a webhook.
type WebhookID int64

// WebhookData is what a webhook is set to.
type WebhookData struct {
	// Origin is scheme, host and port of the receiver, such as https://hooks.example.com.
	Origin string `json:"origin"`
	// Target names the receiver's whole address in the vault: path, query and user part are often
	// secrets of the receiver.
	Target string `json:"target" hidden:"true"`
	// Types are the event types that are delivered, all where there are none.
	Types []string `json:"types,omitempty"`
	// Resource is whose events are delivered, as in GET /v1/events; empty for those of all.
	Resource string `json:"resource,omitempty"`
	// Paused: nothing is delivered until somebody says otherwise.
	Paused bool `json:"paused,omitempty"`
}

// WebhookAdded says that events are sent to an address, as a user sees them.
type WebhookAdded struct {
	unkeyed
	ID      WebhookID     `json:"id"`
	User    domain.UserID `json:"user"`
	Webhook WebhookData   `json:"webhook"`
	// Cursor is the position behind which the delivery begins; nil: behind this event.
	Cursor *domain.Position `json:"cursor,omitempty"`
	// Secret names the key of the signatures in the vault.
	Secret string `json:"secret" hidden:"true"`
}

// WebhookChanged says that a webhook was set anew. The delivery begins again at once, also where
// it had been given up.
type WebhookChanged struct {
	unkeyed
	ID     WebhookID     `json:"id"`
	User   domain.UserID `json:"user"`
	Before WebhookData   `json:"before"`
	After  WebhookData   `json:"after"`
	// Cursor is the position behind which the delivery goes on; nil: where it was.
	Cursor *domain.Position `json:"cursor,omitempty"`
}

// WebhookRotated says that a webhook's deliveries are signed with a new key. For some time they
// are signed with the former one, too.
type WebhookRotated struct {
	unkeyed
	ID     WebhookID     `json:"id"`
	User   domain.UserID `json:"user"`
	Secret string        `json:"secret" hidden:"true"`
	Former string        `json:"former" hidden:"true"`
	// Spent is the key before the former one, which signs nothing any more and is to be destroyed.
	Spent string `json:"spent,omitempty" hidden:"true"`
}

// WebhookDeleted says that nothing more is sent. What the vault has of the webhook is to be destroyed.
type WebhookDeleted struct {
	unkeyed
	ID      WebhookID     `json:"id"`
	User    domain.UserID `json:"user"`
	Webhook WebhookData   `json:"webhook"`
	Secret  string        `json:"secret" hidden:"true"`
	Former  string        `json:"former,omitempty" hidden:"true"`
}

// EventType implements [domain.Event].
func (WebhookAdded) EventType() string   { return "WebhookAdded" }
func (WebhookChanged) EventType() string { return "WebhookChanged" }
func (WebhookRotated) EventType() string { return "WebhookRotated" }
func (WebhookDeleted) EventType() string { return "WebhookDeleted" }

func webhookTags(id WebhookID, user domain.UserID, erasable bool) []domain.Tag {
	tags := []domain.Tag{TagWebhooks, TagWebhook(id), TagUserWebhooks(user)}
	if erasable {
		tags = append(tags, TagErasable)
	}
	return tags
}

// Tags implements [domain.Event].
func (e WebhookAdded) Tags() []domain.Tag { return webhookTags(e.ID, e.User, false) }
func (e WebhookChanged) Tags() []domain.Tag {
	return webhookTags(e.ID, e.User, e.Before.Target != e.After.Target)
}
func (e WebhookRotated) Tags() []domain.Tag { return webhookTags(e.ID, e.User, e.Spent != "") }
func (e WebhookDeleted) Tags() []domain.Tag { return webhookTags(e.ID, e.User, true) }

// erasableOfWebhook is [Erasable] of the events of webhooks.
func erasableOfWebhook(e domain.Event) []string {
	switch e := e.(type) {
	case WebhookChanged:
		if e.Before.Target != e.After.Target {
			return []string{e.Before.Target}
		}
	case WebhookRotated:
		return []string{e.Spent}
	case WebhookDeleted:
		return []string{e.Webhook.Target, e.Secret, e.Former}
	}
	return nil
}
