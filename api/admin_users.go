package api

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
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
	LastSeen    string        `json:"last_seen"`
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

func (s *server) userHead(p person) userHead {
	moment := func(t time.Time) string { return t.In(s.Config.Location).Format(timeLayout) }
	return userHead{
		ID: p.ID, Username: p.Username, Email: p.clear.Mail, ChineseName: p.clear.Nickname, Cellphone: p.clear.Phone,
		Position: p.clear.Position, Location: p.clear.Location,
		MemberSince: moment(p.MemberSince), LastSeen: moment(p.LastSeen),
	}
}

func roleRefs(p person) []roleRefBody {
	roles := make([]roleRefBody, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = roleRefBody{ID: r.ID, Name: r.Name}
	}
	return roles
}

func (s *server) listUsers(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.UserFilter{ID: q.integer("id"), Username: given(q.text("username"))}
	sealed := personFilter{mail: given(q.text("email")), nickname: given(q.text("chinese_name")), phone: given(q.text("cellphone"))}
	if q.err != nil {
		return q.err
	}
	if sealed.restricts() {
		filter.Matching = func(ctx context.Context, users []projections.User) ([]bool, error) {
			return s.matching(ctx, sealed, users)
		}
	}
	ctx := c.Request().Context()
	users, total, err := s.Reader.Users(ctx, filter, page.projection())
	if err != nil {
		return err
	}
	people, err := s.people(ctx, users)
	if err != nil {
		return err
	}
	return list(c, "users", page, people, total, func(p person) userRowBody { return userRowBody{s.userHead(p), roleRefs(p)} })
}

// showUser shows a user to admin and to themselves.
func (s *server) showUser(c echo.Context) error {
	id, err := selfOrAdmin(c)
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), callerOf(c)
	user, err := s.Reader.User(ctx, id)
	if err != nil {
		return found(resourceUser, int64(id), err)
	}
	p, err := s.person(ctx, user)
	if err != nil {
		return err
	}
	return show(c, user.Changed, userBody{
		userHead: s.userHead(p), Roles: roleRefs(p),
		CanAddServer: who.May(access.AddServer()), CanAddView: who.May(access.AddView()),
		CanAddZone: who.May(access.AddZone()), CanEditBindConf: who.May(access.EditBindConf()),
	})
}

func (s *server) updateUser(c echo.Context) error {
	return s.administer(c, resourceUser, s.userThere, func(id int64, w *write) (domain.Command, error) {
		profile, err := s.profileChange(c.Request().Context(), domain.UserID(id), w.params)
		if err != nil {
			return nil, err
		}
		return access.NewUpdateUser(domain.UserID(id), access.UserChange{Profile: profile, Roles: w.integers("role_ids")}, w.ifMatch)
	})
}

// profileChange reads what changes of a user's profile. For a user who is not there
// it returns nothing, and leaves it to the command.
func (s *server) profileChange(ctx context.Context, id domain.UserID, p *params) (access.ProfileChange, error) {
	user, err := s.Identity.UserNow(ctx, id)
	if errors.Is(err, identity.ErrNoUser) {
		return access.ProfileChange{}, nil
	}
	if err != nil {
		return access.ProfileChange{}, err
	}
	text := func(name string) identity.ProfileText { return identity.ProfileText{Name: name, Text: p.text(name)} }
	return s.Identity.ChangeProfile(ctx, user, identity.ProfileTexts{
		Nickname: text("chinese_name"), Phone: text("cellphone"), Position: text("position"), Location: text("location"),
	})
}

func (s *server) deleteUser(c echo.Context) error {
	return s.administer(c, resourceUser, s.userThere, func(id int64, w *write) (domain.Command, error) {
		return ops.NewDeleteUser(domain.UserID(id), w.ifMatch)
	})
}

func (s *server) userThere(ctx context.Context, id int64) error {
	_, err := s.Reader.User(ctx, domain.UserID(id))
	return err
}
