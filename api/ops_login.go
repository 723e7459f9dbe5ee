package api

import (
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
)

// What a question about a login is answered with.
const (
	loginGood    = "login ok"
	loginTimeout = "login timeout"
	loginNone    = "not login"
)

// opsLogin logs in with a name and a password, local or the directory's.
func (s *server) opsLogin(c echo.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	name, password := b.requiredAs("name", "username"), b.requiredAs("password", "passwd")
	if b.err != nil {
		return b.err
	}
	_, token, err := s.Identity.LoginDirectory(c.Request().Context(), identity.Login{
		Name: name, Password: password, From: s.clientAddress(c.Request()), Record: s.recorder(c),
	})
	if err != nil {
		return err
	}
	return opsOK(c, struct {
		AccessToken string `json:"access_token"`
	}{token})
}

// requiredAs is text for a parameter that goes by either name, and must be there.
func (p *params) requiredAs(name, other string) string {
	text := p.text(name)
	if text == nil {
		text = p.text(other)
	}
	if text == nil {
		p.refuse(name, "is required")
		return ""
	}
	return *text
}

// opsLoginState says whether the request's token is good, for the user that is
// named if one is. The question is always answered, whatever the token.
func (s *server) opsLoginState(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	name := q.text("username")
	if q.err != nil {
		return q.err
	}
	who, err := s.authenticate(c)
	switch {
	case errors.Is(err, identity.ErrTokenExpired):
		return opsOK(c, loginTimeout)
	case errors.Is(err, errTokenMissing), errors.Is(err, identity.ErrTokenInvalid):
		return opsOK(c, loginNone)
	case err != nil:
		return err
	case name != nil && !strings.EqualFold(*name, who.Username):
		return opsOK(c, loginNone)
	default:
		return opsOK(c, loginGood)
	}
}
