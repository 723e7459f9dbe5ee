package adminapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
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

func (a *API) loginLocal(c echo.Context) error { return a.login(c, a.Identity.LoginLocal) }

func (a *API) loginLDAP(c echo.Context) error { return a.login(c, a.Identity.LoginDirectory) }

func readLogin(p *api.Params) api.Credentials {
	return api.Credentials{Name: p.Required("username"), Password: p.Required("password")}
}

func (a *API) login(c echo.Context, admit func(context.Context, identity.Login) (*identity.User, string, error)) error {
	asked, err := api.ReadCredentials(c, readLogin)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	user, token, err := admit(ctx, a.Login(c, asked.Name, asked.Password))
	if err != nil {
		return err
	}
	info, err := a.userInfo(ctx, user)
	if err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, loginBody{Token: token, UserInfo: info})
}

func (a *API) userInfo(ctx context.Context, user *identity.User) (userInfoBody, error) {
	p, err := a.Identity.Person(ctx, user)
	if err != nil {
		return userInfoBody{}, err
	}
	return userInfoBody{
		ID: user.ID, Username: user.Username, Email: p.Mail, ChineseName: p.Nickname,
		Cellphone: p.Phone, Position: p.Position, Location: p.Location,
		CanAddServer: user.May(access.AddServer()), CanAddView: user.May(access.AddView()), CanAddZone: user.May(access.AddZone()),
		MemberSince: a.FormatTime(user.Since),
	}, nil
}
