package v1

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// sessionBody says who is logged in and what they may do at all, so that a page offers nothing else.
// What they may do with one resource its list says.
type sessionBody struct {
	User  sessionUser `json:"user"`
	Admin bool        `json:"admin"`
	// Permissions are the codes of the operations dialect.
	Permissions []int       `json:"permissions"`
	Can         sessionCan  `json:"can"`
	Expires     *time.Time  `json:"expires_at"`
	Zone        string      `json:"time_zone"`
	Credential  *credential `json:"credential"`
}

type sessionUser struct {
	ID          domain.UserID `json:"id"`
	Username    string        `json:"username"`
	Source      string        `json:"source"`
	Email       string        `json:"email"`
	ChineseName string        `json:"chinese_name"`
	Roles       []int64       `json:"role_ids"`
}

type sessionCan struct {
	AddServer    bool `json:"add_server"`
	AddView      bool `json:"add_view"`
	AddZone      bool `json:"add_zone"`
	EditBindConf bool `json:"edit_bind_conf"`
	Write        bool `json:"write"`
}

// credential is what a program shows.
type credential struct {
	ID   domain.CredentialID `json:"id"`
	Name string              `json:"name"`
}

// session are the routes by which a browser logs in: the token is in a cookie that no script reads.
func (a *API) session() []api.Route {
	login := api.Reads(readSessionLogin)
	end := api.Write{Unversioned: true, NoDryRun: api.NoDryRun, Command: endSession, Reply: a.leave}
	return []api.Route{
		{
			Method: http.MethodPost, Path: "/v1/session", Access: api.AccessPublic, Keys: login, Handle: a.login,
			Count: a.CountLogins(func(p *api.Params) api.Credentials { return readSessionLogin(p).Credentials }),
		},
		api.Get("/v1/session", api.AccessUser, nil, a.showSession).ForNarrow(),
		api.Delete("/v1/session", api.AccessLogin, end),
	}
}

// sessionLogin is what a browser logs in with.
type sessionLogin struct {
	api.Credentials
	// source is "local" for who wants a local account alone to be asked, as while the directory is away.
	source string
}

func readSessionLogin(p *api.Params) sessionLogin {
	asked := sessionLogin{api.Credentials{Name: p.Required("username"), Password: p.Required("password")}, api.Given(p.Text("source"))}
	if asked.source != "" && asked.source != string(access.SourceLocal) {
		p.Refuse("source", "must be local, or left out")
	}
	return asked
}

// login lets in who has a local account, or one of the directory, and gives their browser a cookie.
func (a *API) login(c echo.Context) error {
	if api.FromForeignPage(c.Request()) {
		return domain.Forbidden("无权限！其它网站的页面不能登录")
	}
	var asked sessionLogin
	if _, err := api.ReadCredentials(c, func(p *api.Params) api.Credentials {
		asked = readSessionLogin(p)
		return asked.Credentials
	}); err != nil {
		return err
	}
	admit := a.Identity.LoginDirectory
	if asked.source != "" {
		admit = a.Identity.LoginLocal
	}
	_, token, err := admit(c.Request().Context(), a.Login(c, asked.Name, asked.Password))
	if err != nil {
		return err
	}
	user, err := a.Identity.Authenticate(c.Request().Context(), token)
	if err != nil {
		return err
	}
	body, err := a.sessionOf(c.Request().Context(), user)
	if err != nil {
		return err
	}
	a.GiveCookie(c, token)
	return api.WriteJSON(c, http.StatusOK, body)
}

func (a *API) showSession(c echo.Context) error {
	body, err := a.sessionOf(c.Request().Context(), api.Caller(c))
	if err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

func (a *API) sessionOf(ctx context.Context, user *identity.User) (sessionBody, error) {
	person, err := a.Identity.Person(ctx, user)
	if err != nil {
		return sessionBody{}, err
	}
	body := sessionBody{
		User: sessionUser{
			ID: user.ID, Username: user.Username, Source: user.Source, Email: person.Mail, ChineseName: person.Nickname,
			Roles: append([]int64{}, user.Roles...),
		},
		Admin: user.Admin(), Permissions: append([]int{}, user.Codes...), Zone: a.Location.String(),
		Can: sessionCan{
			AddServer: user.May(access.AddServer()), AddView: user.May(access.AddView()), AddZone: user.May(access.AddZone()),
			EditBindConf: user.May(access.EditBindConf()), Write: user.MayWrite(),
		},
	}
	if ends := user.Expires(); !ends.IsZero() {
		body.Expires = new(ends.UTC())
	}
	if shown := user.Credential; shown != nil {
		body.Credential, body.Expires = &credential{shown.ID(), shown.Name}, shown.Expires
	}
	return body, nil
}

func endSession(w *api.Request) (domain.Command, error) {
	return access.EndSession{ID: w.Caller.ID, Digest: w.Caller.Session()}, nil
}

func (a *API) leave(w *api.Request, _ eventstore.Receipt) (any, error) {
	w.Header().Del(api.HeaderETag)
	a.TakeCookies(w)
	return nil, nil
}
