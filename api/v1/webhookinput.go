package v1

import (
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/allowance"
)

// readWebhook reads what a request says of a webhook, and seals its address.
func (a *API) readWebhook(w *api.Request) (in access.WebhookInput, err error) {
	p := w.Params
	address := p.GivenText("url")
	in.Types, in.Resource = a.typesOf(p), resourceOf(p)
	if _, given := p.Value("paused"); given || p.GivenText("paused") != nil {
		in.Paused = new(p.Flag("paused"))
	}
	if in.Cursor, err = a.positionOf(w); err != nil {
		return in, err
	}
	if p.Err != nil || address == nil {
		return in, p.Err
	}
	to, err := a.Hooks.Sender.Address(*address)
	if err != nil {
		return in, err
	}
	sealed, err := a.sealWebhook(w, to.String())
	in.Origin, in.Target = new(to.Origin()), &sealed
	return in, err
}

// typesOf are the types of events that a webhook is for; none means all, as null does.
func (a *API) typesOf(p *api.Params) *[]string {
	list := texts(p, "types")
	if list.Value == nil {
		if list.Given {
			return &[]string{}
		}
		return nil
	}
	for _, name := range *list.Value {
		if _, known := a.Store.Codec().Descriptor(name); !known {
			p.Refuse("types", "%s is no type of events", api.PrintableName(name))
		}
	}
	return list.Value
}

// resourceOf is whose events a webhook is for; null and the empty text mean those of all.
func resourceOf(p *api.Params) *string {
	if raw, given := p.Object["resource"]; given && string(raw) == "null" {
		return new("")
	}
	text := p.GivenText("resource")
	if text != nil && *text != "" {
		if _, ok := feed.ParseResource(*text); !ok {
			p.Refuse("resource", "must be a kind and an id, such as zone:12")
		}
	}
	return text
}

// positionOf is the position behind which the delivery goes on.
func (a *API) positionOf(w *api.Request) (*domain.Position, error) {
	n := w.Integer("cursor")
	if n == nil || w.Err != nil {
		return nil, w.Err
	}
	if *n < 0 {
		return nil, domain.Invalid("cursor", "must not be negative")
	}
	head, err := a.Store.Head(w.Context())
	if err == nil && *n > int64(head.Position) {
		err = domain.Invalid("cursor", "the log has not reached the position")
	}
	return (*domain.Position)(n), err
}

const (
	// A user has five tests at once, and another one every ten seconds.
	triesAtOnce, oneTry = 50, 10
	tryAgainAfter       = 10 * time.Second
)

// tries bounds how many tests of webhooks users make.
type tries struct{ users *allowance.Allowances }

func newTries() tries {
	return tries{allowance.New(allowance.Limits{PerSecond: 1, Burst: triesAtOnce}, "tests of webhooks", nil)}
}

func (t tries) take(user domain.UserID) error {
	if t.users.Take(int64(user), oneTry) {
		return nil
	}
	return identity.Throttled("too many tests of webhooks", tryAgainAfter)
}
