package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
)

// Access says who may use a route at all. What a write may do beyond that is
// decided by the domain, on the log.
type Access struct {
	// Name is what the table calls it.
	Name string
	// right is what the route needs of every caller, nil for nothing.
	right *access.Right
	// self: the route is for the user that the path names, and for admin.
	self bool
	// login: no credential of a program will do.
	login bool
}

// The kinds of access. Read only.
var (
	// AccessPublic routes need no token.
	AccessPublic = Access{Name: "public"}
	// AccessUser routes need a valid token.
	AccessUser = Access{Name: "user"}
	// AccessLogin routes need a valid token of a login.
	AccessLogin = Access{Name: "login", login: true}
	// AccessSelf routes are for the user that the path names, and for admin.
	AccessSelf = Access{Name: "self", self: true}
	// AccessBindConf routes need a valid token and the right BIND_CONF_EDIT.
	AccessBindConf = needing(access.EditBindConf())
	// AccessAdmin routes need a valid token of a user with the role admin.
	AccessAdmin = needing(access.Administer())
)

// ByLogin returns the access as one that takes a login: no credential of a program will do.
func (a Access) ByLogin() Access {
	a.login = true
	return a
}

// AccessCode routes need a valid token of a user with the permission of the
// operations dialect.
func AccessCode(code int) Access { return needing(access.Permitted(code)) }

func needing(right access.Right) Access { return Access{Name: right.Name(), right: &right} }

// selfOrAdmin refuses who is neither the user of the path nor may administer.
// Nobody else learns which ids there are.
func selfOrAdmin(c echo.Context, caller *identity.User) error {
	id, err := PathID(c, User)
	if err == nil && domain.UserID(id) == caller.ID {
		return nil
	}
	if forbidden := caller.Require(access.Administer()); forbidden != nil {
		return forbidden
	}
	return err
}
