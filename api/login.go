package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// loginBody is the reply to a login.
type loginBody struct {
	Token    string       `json:"token"`
	UserInfo userInfoBody `json:"user_info"`
}

// userInfoBody is who logged in and what they may create.
type userInfoBody struct {
	ID           domain.UserID `json:"id"`
	Username     string        `json:"username"`
	Email        string        `json:"email"`
	ChineseName  string        `json:"chinese_name"`
	Cellphone    string        `json:"cellphone"`
	Position     string        `json:"position"`
	Location     string        `json:"location"`
	CanAddServer bool          `json:"can_add_server"`
	CanAddView   bool          `json:"can_add_view"`
	CanAddZone   bool          `json:"can_add_zone"`
	MemberSince  string        `json:"member_since"`
}

// timeLayout is how the DNS dialect writes times.
const timeLayout = "2006-01-02 15:04:05"

func (s *server) loginLocal(c echo.Context) error { return s.login(c, s.Identity.LoginLocal) }

func (s *server) loginLDAP(c echo.Context) error { return s.login(c, s.Identity.LoginDirectory) }

func (s *server) login(c echo.Context, admit func(context.Context, identity.Login) (*identity.User, string, error)) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	name, password := b.required("username"), b.required("password")
	if b.err != nil {
		return b.err
	}
	ctx := c.Request().Context()
	user, token, err := admit(ctx, identity.Login{Name: name, Password: password, From: s.clientAddress(c.Request()), Record: s.recorder(c)})
	if err != nil {
		return err
	}
	info, err := s.userInfo(ctx, user)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, loginBody{Token: token, UserInfo: info})
}

// required is text for a parameter that must be there.
func (p *params) required(name string) string {
	s := p.text(name)
	if s == nil {
		p.refuse(name, "不能为空！")
		return ""
	}
	return *s
}

// recorder appends what became of a request's login, without waiting for the read models.
func (s *server) recorder(c echo.Context) identity.Record {
	return func(actor domain.UserID, cmd domain.Command) error {
		_, err := s.Store.Execute(patient(c), eventstore.Request{Command: cmd, Actor: actor, Correlation: correlation(c)})
		if err != nil {
			return fmt.Errorf("record login: %w", err)
		}
		return nil
	}
}

func (s *server) userInfo(ctx context.Context, user *identity.User) (userInfoBody, error) {
	p, err := s.Identity.Person(ctx, user)
	if err != nil {
		return userInfoBody{}, err
	}
	return userInfoBody{
		ID: user.ID, Username: user.Username, Email: p.Mail, ChineseName: p.Nickname,
		Cellphone: p.Phone, Position: p.Position, Location: p.Location,
		CanAddServer: user.May(access.AddServer()), CanAddView: user.May(access.AddView()), CanAddZone: user.May(access.AddZone()),
		MemberSince: user.Since.In(s.Config.Location).Format(timeLayout),
	}, nil
}
