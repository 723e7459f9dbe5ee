package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
)

// Access says who may use a route at all. What a write may do beyond that is
// decided by the domain, on the log.
type Access string

// The kinds of access.
const (
	// AccessPublic routes need no token.
	AccessPublic Access = "public"
	// AccessUser routes need a valid token.
	AccessUser Access = "user"
	// AccessBindConf routes need a valid token and the right BIND_CONF_EDIT.
	AccessBindConf Access = "BIND_CONF_EDIT"
	// AccessAdmin routes need a valid token of a user with the role admin.
	AccessAdmin Access = "admin"
	// AccessSelf routes are for the user that the path names, and for admin.
	AccessSelf Access = "self"
)

// AccessCode routes need a valid token of a user with the permission of the
// operations dialect.
func AccessCode(code int) Access {
	return Access(codePrefix + access.Permitted(code).Name())
}

const codePrefix = "permission "

// right is what a route needs of every caller, if it does.
func (a Access) right() (r access.Right, needed bool) {
	for _, p := range access.Permissions() {
		if string(a) == codePrefix+p.Name {
			return access.Permitted(p.Code), true
		}
	}
	switch a {
	case AccessBindConf:
		return access.EditBindConf(), true
	case AccessAdmin:
		return access.Administer(), true
	default:
		return r, false
	}
}

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
