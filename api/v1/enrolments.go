package v1

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// errNoEnrolments: nobody can enrol an agent.
const errNoEnrolments = api.Unavailable("agents cannot be enrolled now, try again")

// Enrolments enrols agents by tokens.
type Enrolments interface {
	// Redeem enrols the agent with the public key by the token with the digest, for a host that asks from the address.
	Redeem(ctx context.Context, digest, key, address string) (Enrolment, error)
}

// Enrolment is what a host needs beside its own key to connect as an agent.
type Enrolment struct {
	Kind string    `json:"kind"`
	ID   int64     `json:"id"`
	Log  uuid.UUID `json:"log"`
	URL  string    `json:"url"`
	Key  []byte    `json:"key"`
	Pins []string  `json:"pins"`
	JWT  string    `json:"jwt"`
}

// tokenBody is a token for an enrolment on the wire. What it is shown with once is not in it.
type tokenBody struct {
	ID      domain.CredentialID `json:"id"`
	MadeBy  maker               `json:"made_by"`
	Created time.Time           `json:"created_at"`
	Expires time.Time           `json:"expires_at"`
	// State is open, used, revoked or expired.
	State    string     `json:"state"`
	Ended    *time.Time `json:"ended_at"`
	UsedFrom *string    `json:"used_from"`
}

type maker struct {
	ID       domain.UserID `json:"id"`
	Username string        `json:"username"`
}

func tokenOnWire(t accessmodel.EnrolmentToken, now time.Time) tokenBody {
	body := tokenBody{
		ID: t.ID, MadeBy: maker{t.Maker, t.MakerName}, Created: t.Created, Expires: t.Expires, State: "open", Ended: t.Ended,
	}
	switch {
	case t.Used:
		body.State, body.UsedFrom = "used", &t.Address
	case t.Ended != nil && t.Ended.Before(t.Expires):
		body.State = "revoked"
	case !now.Before(t.Expires):
		body.State = "expired"
	}
	return body
}

// enrolments are the routes of tokens by which hosts enrol their agents.
func (a *API) enrolments() []api.Route {
	both := []domain.Context{domain.ContextAccess, domain.ContextDNS, domain.ContextOps}
	revoke := api.Write{Kind: api.EnrolmentToken, Unversioned: true, NoDryRun: api.NoDryRun, Command: a.revokeToken}
	return []api.Route{
		api.Get("/v1/enrolment-tokens", api.AccessLogin, both, a.listTokens).
			WithQuery(api.Reads(limitOf).And(api.Reads(cursorOf)).And(api.Reads(readTokenTarget))),
		api.Post("/v1/enrolment-tokens", api.AccessLogin, a.addToken()),
		api.Delete("/v1/enrolment-tokens/:id", api.AccessLogin, revoke),
		{
			Method: http.MethodPost, Path: "/v1/enrolments", Access: api.AccessPublic, Keys: api.Reads(readRedemption), Handle: a.redeem,
			Count: func(c echo.Context) error { return a.Identity.CountEnrolment(a.ClientAddress(c.Request())) },
		},
	}
}

// tokenTarget is the server or the machine that a request names.
type tokenTarget struct {
	server  *int64
	machine *string
}

func readTokenTarget(p *api.Params) tokenTarget {
	t := tokenTarget{p.Integer("server_id"), p.Text("machine")}
	if (t.server == nil) == (t.machine == nil) {
		p.Refuse("server_id", "give server_id or machine")
	}
	return t
}

// listTokens lists the tokens of a server or machine for who may enrol its agent.
func (a *API) listTokens(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, before, asked := limitOf(q), cursorOf(q), readTokenTarget(q)
	if q.Err != nil {
		return q.Err
	}
	kind, id, err := a.targetOf(c, asked)
	if err != nil {
		return err
	}
	rows, err := a.Access.EnrolmentTokens(c.Request().Context(), kind, id, before, limit+1)
	if err != nil {
		return err
	}
	body := struct {
		Tokens []tokenBody `json:"enrolment_tokens"`
		Next   *string     `json:"next"`
	}{Tokens: []tokenBody{}}
	rows, body.Next = cut(rows, limit, func(t accessmodel.EnrolmentToken) int64 { return int64(t.ID) })
	for _, row := range rows {
		body.Tokens = append(body.Tokens, tokenOnWire(row, time.Now()))
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// targetOf finds the server or machine, of which the caller must be allowed to enrol the agent.
func (a *API) targetOf(c echo.Context, asked tokenTarget) (kind string, id int64, err error) {
	ctx, caller := c.Request().Context(), api.Caller(c)
	if asked.server != nil {
		server, err := a.DNS.Server(ctx, *asked.server)
		if err != nil {
			return "", 0, api.Found(api.Server, *asked.server, err)
		}
		return access.EnrolServer, server.ID, caller.Require(access.On(server.Target, access.OperationUpdate))
	}
	if err := caller.Require(access.Permitted(access.CodeUpdateMachine)); err != nil {
		return "", 0, err
	}
	machine, err := a.Ops.MachineByName(ctx, *asked.machine)
	if errors.Is(err, query.ErrNotFound) {
		err = domain.NotFound("Machine %s 不存在！", api.PrintableName(*asked.machine))
	}
	return access.EnrolMachine, machine.ID, err
}

// addToken makes a token, which the reply shows once.
func (a *API) addToken() api.Write {
	keys := api.Names{"server_id", "machine", "expires_in_s"}
	return api.Write{Keys: keys, Unversioned: true, Choose: func(*api.Request) (api.Write, error) {
		var token string // of this request
		return api.Write{
			Keys: keys, Unversioned: true, NoDryRun: api.NoDryRun,
			Command: func(w *api.Request) (domain.Command, error) {
				asked, seconds := readTokenTarget(w.Params), w.Integer("expires_in_s")
				if w.Err != nil {
					return nil, w.Err
				}
				var digest string
				token, digest = identity.NewEnrolmentToken()
				order, err := access.ParseEnrolmentToken(seconds, digest)
				if err != nil {
					return nil, err
				}
				if asked.server != nil {
					return dns.NewAddServerToken(*asked.server, order)
				}
				return ops.NewAddHostToken(*asked.machine, order)
			},
			Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
				w.Header().Del(api.HeaderETag)
				return newTokenOnWire(receipt, token), nil
			},
		}, nil
	}}
}

// newTokenBody is the one reply that shows a token. A repeat of the request, by its Idempotency-Key, gets null in its place.
type newTokenBody struct {
	Message string              `json:"message"`
	ID      domain.CredentialID `json:"id"`
	Token   *string             `json:"token"`
	Expires time.Time           `json:"expires_at"`
}

func newTokenOnWire(receipt eventstore.Receipt, token string) newTokenBody {
	body := newTokenBody{Message: "OK"}
	for _, r := range receipt.Events {
		if e, is := r.Event.(access.EnrolmentTokenAdded); is {
			body.ID, body.Expires = e.ID, e.Expires
		}
	}
	if !receipt.Replayed {
		body.Token = &token
	}
	return body
}

func (a *API) revokeToken(w *api.Request) (domain.Command, error) {
	id := domain.CredentialID(w.ID)
	row, err := a.Access.EnrolmentToken(w.Context(), id)
	if err != nil {
		return nil, api.Found(api.EnrolmentToken, w.ID, err)
	}
	if row.Kind == access.EnrolMachine {
		return ops.NewRevokeHostToken(id), nil
	}
	return dns.NewRevokeServerToken(id), nil
}

// redemption is what a host enrols its agent with.
type redemption struct{ token, key string }

func readRedemption(p *api.Params) redemption {
	return redemption{p.Required("token"), p.Required("public_key")}
}

// redeem enrols the agent of a host that has a token. To a stranger all bad tokens are alike.
func (a *API) redeem(c echo.Context) error {
	if a.Enrolments == nil {
		return errNoEnrolments
	}
	if err := a.RefuseInClear(c.Request()); err != nil {
		return err
	}
	p, err := api.ReadBody(c)
	if err != nil {
		return err
	}
	asked := readRedemption(p)
	if p.Err != nil {
		return p.Err
	}
	ctx, address := c.Request().Context(), a.ClientAddress(c.Request())
	leave, err := a.Identity.AdmitEnrolment(ctx, address)
	if err != nil {
		return err
	}
	digest, formed := identity.EnrolmentDigest(asked.token)
	if !formed {
		leave(false)
		return access.ErrEnrolmentToken()
	}
	granted, err := a.Enrolments.Redeem(ctx, digest, asked.key, address.String())
	_, refused := errors.AsType[*domain.Error](err)
	leave(!refused) // of an error nobody can tell whether the token was good
	if err != nil {
		return err
	}
	granted.Pins = append([]string{}, granted.Pins...)
	return api.WriteJSON(c, http.StatusOK, struct {
		Message string `json:"message"`
		Enrolment
	}{"OK", granted})
}
