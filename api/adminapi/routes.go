package adminapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/api"
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
	dialect.Created = created
	return dialect.Routes(slices.Concat(
		[]api.Route{
			{Method: http.MethodPost, Path: "/auth/login_local", Access: api.AccessPublic, Handle: a.loginLocal},
			{Method: http.MethodPost, Path: "/auth/login_ldap", Access: api.AccessPublic, Handle: a.loginLDAP},
			api.Post("/auth/register_local", api.AccessPublic, a.register()),

			api.Get("/admin/users", api.AccessAdmin, users, a.listUsers),
			api.Get("/admin/users/:id", api.AccessSelf, users, a.showUser),
			api.Put("/admin/users/:id", api.AccessAdmin, a.updateUser()),
			api.Delete("/admin/users/:id", api.AccessAdmin, a.deleteUser()),
		},
		a.roles(), a.privileges(),
	)...)
}

// created returns the path of what an event created, if it did.
func created(e domain.Event) (path string, created bool) {
	switch e := e.(type) {
	case access.UserRegistered:
		return "/admin/users/" + strconv.FormatInt(int64(e.ID), 10), true
	case access.RoleCreated:
		return "/admin/roles/" + strconv.FormatInt(e.ID, 10), true
	case access.PrivilegeCreated:
		return "/admin/privileges/" + strconv.FormatInt(e.ID, 10), true
	default:
		return "", false
	}
}
