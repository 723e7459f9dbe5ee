package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
)

// opsUserBody is a user on the wire of the operations dialect.
type opsUserBody struct {
	ID         domain.UserID `json:"id"`
	Mail       string        `json:"mail"`
	Username   string        `json:"username"`
	Nickname   string        `json:"nickname"`
	Department string        `json:"department"`
	// Permissions are codes, as in "1,2,3".
	Permissions string `json:"permissions"`
}

func opsUser(p person) opsUserBody {
	return opsUserBody{
		ID: p.ID, Mail: p.clear.Mail, Username: p.Username, Nickname: p.clear.Nickname,
		Department: p.Department, Permissions: access.FormatPermissions(p.Codes),
	}
}

// opsUsers shows the named user, in info itself, or lists all.
func (s *server) opsUsers(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	ctx, name := c.Request().Context(), q.text("username")
	start, count := q.opsPage()
	if err := s.requireUnlessOwn(c, name, access.CodeGetUser); err != nil {
		return err
	}
	if q.err != nil {
		return q.err
	}
	if name != nil {
		return s.showOpsUser(c, *name)
	}
	users, total, err := s.Reader.UsersAscending(ctx, start, count)
	if err != nil {
		return err
	}
	people, err := s.people(ctx, users)
	if err != nil {
		return err
	}
	return opsRows(c, people, total, opsUser)
}

func (s *server) showOpsUser(c echo.Context, name string) error {
	user, err := s.Reader.UserByName(c.Request().Context(), name)
	if err != nil {
		return noSuchUser(name, err)
	}
	p, err := s.person(c.Request().Context(), user)
	if err != nil {
		return err
	}
	c.Response().Header().Set(headerETag, etag(user.Changed))
	return opsOK(c, opsUser(p))
}

func (s *server) postOpsUser(c echo.Context) error {
	return s.opsPost(c, map[string]opsAction{
		"add": (*server).addOpsUsers, "update": onData((*server).updateOpsUser),
	})
}

func (s *server) deleteOpsUser(c echo.Context) error {
	w, name, err := s.opsDelete(c, "username")
	if err != nil {
		return err
	}
	return s.opsWrite(c, w, needs(access.CodeDeleteUser), func(w *write) (domain.Command, error) {
		user, err := s.otherUser(c.Request().Context(), callerOf(c), name, access.CodeDeleteUser)
		if err != nil {
			return nil, err
		}
		return ops.NewDeleteUser(user.ID, w.ifMatch)
	}, says("delete user ok"))
}

// otherUser returns the user of a name, as the log has them, to a caller who has
// the permission. Nobody else learns which names there are, or has a password hashed.
func (s *server) otherUser(ctx context.Context, who *identity.User, name string, code int) (*identity.User, error) {
	if err := who.Require(access.Permitted(code)); err != nil {
		return nil, err
	}
	user, err := s.Identity.UserNamed(ctx, name)
	if err != nil {
		return nil, noSuchUser(name, err)
	}
	return user, nil
}
