package adminapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// API answers the routes of the dialect.
type API struct {
	*api.Kernel
	// AllowRegister opens /auth/register_local.
	AllowRegister bool
}

// reads are the contexts of roles and privileges, which are named after what they are
// on. Nobody changes the list.
var reads = []domain.Context{domain.ContextDNS, domain.ContextAccess}

// Routes returns the routes of the dialect.
func (a *API) Routes() []api.Route {
	users := []domain.Context{domain.ContextAccess}
	dialect := api.Plain()
	dialect.Created, dialect.Language, dialect.Door = created, wording.Chinese, domain.DoorDNS
	login := api.Reads(readLogin)
	return dialect.Routes(slices.Concat(
		[]api.Route{
			{Method: http.MethodPost, Path: "/auth/login_local", Access: api.AccessPublic, Keys: login, Handle: a.loginLocal, Count: a.CountLogins(readLogin)},
			{Method: http.MethodPost, Path: "/auth/login_ldap", Access: api.AccessPublic, Keys: login, Handle: a.loginLDAP, Count: a.CountLogins(readLogin)},
			api.Post("/auth/register_local", api.AccessPublic, a.register()),

			api.Get("/admin/users", api.AccessAdmin, users, a.listUsers).
				WithQuery(api.Reads((*api.Params).Page).And(api.Reads(userFilter))).WithPast(),
			api.Get("/admin/users/:id", api.AccessSelf, users, a.showUser).WithPast(),
			api.Put("/admin/users/:id", api.AccessAdmin, a.updateUser()),
			api.Delete("/admin/users/:id", api.AccessAdmin, a.deleteUser()),
		},
		a.roles(), a.privileges(),
	)...)
}

// created returns path and id of what an event created, if it did.
func created(e domain.Event) (path, id string, created bool) {
	switch e := e.(type) {
	case access.UserRegistered:
		return at("/admin/users/", int64(e.ID))
	case access.RoleCreated:
		return at("/admin/roles/", e.ID)
	case access.PrivilegeCreated:
		return at("/admin/privileges/", e.ID)
	default:
		return "", "", false
	}
}

func at(list string, number int64) (path, id string, created bool) {
	id = strconv.FormatInt(number, 10)
	return list + id, id, true
}
