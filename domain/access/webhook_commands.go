package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

const (
	// maxUserWebhooks bounds the webhooks of one user: all of them end with the user, in one change.
	maxUserWebhooks = 20
	// maxWebhookTypes bounds the event types of one webhook.
	maxWebhookTypes = 100
)

// WebhookInput is what a request says about a webhook; what is nil stays as it is, or as it is
// by default.
type WebhookInput struct {
	// Origin and Target are those of [WebhookData], both given or neither.
	Origin, Target *string
	// Types and Resource must be known to whoever reads the log: the domain cannot tell.
	Types    *[]string
	Resource *string
	Paused   *bool
	Cursor   *domain.Position
}

// data returns what a webhook is set to by the input.
func (in *WebhookInput) data(d WebhookData) (WebhookData, error) {
	set(&d.Origin, in.Origin)
	set(&d.Target, in.Target)
	set(&d.Resource, in.Resource)
	set(&d.Paused, in.Paused)
	if in.Types != nil {
		d.Types = slices.Compact(slices.Sorted(slices.Values(*in.Types)))
		if len(d.Types) > maxWebhookTypes {
			return d, domain.Invalid("types", "最多%d个！", maxWebhookTypes)
		}
	}
	return d, nil
}

// AddWebhook sends events to an address from now on.
//
// Invariants:
//  1. A webhook is its maker's, for ever, and ends with its maker.
//  2. Nobody has more than 20. Of two that are added at once, one is refused if both are too many.
//  3. Neither the address nor a key is in the log, but what names them in the vault; and whatever
//     ends the use of one names it as to be destroyed.
type AddWebhook struct{ event WebhookAdded }

// NewAddWebhook returns the command. The secret is that of [WebhookAdded].
func NewAddWebhook(in WebhookInput, secret string) (c AddWebhook, err error) {
	if in.Origin == nil {
		return c, domain.Invalid("url", "不能为空！")
	}
	c.event.Secret, c.event.Cursor = secret, in.Cursor
	c.event.Webhook, err = in.data(WebhookData{})
	return c, err
}

// Allocates implements [domain.Allocator].
func (AddWebhook) Allocates() []domain.Sequence { return []domain.Sequence{domain.SequenceWebhook} }

// Decide implements [domain.Command].
func (c AddWebhook) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, others := NewActor(env.Actor), newUserWebhooks(env.Actor)
	if err := h.Load(actor, others); err != nil {
		return nil, err
	}
	switch {
	case !actor.Registered():
		return nil, domain.Unauthenticated()
	case len(others.live) >= maxUserWebhooks:
		return nil, domain.Refused("一个用户最多有%d个Webhook！", maxUserWebhooks)
	}
	event := c.event
	event.ID, event.User = WebhookID(env.NextID(domain.SequenceWebhook)), env.Actor
	return []domain.Event{event}, nil
}

// webhookOf loads a webhook for a command of the actor's. Whose it is not is told that there is
// none; an admin gets it, too.
func webhookOf(h domain.History, env domain.Env, id WebhookID) (*Webhook, error) {
	actor, hook := NewActor(env.Actor), NewWebhook(id)
	if err := h.Load(actor, hook); err != nil {
		return nil, err
	}
	switch {
	case !actor.Registered():
		return nil, domain.Unauthenticated()
	case !hook.Live, hook.User != env.Actor && !actor.Admin():
		return nil, noWebhook(id)
	}
	return hook, nil
}

// errOthersWebhook refuses to an admin what would turn another's rights to the admin's own ends,
// or show what is the maker's alone.
func errOthersWebhook() error { return domain.Forbidden("无权限！只有创建者可以这样做") }

func noWebhook(id WebhookID) error { return domain.NotFound("Webhook %d 不存在！", id) }

// ChangeWebhook sets a webhook anew: one's own, or, for an admin, whether another's is paused.
type ChangeWebhook struct {
	id WebhookID
	in WebhookInput
}

// NewChangeWebhook returns the command; ids start at 1.
func NewChangeWebhook(id WebhookID, in WebhookInput) (c ChangeWebhook, err error) {
	if id <= 0 {
		return c, noWebhook(id)
	}
	_, err = in.data(WebhookData{})
	return ChangeWebhook{id: id, in: in}, err
}

// Decide implements [domain.Command]. It decides on an event also where nothing is set otherwise:
// by it the delivery begins anew.
func (c ChangeWebhook) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	hook, err := webhookOf(h, env, c.id)
	if err != nil {
		return nil, err
	}
	if hook.User != env.Actor && (WebhookInput{Paused: c.in.Paused}) != c.in {
		return nil, errOthersWebhook()
	}
	after, err := c.in.data(hook.WebhookData)
	if err != nil {
		return nil, err
	}
	return []domain.Event{WebhookChanged{ID: c.id, User: hook.User, Before: hook.WebhookData, After: after, Cursor: c.in.Cursor}}, nil
}

// RotateWebhook gives a webhook of one's own a new key.
type RotateWebhook struct {
	id     WebhookID
	secret string
}

// NewRotateWebhook returns the command; ids start at 1.
func NewRotateWebhook(id WebhookID, secret string) (RotateWebhook, error) {
	if id <= 0 {
		return RotateWebhook{}, noWebhook(id)
	}
	return RotateWebhook{id: id, secret: secret}, nil
}

// Decide implements [domain.Command].
func (c RotateWebhook) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	hook, err := webhookOf(h, env, c.id)
	if err != nil {
		return nil, err
	}
	if hook.User != env.Actor {
		return nil, errOthersWebhook()
	}
	return []domain.Event{WebhookRotated{ID: c.id, User: hook.User, Secret: c.secret, Former: hook.Secret, Spent: hook.Former}}, nil
}

// DeleteWebhook ends a webhook: one's own, or any for an admin.
type DeleteWebhook struct{ id WebhookID }

// NewDeleteWebhook returns the command; ids start at 1.
func NewDeleteWebhook(id WebhookID) (DeleteWebhook, error) {
	if id <= 0 {
		return DeleteWebhook{}, noWebhook(id)
	}
	return DeleteWebhook{id: id}, nil
}

// Decide implements [domain.Command].
func (c DeleteWebhook) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	hook, err := webhookOf(h, env, c.id)
	if err != nil {
		return nil, err
	}
	return []domain.Event{hook.Deleted()}, nil
}
