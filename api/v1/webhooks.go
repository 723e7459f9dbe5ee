package v1

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/webhook"
)

// kindWebhook is what the vault calls addresses and keys of webhooks.
const kindWebhook = "webhook"

// Webhooks is what the routes of webhooks stand on.
type Webhooks struct {
	// Sender checks addresses and tries receivers; without it the routes are 503.
	Sender *webhook.Sender
	// Deliveries knows how far deliveries are.
	Deliveries *webhook.Deliveries
}

// errNoWebhooks: nobody delivers.
const errNoWebhooks = api.Unavailable("webhooks are not there now, try again")

// webhookBody is a webhook on the wire, without its secret.
type webhookBody struct {
	ID access.WebhookID `json:"id"`
	// URL is the whole address to the maker alone, to an admin scheme, host and port; null in the
	// past for an address that is not kept any more.
	URL      *string       `json:"url"`
	Types    []string      `json:"types"`
	Resource *string       `json:"resource"`
	Paused   bool          `json:"paused"`
	UserID   domain.UserID `json:"user_id"`
	Username string        `json:"username"`
	Created  time.Time     `json:"created_at"`
	// FormerUntil is until when messages are signed by the former secret, too.
	FormerUntil *time.Time `json:"former_secret_until"`
	deliveryBody
}

// deliveryBody is how far a delivery is: all null in the past.
type deliveryBody struct {
	State  *webhook.Status  `json:"state"`
	Cursor *domain.Position `json:"cursor"`
	// PausedBy is user, gone or failed, null unless the state is PAUSED.
	PausedBy     *string    `json:"paused_by"`
	Attempts     *int       `json:"attempts"`
	FailingSince *time.Time `json:"failing_since"`
	NextTry      *time.Time `json:"next_try_at"`
	LastTry      *time.Time `json:"last_try_at"`
	LastStatus   *int       `json:"last_status"`
	LastError    *string    `json:"last_error"`
	LastSuccess  *time.Time `json:"last_success_at"`
}

func deliveryOnWire(w accessmodel.Webhook, d webhook.Delivery) deliveryBody {
	d = d.Sight(w.Since, w.Cursor, w.CursorSince)
	body := deliveryBody{
		State: new(d.Status(w.Paused)), Cursor: &d.Reached, Attempts: &d.Attempts, FailingSince: d.FailingSince, NextTry: d.NextTry,
		LastTry: d.LastTry, LastSuccess: d.LastSuccess,
	}
	if d.LastStatus != 0 {
		body.LastStatus = &d.LastStatus
	}
	if d.LastError != "" {
		body.LastError = &d.LastError
	}
	switch {
	case w.Paused:
		body.PausedBy = new("user")
	case d.GivenUp != "":
		body.PausedBy = &d.GivenUp
	}
	return body
}

// webhooksOnWire shows webhooks to the caller.
func (a *API) webhooksOnWire(c echo.Context, rows []accessmodel.Webhook) ([]webhookBody, error) {
	ctx, past := c.Request().Context(), api.IsPast(c)
	ids := make([]access.WebhookID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	known, err := a.Hooks.Deliveries.Of(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]webhookBody, len(rows))
	for i, row := range rows {
		list[i] = webhookBody{
			ID: row.ID, URL: &row.Origin, Types: append([]string{}, row.Types...), Paused: row.Paused, UserID: row.User, Username: row.Username,
			Created: row.Created,
		}
		if row.Resource != "" {
			list[i].Resource = &row.Resource
		}
		if row.User == api.Caller(c).ID {
			if list[i].URL, err = a.addressOf(ctx, row.Target); err != nil {
				return nil, err
			}
		}
		if past {
			continue
		}
		list[i].deliveryBody = deliveryOnWire(row, known[row.ID])
		if row.Rotated != nil && time.Since(*row.Rotated) < webhook.RotationLasts {
			list[i].FormerUntil = new(row.Rotated.Add(webhook.RotationLasts))
		}
	}
	return list, nil
}

// addressOf is the address that the vault has under a name, nil for one that is not kept any more.
func (a *API) addressOf(ctx context.Context, name string) (*string, error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return nil, err
	}
	text, err := a.Vault.Get(ctx, id)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	return new(string(text)), err
}

// webhooks are the routes of webhooks. None is for a credential with bounds: what a webhook gets
// has those of its user alone.
func (a *API) webhooks() []api.Route {
	read := []domain.Context{domain.ContextAccess}
	routes := []api.Route{
		api.Get("/v1/webhooks", api.AccessUser, read, a.listWebhooks).
			WithQuery(api.Reads(limitOf).And(api.Reads(cursorOf)).And(api.Reads(userOf))).WithPast(),
		api.Get("/v1/webhooks/:id", api.AccessUser, read, a.showWebhook).WithPast(),
		api.Post("/v1/webhooks", api.AccessUser, a.addWebhook()),
		api.Put("/v1/webhooks/:id", api.AccessUser, a.changeWebhook()),
		api.Delete("/v1/webhooks/:id", api.AccessUser, api.Write{Kind: api.Webhook, Unversioned: true, Command: func(w *api.Request) (domain.Command, error) {
			return access.NewDeleteWebhook(access.WebhookID(w.ID))
		}}),
		api.Post("/v1/webhooks/:id/rotate", api.AccessUser, a.rotateWebhook()),
		{Method: http.MethodPost, Path: "/v1/webhooks/:id/test", Access: api.AccessUser, Reads: read, Handle: a.tryWebhook, Count: a.countTry, Limit: limitOfTry},
	}
	for i := range routes {
		routes[i].AllViews = true
	}
	return routes
}

// listWebhooks lists the caller's webhooks; for an admin those of a user, or all.
func (a *API) listWebhooks(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, before, asked := limitOf(q), cursorOf(q), userOf(q)
	switch caller := api.Caller(c); {
	case q.Err != nil:
		return q.Err
	case a.Hooks.Sender == nil:
		return errNoWebhooks
	case !caller.Admin() && asked != nil && *asked != int64(caller.ID):
		return caller.Require(access.Administer())
	case !caller.Admin():
		asked = (*int64)(&caller.ID)
	}
	rows, err := a.Access.Webhooks(c.Request().Context(), (*domain.UserID)(asked), before, limit+1)
	if err != nil {
		return err
	}
	body := struct {
		Webhooks []webhookBody `json:"webhooks"`
		Next     *string       `json:"next"`
	}{}
	rows, body.Next = cut(rows, limit, func(w accessmodel.Webhook) int64 { return int64(w.ID) })
	if body.Webhooks, err = a.webhooksOnWire(c, rows); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

func (a *API) showWebhook(c echo.Context) error {
	id, err := api.PathID(c, api.Webhook)
	if err != nil {
		return err
	}
	if a.Hooks.Sender == nil {
		return errNoWebhooks
	}
	row, err := a.Access.Webhook(c.Request().Context(), id)
	if caller := api.Caller(c); err == nil && row.User != caller.ID && !caller.Admin() {
		err = query.ErrNotFound // in the same words
	}
	if err := api.Found(api.Webhook, id, err); err != nil {
		return err
	}
	list, err := a.webhooksOnWire(c, []accessmodel.Webhook{row})
	if err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, list[0])
}

func noWebhook(id int64) error { return domain.NotFound("Webhook %d 不存在！", id) }

// madeWebhookBody is the reply to a new webhook, or to a new secret: the one time that it is shown.
type madeWebhookBody struct {
	Message     string           `json:"message"`
	ID          access.WebhookID `json:"id"`
	Secret      *string          `json:"secret"`
	Cursor      *domain.Position `json:"cursor,omitempty"`
	FormerUntil *time.Time       `json:"former_secret_until,omitempty"`
}

// addWebhook sends events from now on.
func (a *API) addWebhook() api.Write {
	keys := api.Names{"url", "types", "resource", "cursor", "paused"}
	return a.withWebhookSecret(keys, func(w *api.Request, secret string) (domain.Command, error) {
		in, err := a.readWebhook(w)
		if err != nil {
			return nil, err
		}
		return access.NewAddWebhook(in, secret)
	})
}

func (a *API) rotateWebhook() api.Write {
	write := a.withWebhookSecret(api.Names{}, func(w *api.Request, secret string) (domain.Command, error) {
		return access.NewRotateWebhook(access.WebhookID(w.ID), secret)
	})
	write.Kind = api.Webhook
	return write
}

// withWebhookSecret is a write that makes a secret, which its reply alone shows.
func (a *API) withWebhookSecret(keys api.Names, command func(w *api.Request, secret string) (domain.Command, error)) api.Write {
	return api.Write{Keys: keys, Unversioned: true, Choose: func(*api.Request) (api.Write, error) {
		secret := webhook.NewSecret() // of this request
		return api.Write{
			Keys: keys, Unversioned: true,
			Command: func(w *api.Request) (domain.Command, error) {
				if a.Hooks.Sender == nil {
					return nil, errNoWebhooks
				}
				id, err := a.sealWebhook(w, secret)
				if err != nil {
					return nil, err
				}
				return command(w, id)
			},
			Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
				w.Header().Del(api.HeaderETag)
				return madeWebhook(receipt, secret), nil
			},
		}, nil
	}}
}

func madeWebhook(receipt eventstore.Receipt, secret string) madeWebhookBody {
	body := madeWebhookBody{Message: "OK"}
	for _, r := range receipt.Events {
		switch e := r.Event.(type) {
		case access.WebhookAdded:
			if body.ID, body.Cursor = e.ID, e.Cursor; e.Cursor == nil {
				body.Cursor = &r.Position
			}
		case access.WebhookRotated:
			body.ID, body.FormerUntil = e.ID, new(r.At.Add(webhook.RotationLasts))
		}
	}
	if !receipt.Replayed {
		body.Secret = &secret
	}
	return body
}

// sealWebhook puts a text into the vault. A dry run puts nothing there.
func (a *API) sealWebhook(w *api.Request, text string) (name string, err error) {
	id := uuid.Nil
	if !w.Dry() {
		if id, err = a.Vault.Put(w.Context(), kindWebhook, []byte(text)); err != nil {
			return "", err
		}
		w.Sealed(id)
	}
	return id.String(), nil
}

func (a *API) changeWebhook() api.Write {
	return api.Write{
		Kind: api.Webhook, Unversioned: true, Keys: api.Names{"url", "types", "resource", "cursor", "paused"},
		Command: func(w *api.Request) (domain.Command, error) {
			if a.Hooks.Sender == nil {
				return nil, errNoWebhooks
			}
			in, err := a.readWebhook(w)
			if err != nil {
				return nil, err
			}
			return access.NewChangeWebhook(access.WebhookID(w.ID), in)
		},
	}
}

// tryBody is what came of a test.
type tryBody struct {
	Message   string `json:"message"`
	Delivered bool   `json:"delivered"`
	// Status is that of the reply, null for none.
	Status *int    `json:"status"`
	Error  *string `json:"error"`
	// Milliseconds is how long it took.
	Milliseconds int64 `json:"milliseconds"`
}

// limitOfTry leaves a receiver its time.
func limitOfTry(*http.Request) time.Duration {
	return api.DefaultRequestTimeout + webhook.DefaultWithin
}

// countTry counts a test for the throttle.
func (a *API) countTry(c echo.Context) error { return a.tries.take(api.Caller(c).ID) }

// tryWebhook sends a message that tells of nothing, and says what the receiver answered.
func (a *API) tryWebhook(c echo.Context) error {
	id, err := api.PathID(c, api.Webhook)
	if err != nil {
		return err
	}
	caller, ctx := api.Caller(c), c.Request().Context()
	hook := access.NewWebhook(access.WebhookID(id))
	switch _, err := a.Store.Load(ctx, hook); {
	case err != nil:
		return err
	case !hook.Live, hook.User != caller.ID && !caller.Admin():
		return noWebhook(id)
	case hook.User != caller.ID:
		return domain.Forbidden("无权限！只有创建者可以这样做")
	case !caller.MayWrite():
		return domain.Forbidden("无权限！凭据%s只能读取", caller.Credential.Name)
	case a.Hooks.Sender == nil:
		return errNoWebhooks
	}
	if _, err := api.ReadBody(c); err != nil { // which it knows nothing of
		return err
	}
	if err := a.tries.take(caller.ID); err != nil {
		return err
	}
	outcome, err := a.try(ctx, hook.WebhookState)
	if err != nil {
		return err
	}
	body := tryBody{Message: "OK", Delivered: outcome.Delivered(), Milliseconds: outcome.Took.Milliseconds()}
	if outcome.Status != 0 {
		body.Status = &outcome.Status
	}
	if text := outcome.Error(); text != "" {
		body.Error = &text
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// typeTest is the type of the message of a test, which no event has.
const typeTest = "test"

func (a *API) try(ctx context.Context, state access.WebhookState) (webhook.Outcome, error) {
	to, err := a.Hooks.Sender.Open(ctx, a.Vault, state)
	if webhook.IsLasting(err) {
		return webhook.Outcome{Err: err}, nil
	}
	if err != nil {
		return webhook.Outcome{}, err
	}
	return a.Hooks.Sender.Send(ctx, to, webhook.Message{
		ID: a.Store.LogID().String() + "-" + typeTest + "-" + uuid.NewString(), Type: typeTest, At: time.Now(),
		Data: []byte(`{"webhook":` + strconv.FormatInt(int64(state.ID), 10) + `}`),
	}), nil
}
