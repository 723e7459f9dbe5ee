package adminapi

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

// roleRefBody is a role as it stands in a user.
type roleRefBody struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// userHead is what a user is in every reply.
type userHead struct {
	ID          domain.UserID `json:"id"`
	Email       string        `json:"email"`
	Username    string        `json:"username"`
	ChineseName string        `json:"chinese_name"`
	Cellphone   string        `json:"cellphone"`
	Position    string        `json:"position"`
	Location    string        `json:"location"`
	MemberSince string        `json:"member_since"`
	// LastSeen is null in the past: the read model keeps the last login alone.
	LastSeen *string `json:"last_seen"`
}

// userRowBody is a user in a list.
type userRowBody struct {
	userHead
	Roles []roleRefBody `json:"roles"`
}

// userBody is a user by itself. The flags are the caller's, as everywhere.
type userBody struct {
	userHead
	CanAddServer    bool          `json:"can_add_server"`
	CanAddView      bool          `json:"can_add_view"`
	CanAddZone      bool          `json:"can_add_zone"`
	CanEditBindConf bool          `json:"can_edit_bind_conf"`
	Roles           []roleRefBody `json:"roles"`
}

func (a *API) userHead(c echo.Context, p api.Person) userHead {
	head := userHead{
		ID: p.ID, Username: p.Username, Email: p.Clear.Mail, ChineseName: p.Clear.Nickname, Cellphone: p.Clear.Phone,
		Position: p.Clear.Position, Location: p.Clear.Location,
		MemberSince: a.FormatTime(p.MemberSince),
	}
	if !api.IsPast(c) {
		head.LastSeen = new(a.FormatTime(p.LastSeen))
	}
	return head
}

func roleRefs(p api.Person) []roleRefBody {
	roles := make([]roleRefBody, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = roleRefBody{ID: r.ID, Name: r.Name}
	}
	return roles
}

// userFilters select users by what the database can read and by what it cannot.
type userFilters struct {
	accessmodel.UserFilter
	personFilter
}

func userFilter(q *api.Params) userFilters {
	return userFilters{
		accessmodel.UserFilter{ID: q.Integer("id"), Username: api.Given(q.Text("username"))},
		personFilter{api.Given(q.Text("email")), api.Given(q.Text("chinese_name")), api.Given(q.Text("cellphone"))},
	}
}

func (a *API) listUsers(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	page, asked := q.Page(), userFilter(q)
	filter, sealed := asked.UserFilter, asked.personFilter
	if q.Err != nil {
		return q.Err
	}
	if sealed.restricts() {
		filter.Matching = func(ctx context.Context, users []accessmodel.User) ([]bool, error) {
			return a.matching(ctx, sealed, users)
		}
	}
	ctx := c.Request().Context()
	users, total, err := a.Access.Users(ctx, filter, page.Projection())
	if err != nil {
		return err
	}
	people, err := a.People(ctx, users)
	if err != nil {
		return err
	}
	return api.List(c, "users", page, people, total, func(p api.Person) userRowBody { return userRowBody{a.userHead(c, p), roleRefs(p)} })
}

// showUser shows a user to admin and to themselves.
func (a *API) showUser(c echo.Context) error {
	id, err := api.PathID(c, api.User)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), api.Caller(c)
	user, err := a.Access.User(ctx, domain.UserID(id))
	if err != nil {
		return api.Found(api.User, id, err)
	}
	p, err := a.Person(ctx, user)
	if err != nil {
		return err
	}
	return api.Show(c, user.Changed, userBody{
		userHead: a.userHead(c, p), Roles: roleRefs(p),
		CanAddServer: who.May(access.AddServer()), CanAddView: who.May(access.AddView()),
		CanAddZone: who.May(access.AddZone()), CanEditBindConf: who.May(access.EditBindConf()),
	})
}

// userInput is what may change of a user.
type userInput struct {
	profile identity.ProfileTexts
	roles   *[]int64
}

func readUser(p *api.Params) userInput {
	text := func(name string) identity.ProfileText { return identity.ProfileText{Name: name, Text: p.Text(name)} }
	return userInput{roles: p.Integers("role_ids"), profile: identity.ProfileTexts{
		Nickname: text("chinese_name"), Phone: text("cellphone"), Position: text("position"), Location: text("location"),
	}}
}

func (a *API) updateUser() api.Write {
	keys := api.Reads(readUser)
	return api.Write{Kind: api.User, Right: a.administerUser, Keys: keys, Command: func(w *api.Request) (domain.Command, error) {
		in := readUser(w.Params)
		profile, err := a.profileChange(w, in.profile)
		if err != nil {
			return nil, err
		}
		return access.NewUpdateUser(domain.UserID(w.ID), access.UserChange{Profile: profile, Roles: in.roles}, w.IfMatch)
	}}
}

// profileChange reads what changes of a user's profile. For a user who is not there
// it returns nothing, and leaves it to the command.
func (a *API) profileChange(w *api.Request, texts identity.ProfileTexts) (access.ProfileChange, error) {
	user, err := a.Identity.UserNow(w.Context(), domain.UserID(w.ID))
	if errors.Is(err, identity.ErrNoUser) {
		return access.ProfileChange{}, nil
	}
	if err != nil {
		return access.ProfileChange{}, err
	}
	return a.Identity.ChangeProfile(w.Context(), user, texts)
}

func (a *API) deleteUser() api.Write {
	return api.Write{Kind: api.User, Right: a.administerUser, Command: func(w *api.Request) (domain.Command, error) {
		return ops.NewDeleteUser(domain.UserID(w.ID), w.IfMatch)
	}}
}

func (a *API) administerUser(w *api.Request) (access.Right, error) {
	_, err := a.Access.User(w.Context(), domain.UserID(w.ID))
	return access.Administer(), api.Found(api.User, w.ID, err)
}
