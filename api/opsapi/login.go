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

func readLogin(p *api.Params) api.Credentials {
	return api.Credentials{Name: mustAs(p, "name", "username"), Password: mustAs(p, "password", "passwd")}
}

// login logs in with a name and a password, local or the directory's.
func (a *API) login(c echo.Context) error {
	asked, err := api.ReadCredentials(c, readLogin)
	if err != nil {
		return err
	}
	_, token, err := a.Identity.LoginDirectory(c.Request().Context(), a.Login(c, asked.Name, asked.Password))
	if err != nil {
		return err
	}
	return replyOK(c, struct {
		AccessToken string `json:"access_token"`
	}{token})
}

func username(q *api.Params) *string { return q.Text("username") }

// loginState says whether the request's token is good, for the user that is
// named if one is. The question is always answered, whatever the token.
func (a *API) loginState(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	name := username(q)
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
	case who.RequireLogin() != nil: // a program is not logged in
		return replyOK(c, loginNone)
	case name != nil && !who.Named(*name):
		return replyOK(c, loginNone)
	default:
		return replyOK(c, loginGood)
	}
}
