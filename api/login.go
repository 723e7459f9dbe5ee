package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/identity"
)

// Login is the login that a request asks for.
func (k *Kernel) Login(c echo.Context, name, password string) identity.Login {
	return identity.Login{Name: name, Password: password, From: k.ClientAddress(c.Request()), Record: k.recorder(c)}
}

// Credentials are what somebody logs in with.
type Credentials struct{ Name, Password string }

// ReadCredentials has read take them from the body of a request.
func ReadCredentials(c echo.Context, read func(*Params) Credentials) (Credentials, error) {
	p, err := ReadBody(c)
	if err != nil {
		return Credentials{}, err
	}
	asked := read(p)
	return asked, p.Err
}

// CountLogins returns what [Route.Count] is of a route for logins.
func (k *Kernel) CountLogins(read func(*Params) Credentials) echo.HandlerFunc {
	return func(c echo.Context) error {
		asked, err := ReadCredentials(c, read)
		if err != nil {
			return err
		}
		return k.CountLogin(c, asked.Name)
	}
}

// CountLogin counts a login under a name that was not to be carried out, as one that failed. The
// error is that of who must wait.
func (k *Kernel) CountLogin(c echo.Context, name string) error {
	return k.Identity.Count(name, k.ClientAddress(c.Request()))
}

// CountOld counts a request with the old password, which goes by the given name, that was not to
// be carried out, like [Kernel.CountLogin].
func (k *Kernel) CountOld(w *Request, name string) error {
	if w.Caller.RequireLogin() != nil || !w.Caller.NeedsOldPassword() || w.Text(name) == nil {
		return nil
	}
	return k.CountLogin(w.echo, w.Caller.Username)
}

// VerifyOld checks the old password, which goes by the given name, of a caller who
// needs to know it. It returns the id of the hash that the password fits.
func (k *Kernel) VerifyOld(w *Request, name string) (verified string, err error) {
	if err := w.Caller.RequireLogin(); err != nil {
		return "", err // before anything is compared: a credential is no way to guess a password
	}
	if !w.Caller.NeedsOldPassword() {
		return "", nil
	}
	old := w.Required(name)
	if w.Err != nil {
		return "", w.Err
	}
	verified, err = k.Identity.VerifyOld(w.Context(), w.Caller, k.Login(w.echo, w.Caller.Username, old))
	var refused *domain.Error
	if errors.As(err, &refused) {
		err = refused.Blame(name)
	}
	return verified, err
}

// recorder appends what became of a request's login, without waiting for the read
// models, and also when the client has not waited for it.
func (k *Kernel) recorder(c echo.Context) identity.Record {
	return func(actor domain.UserID, cmd domain.Command) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), k.RequestTimeout)
		defer cancel()
		login := origin(c, actor)
		login.Command, login.Credential = cmd, 0 // what became of a login was asked for by nobody's credential
		if _, err := k.Store.Execute(ctx, login); err != nil {
			return fmt.Errorf("record login: %w", err)
		}
		return nil
	}
}
