package v1

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

// credentialBody is a credential on the wire, without its secret.
type credentialBody struct {
	ID        domain.CredentialID `json:"id"`
	Name      string              `json:"name"`
	Kind      string              `json:"kind"`
	KeyName   *string             `json:"key_name"`
	Algorithm *string             `json:"algorithm"`
	UserID    domain.UserID       `json:"user_id"`
	Username  string              `json:"username"`
	View      *string             `json:"view"`
	Restrict  restrictBody        `json:"restrict"`
	Created   time.Time           `json:"created_at"`
	Expires   *time.Time          `json:"expires_at"`
	LastUsed  *time.Time          `json:"last_used_at"`
	Clear     bool                `json:"seen_in_clear"`
}

type restrictBody struct {
	ReadOnly bool     `json:"read_only"`
	Zones    []string `json:"zones"`
	Names    []string `json:"names"`
	Types    []string `json:"types"`
}

func credentialOnWire(c accessmodel.Credential) credentialBody {
	body := credentialBody{
		ID: c.ID, Name: c.Name, Kind: c.Kind, UserID: c.User, Username: c.Username,
		Restrict: restrictBody{c.Restrict.ReadOnly, c.Restrict.Zones, c.Restrict.Names, c.Restrict.Types},
		Created:  c.Created, Expires: c.Expires, LastUsed: c.Used, Clear: c.Clear,
	}
	if c.ViewID != 0 {
		body.View = &c.View
	}
	if c.Kind == access.CredentialTSIG {
		body.KeyName, body.Algorithm = new(identity.TSIGKeyName(c.Name, c.ID)), &c.Algorithm
	}
	return body
}

// credentials are the routes by which people manage what programs act with.
func (a *API) credentials() []api.Route {
	own := []domain.Context{domain.ContextAccess, domain.ContextDNS}
	one := api.Write{Kind: api.Credential, Command: func(w *api.Request) (domain.Command, error) {
		return access.NewDeleteCredential(domain.CredentialID(w.ID))
	}, Unversioned: true, NoDryRun: api.NoDryRun}
	return []api.Route{
		api.Get("/v1/credentials", api.AccessLogin, own, a.listCredentials).
			WithQuery(api.Reads(limitOf).And(api.Reads(cursorOf)).And(api.Reads(userOf))),
		api.Post("/v1/credentials", api.AccessLogin, a.addCredential()),
		api.Delete("/v1/credentials/:id", api.AccessLogin, one),
		api.Post("/v1/users", api.AccessCode(access.CodeAddUser).ByLogin(), a.addServiceUser()),
	}
}

func userOf(q *api.Params) *int64 { return q.Integer("user_id") }

// listCredentials lists the caller's credentials; for an admin those of a user, or all.
func (a *API) listCredentials(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, before, asked := limitOf(q), cursorOf(q), userOf(q)
	if q.Err != nil {
		return q.Err
	}
	caller := api.Caller(c)
	user := &caller.ID
	switch {
	case caller.Admin():
		user = (*domain.UserID)(asked)
	case asked != nil && *asked != int64(caller.ID):
		return caller.Require(access.Administer())
	}
	rows, err := a.Access.Credentials(c.Request().Context(), user, before, limit+1)
	if err != nil {
		return err
	}
	body := struct {
		Credentials []credentialBody `json:"credentials"`
		Next        *string          `json:"next"`
	}{Credentials: []credentialBody{}}
	rows, body.Next = cut(rows, limit, func(c accessmodel.Credential) int64 { return int64(c.ID) })
	for _, row := range rows {
		body.Credentials = append(body.Credentials, credentialOnWire(row))
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// madeBody is the reply to a new credential: the one time that its secret is shown. A
// repeat of the request, by its Idempotency-Key, gets null in its place.
type madeBody struct {
	Message   string              `json:"message"`
	ID        domain.CredentialID `json:"id"`
	Secret    *string             `json:"secret"`
	KeyName   string              `json:"key_name,omitempty"`
	Algorithm string              `json:"algorithm,omitempty"`
}

// addCredential lets a program act for the caller, or for a service user.
func (a *API) addCredential() api.Write {
	keys := api.Names{"name", "kind", "user_id", "view", "expires_at", "algorithm", "restrict"}
	return api.Write{Keys: keys, Unversioned: true, Choose: func(*api.Request) (api.Write, error) {
		var secret string // of this request
		return api.Write{
			Keys: keys, Unversioned: true, NoDryRun: api.NoDryRun,
			Command: func(w *api.Request) (domain.Command, error) {
				in, err := readCredential(w)
				if err != nil {
					return nil, err
				}
				command, err := access.NewAddCredential(in, time.Now())
				if err != nil {
					return nil, err
				}
				command, secret, err = a.withSecret(w, command)
				return command, err
			},
			Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
				w.Header().Del(api.HeaderETag)
				return madeOnWire(receipt, secret), nil
			},
		}, nil
	}}
}

// withSecret makes what the program will show, and returns it with the command that knows
// how to find it again.
func (a *API) withSecret(w *api.Request, c access.AddCredential) (access.AddCredential, string, error) {
	if c.Kind() == access.CredentialToken {
		token, digest := identity.NewProgramToken()
		return c.WithToken(digest), token, nil
	}
	secret, id, err := a.Identity.SealTSIG(w.Context(), c.Algorithm())
	if err != nil {
		return c, "", err
	}
	w.Sealed(id)
	return c.WithSecret(id.String()), secret, nil
}

func madeOnWire(receipt eventstore.Receipt, secret string) madeBody {
	body := madeBody{Message: "OK"}
	for _, r := range receipt.Events {
		if e, ok := r.Event.(access.CredentialAdded); ok {
			body.ID, body.Algorithm = e.ID, e.Algorithm
			if e.Kind == access.CredentialTSIG {
				body.KeyName = identity.TSIGKeyName(e.Name, e.ID)
			}
		}
	}
	if !receipt.Replayed {
		body.Secret = &secret
	}
	return body
}

func readCredential(w *api.Request) (in access.CredentialInput, err error) {
	p := w.Params
	in = access.CredentialInput{
		Name: p.Text("name"), Kind: p.Text("kind"), User: (*domain.UserID)(p.Integer("user_id")),
		Algorithm: p.Text("algorithm"), Expires: p.Moment("expires_at", nil),
	}
	for _, name := range []string{"view", "expires_at"} {
		if text := p.GivenText(name); text != nil && *text == "" {
			p.Refuse(name, "must not be empty: leave it out where there is no bound")
		}
	}
	if view := p.Text("view"); view != nil {
		in.View = dns.ViewNamed(*view)
	}
	raw := member(p, "restrict")
	if raw == nil {
		return in, p.Err
	}
	object, err := api.ReadObject(raw)
	if err != nil {
		return in, domain.Invalid("restrict", "must be an object")
	}
	if err := w.Inspect(&object, api.Names{"read_only", "zones", "names", "types"}, "restrict"); err != nil {
		return in, err
	}
	in.Restrict.ReadOnly = object.Flag("read_only")
	in.Restrict.Zones, in.Restrict.Names = listOf(&object, "zones"), listOf(&object, "names")
	in.Restrict.Types = listOf(&object, "types")
	if object.Err != nil && p.Err == nil {
		p.Err = object.Err
	}
	return in, p.Err
}

// listOf reads a list of texts that may be absent. An empty one is refused: it would bound
// nothing, though it reads as if it allowed nothing.
func listOf(p *api.Params, name string) []string {
	list := texts(p, name)
	if list.Value == nil {
		return nil
	}
	if len(*list.Value) == 0 {
		p.Refuse(name, "must not be empty: leave it out where there is no bound")
	}
	return *list.Value
}

// member is a member of the body, which a form has as JSON text; nil where it is absent.
func member(p *api.Params, name string) json.RawMessage {
	raw, given := p.Value(name)
	if p.Object == nil {
		text := p.Text(name)
		if given = text != nil; given {
			raw = json.RawMessage(*text)
		}
	}
	if !given || string(raw) == "null" {
		return nil
	}
	return raw
}

// addServiceUser makes a user for whom programs act.
func (a *API) addServiceUser() api.Write {
	return api.Write{
		Right:       api.Always(access.Permitted(access.CodeAddUser)),
		Keys:        api.Names{"username", "kind", "role_ids"},
		Unversioned: true,
		Command: func(w *api.Request) (domain.Command, error) {
			name, kind, roles := w.Required("username"), w.Required("kind"), w.Integers("role_ids")
			if w.Err == nil && kind != access.SourceService {
				w.Refuse("kind", "must be service")
			}
			if w.Err != nil {
				return nil, w.Err
			}
			if roles == nil {
				roles = &[]int64{}
			}
			return access.NewAddServiceUser(name, *roles)
		},
		Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
			id, _ := strconv.ParseInt(w.Header().Get(api.HeaderID), 10, 64)
			return struct {
				Message string `json:"message"`
				ID      int64  `json:"id"`
			}{"OK", id}, nil
		},
	}
}

// created returns path and id of what an event created, if it did.
func created(e domain.Event) (path, id string, created bool) {
	switch e := e.(type) {
	case access.CredentialAdded:
		id = strconv.FormatInt(int64(e.ID), 10)
		return "/v1/credentials/" + id, id, true
	case access.EnrolmentTokenAdded:
		id = strconv.FormatInt(int64(e.ID), 10)
		return "/v1/enrolment-tokens/" + id, id, true
	case access.WebhookAdded:
		id = strconv.FormatInt(int64(e.ID), 10)
		return "/v1/webhooks/" + id, id, true
	case access.UserRegistered:
		id = strconv.FormatInt(int64(e.ID), 10)
		return "/admin/users/" + id, id, true
	default:
		return "", "", false
	}
}
