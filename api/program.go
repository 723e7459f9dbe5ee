package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// confine refuses a program what is not for it, before anything is done for it.
//
// Invariants:
//  1. A narrow credential, which is for some records alone, gets nothing but the routes that
//     are marked for it; whatever route is new is none.
//  2. A credential for one view gets no route that tells of all views.
//  3. A credential that may only read gets no route that writes, but for a dry run.
func (k *Kernel) confine(c echo.Context, r Route, caller *identity.User) error {
	credential := caller.Credential
	if credential == nil {
		return nil
	}
	inClear := k.inClear(c.Request())
	k.Identity.Used(c.Request().Context(), caller.CredentialID(), inClear)
	if inClear && k.RequireTLS {
		return domain.Forbidden("无权限！凭据只能通过TLS使用")
	}
	if inClear {
		c.Set(inClearKey, true)
	}
	return r.confine(credential, c.Request().Header.Get(headerDryRun) == "true")
}

// Confine refuses a part of the request that is a request to the route, if the route is not
// for the caller's credential.
func (w *Request) Confine(r *Route) error {
	if w.Caller == nil || w.Caller.Credential == nil {
		return nil
	}
	return r.confine(w.Caller.Credential, w.dry)
}

func (r *Route) confine(credential *access.Credential, dry bool) error {
	switch {
	case r.Access.login:
		return access.ErrTakesLogin()
	case credential.Restrict.ReadOnly && r.Write != nil && !dry:
		return domain.Forbidden("无权限！凭据%s只能读取", credential.Name)
	case credential.Restrict.Narrow() && !r.Narrow, credential.View != 0 && r.AllViews:
		return domain.Forbidden("无权限！凭据%s不能使用此接口", credential.Name)
	default:
		return nil
	}
}

// Carrying is a request to the store of the write's caller, by the write's door, which is not
// repeatable.
func (w *Request) Carrying(cmd domain.Command) eventstore.Request {
	r := origin(w.echo, w.key.actor)
	r.Command = cmd
	return r
}

// Words says errors in the language of the write's reply, also once the request has ended.
func (w *Request) Words() func(*domain.Error) string { return languageOf(w.HTTP(), w.dialect).SayError }

// Dry says that the write is decided and not carried out.
func (w *Request) Dry() bool { return w.dry }

// inClearKey is set for a request whose credential came unencrypted from another machine.
const inClearKey = "in clear"

// warnInClear is said to a program whose token others could have read.
func warnInClear(c echo.Context, r *remarks) {
	if c.Get(inClearKey) != nil {
		r.warn(domain.Warn("", "the credential came unencrypted from another machine: use TLS, and replace the credential"))
	}
}

// RefuseInClear refuses a secret that came unencrypted from another machine, where programs are refused for that.
func (k *Kernel) RefuseInClear(r *http.Request) error {
	if k.RequireTLS && k.inClear(r) {
		return domain.Forbidden("无权限！凭据只能通过TLS使用")
	}
	return nil
}

// inClear says whether others on the way could read the request. What a trusted proxy says
// of its client is believed.
func (k *Kernel) inClear(r *http.Request) bool {
	return !k.byTLS(r) && !k.ClientAddress(r).IsLoopback()
}
