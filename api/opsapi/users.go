package opsapi

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

// userBody is a user on the wire of the operations dialect.
type userBody struct {
	ID         domain.UserID `json:"id"`
	Mail       string        `json:"mail"`
	Username   string        `json:"username"`
	Nickname   string        `json:"nickname"`
	Department string        `json:"department"`
	// Permissions are codes, as in "1,2,3".
	Permissions string `json:"permissions"`
}

func userFor(p api.Person) userBody {
	return userBody{
		ID: p.ID, Mail: p.Clear.Mail, Username: p.Username, Nickname: p.Clear.Nickname,
		Department: p.Department, Permissions: access.FormatPermissions(p.Codes),
	}
}

// getUsers shows the named user, in info itself, or lists all.
func (a *API) getUsers(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	ctx, name, part := c.Request().Context(), username(q), q.Range()
	if err := a.requireUnlessOwn(c, name, access.CodeGetUser); err != nil {
		return err
	}
	if q.Err != nil {
		return q.Err
	}
	if name != nil {
		return a.showUser(c, *name)
	}
	users, total, err := a.Access.UsersAscending(ctx, part)
	if err != nil {
		return err
	}
	people, err := a.People(ctx, users)
	if err != nil {
		return err
	}
	return replyRows(c, people, total, userFor)
}

func (a *API) showUser(c echo.Context, name string) error {
	user, err := a.askedUser(c, name, access.CodeGetUser)
	if err != nil {
		return noSuchUser(name, err)
	}
	p, err := a.Person(c.Request().Context(), user)
	if err != nil {
		return err
	}
	return api.Show(c, user.Changed, succeed(userFor(p)))
}

// askedUser returns the user whom a request asks for by name. Whoever has the code asks for
// who has that name, or had it then; whoever lacks it asks for themselves. A name is free
// again when its user is deleted, so that in the past it may be somebody else's.
func (a *API) askedUser(c echo.Context, name string, code int) (accessmodel.User, error) {
	ctx, who := c.Request().Context(), api.Caller(c)
	switch {
	case !who.May(access.Permitted(code)):
		return a.Access.User(ctx, who.ID)
	case api.IsPast(c):
		return a.Access.UserByName(ctx, name)
	default:
		return a.userNamed(ctx, name)
	}
}

// userNamed returns the user of a name. The log decides whose it is now.
func (a *API) userNamed(ctx context.Context, name string) (accessmodel.User, error) {
	user, err := a.Identity.UserNamed(ctx, name)
	if err != nil {
		return accessmodel.User{}, err
	}
	return a.Access.User(ctx, user.ID)
}

func (a *API) postUser() api.Write {
	return byAction(map[string]api.Write{"add": a.addUsers(), "update": onData(a.updateUser())})
}

func (a *API) deleteUser() api.Route {
	return deletion(pathUser, "username", access.CodeDeleteUser, "delete user ok", func(w *api.Request, name string) (domain.Command, error) {
		user, err := a.otherUser(w, name, access.CodeDeleteUser)
		if err != nil {
			return nil, err
		}
		return ops.NewDeleteUser(user.ID, w.IfMatch)
	})
}

// otherUser returns the user of a name, as the log has them, to a caller who has
// the permission. Nobody else learns which names there are, or has a password hashed.
func (a *API) otherUser(w *api.Request, name string, code int) (*identity.User, error) {
	if err := w.Caller.Require(access.Permitted(code)); err != nil {
		return nil, err
	}
	user, err := a.Identity.UserNamed(w.Context(), name)
	if err != nil {
		return nil, noSuchUser(name, err)
	}
	return user, nil
}
