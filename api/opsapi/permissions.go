package opsapi

import (
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// permissionBody is a permission on the wire.
type permissionBody struct {
	Permission string `json:"permission"`
	Desc       string `json:"permission_desc"`
	Code       int    `json:"permission_code"`
}

// listPermissions lists the catalogue, or what of it a user has. Everybody may
// ask that of themselves.
func (a *API) listPermissions(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	name, part := username(q), q.Range()
	if err := a.requireUnlessOwn(c, name, access.CodeGetPermission); err != nil {
		return err
	}
	if q.Err != nil {
		return q.Err
	}
	all := access.Permissions()
	if name != nil {
		user, err := a.askedUser(c, *name, access.CodeGetPermission)
		if err != nil {
			return noSuchUser(*name, err)
		}
		all = slices.DeleteFunc(all, func(p access.Permission) bool { return !has(user, p.Code) })
	}
	if part.Newest {
		slices.Reverse(all)
	}
	page := all[min(part.Start, len(all)):min(part.Start+part.Count, len(all))]
	return replyRows(c, page, len(all), func(p access.Permission) permissionBody {
		return permissionBody{Permission: p.Name, Desc: p.Desc, Code: p.Code}
	})
}

// has says whether a user has a code. The role admin comes to the code 1.
func has(user accessmodel.User, code int) bool {
	admin := slices.ContainsFunc(user.Roles, func(r accessmodel.Role) bool { return r.ID == access.RoleAdmin })
	return slices.Contains(user.Codes, code) || admin && code == access.CodeAdmin
}

// requireUnlessOwn refuses a caller who lacks the permission, unless they ask about themselves.
func (a *API) requireUnlessOwn(c echo.Context, name *string, code int) error {
	if who := api.Caller(c); name == nil || !who.Named(*name) {
		return who.Require(access.Permitted(code))
	}
	return nil
}

// noSuchUser turns the read models' "not there" into a refusal.
func noSuchUser(name string, err error) error {
	if errors.Is(err, query.ErrNotFound) || errors.Is(err, identity.ErrNoUser) {
		return domain.Refused("user %s does not exist", api.PrintableName(name)).Blame("username")
	}
	return err
}
