package opsapi

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/identity"
)

// What a question about a login is answered with.
const (
	loginGood    = "login ok"
	loginTimeout = "login timeout"
	loginNone    = "not login"
)

// login logs in with a name and a password, local or the directory's.
func (a *API) login(c echo.Context) error {
	p, _, err := api.ReadBody(c)
	if err != nil {
		return err
	}
	name, password := mustAs(p, "name", "username"), mustAs(p, "password", "passwd")
	if p.Err != nil {
		return p.Err
	}
	_, token, err := a.Identity.LoginDirectory(c.Request().Context(), a.Login(c, name, password))
	if err != nil {
		return err
	}
	return replyOK(c, struct {
		AccessToken string `json:"access_token"`
	}{token})
}

// loginState says whether the request's token is good, for the user that is
// named if one is. The question is always answered, whatever the token.
func (a *API) loginState(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	name := q.Text("username")
	if q.Err != nil {
		return q.Err
	}
	who, err := a.Authenticate(c)
	switch {
	case errors.Is(err, identity.ErrTokenExpired):
		return replyOK(c, loginTimeout)
	case errors.Is(err, api.ErrTokenMissing), errors.Is(err, identity.ErrTokenInvalid):
		return replyOK(c, loginNone)
	case err != nil:
		return err
	case name != nil && !who.Named(*name):
		return replyOK(c, loginNone)
	default:
		return replyOK(c, loginGood)
	}
}
