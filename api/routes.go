package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
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
	// AccessSelf routes are for the user that the path names, and for admin. The
	// handler sees to it, with [selfOrAdmin].
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

// Route is one entry of the route table.
type Route struct {
	Method string
	// Path is an echo pattern: ":id" stands for one segment.
	Path   string
	Access Access
	// Reads are the contexts whose read models answer; Opsledger-Min-Position
	// is about these.
	Reads  []domain.Context
	handle func(*server, echo.Context) error
}

// pathChange is the one route that may wait on purpose.
const pathChange = "/v1/changes/:position"

// Routes is the route table, the whole of it.
func Routes() []Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	none, users := []domain.Context(nil), []domain.Context{domain.ContextAccess}
	// What a user sees of the DNS resources hangs on the roles, too.
	dns := []domain.Context{domain.ContextDNS, domain.ContextAccess}
	tasks := []domain.Context{domain.ContextOps}
	return []Route{
		{post, "/auth/login_local", AccessPublic, none, (*server).loginLocal},
		{post, "/auth/login_ldap", AccessPublic, none, (*server).loginLDAP},
		{post, "/auth/register_local", AccessPublic, none, (*server).register},

		{get, "/dns/servers", AccessUser, dns, (*server).listServers},
		{post, "/dns/servers", AccessUser, none, (*server).createServer},
		{get, "/dns/servers/:id", AccessUser, dns, (*server).showServer},
		{put, "/dns/servers/:id", AccessUser, none, (*server).updateServer},
		{del, "/dns/servers/:id", AccessUser, none, (*server).deleteServer},

		{get, "/dns/views", AccessUser, dns, (*server).listViews},
		{post, "/dns/views", AccessUser, none, (*server).createView},
		{get, "/dns/views/:id", AccessUser, dns, (*server).showView},
		{put, "/dns/views/:id", AccessUser, none, (*server).updateView},
		{del, "/dns/views/:id", AccessUser, none, (*server).deleteView},

		{get, "/dns/zones", AccessUser, dns, (*server).listZones},
		{post, "/dns/zones", AccessUser, none, (*server).createZone},
		{get, "/dns/zones/:id", AccessUser, dns, (*server).showZone},
		{put, "/dns/zones/:id", AccessUser, none, (*server).updateZone},
		{del, "/dns/zones/:id", AccessUser, none, (*server).deleteZone},

		{get, "/dns/records", AccessUser, dns, (*server).listRecords},
		{post, "/dns/records", AccessUser, none, (*server).createRecord},
		{get, "/dns/records/:id", AccessUser, dns, (*server).showRecord},
		{put, "/dns/records/:id", AccessUser, none, (*server).updateRecord},
		{del, "/dns/records/:id", AccessUser, none, (*server).deleteRecord},

		{get, "/dns/bind_conf", AccessBindConf, dns, (*server).showBindConf},
		{post, "/dns/bind_conf", AccessBindConf, none, (*server).changeBindConf},

		{get, "/dns/oplogs", AccessUser, dns, (*server).listOplogs},

		{get, "/admin/users", AccessAdmin, users, (*server).listUsers},
		{get, "/admin/users/:id", AccessSelf, users, (*server).showUser},
		{put, "/admin/users/:id", AccessAdmin, none, (*server).updateUser},
		{del, "/admin/users/:id", AccessAdmin, none, (*server).deleteUser},

		{get, "/admin/roles", AccessAdmin, dns, (*server).listRoles},
		{post, "/admin/roles", AccessAdmin, none, (*server).createRole},
		{get, "/admin/roles/:id", AccessAdmin, dns, (*server).showRole},
		{put, "/admin/roles/:id", AccessAdmin, none, (*server).updateRole},
		{del, "/admin/roles/:id", AccessAdmin, none, (*server).deleteRole},

		{get, "/admin/privileges", AccessAdmin, dns, (*server).listPrivileges},
		{post, "/admin/privileges", AccessAdmin, none, (*server).createPrivilege},
		{get, "/admin/privileges/:id", AccessAdmin, dns, (*server).showPrivilege},
		{put, "/admin/privileges/:id", AccessAdmin, none, (*server).updatePrivilege},
		{del, "/admin/privileges/:id", AccessAdmin, none, (*server).deletePrivilege},

		{put, "/v1/users/:id/password", AccessSelf, none, (*server).changePassword},
		{post, "/v1/users/:id/ldap-link", AccessAdmin, none, (*server).linkUser},

		{get, pathTask, AccessCode(access.CodeGetTask), tasks, (*server).listTasks},
		{post, pathTask, AccessUser, none, (*server).postTask},
		{del, pathTask, AccessUser, none, (*server).deleteTask},

		{get, pathMachine, AccessCode(access.CodeGetMachine), tasks, (*server).listMachines},
		{post, pathMachine, AccessUser, none, (*server).postMachine},
		{del, pathMachine, AccessUser, none, (*server).deleteMachine},

		{post, pathUpdate, AccessUser, none, (*server).postUpdate},

		{get, pathUser, AccessUser, users, (*server).opsUsers},
		{post, pathUser, AccessUser, none, (*server).postOpsUser},
		{del, pathUser, AccessUser, none, (*server).deleteOpsUser},

		{get, pathLogin, AccessPublic, none, (*server).opsLoginState},
		{post, pathLogin, AccessPublic, none, (*server).opsLogin},

		{get, pathPermission, AccessUser, users, (*server).listPermissions},

		{get, pathSSHKey, AccessCode(access.CodeGetSSHKey), tasks, (*server).listGrants},
		{post, pathSSHKey, AccessUser, none, (*server).postGrant},

		{get, "/v1/agents", AccessCode(access.CodeGetMachine), nil, (*server).listAgents},
		{get, "/v1/access", AccessCode(access.CodeGetSSHKey), tasks, (*server).showAccess},
		{get, pathTaskLog, AccessCode(access.CodeGetTask), tasks, (*server).showTaskLog},

		{get, pathChange, AccessUser, dns, (*server).showChange},
		{post, pathBatch, AccessUser, none, (*server).runBatch},
		{get, "/v1/openapi.yaml", AccessPublic, none, (*server).showOpenAPI},

		{get, "/healthz", AccessPublic, none, (*server).showHealth},
		{get, "/readyz", AccessPublic, none, (*server).showReady},
		{get, "/metrics", AccessPublic, none, (*server).showMetrics},
	}
}

// guard puts the route's access check before its handler.
func (s *server) guard(r Route) echo.HandlerFunc {
	right, needed := r.Access.right()
	return func(c echo.Context) error {
		if r.Access == AccessPublic {
			return r.handle(s, c)
		}
		caller, err := s.authenticate(c)
		if err != nil {
			return err
		}
		c.Set(callerKey, caller)
		if needed {
			if err := caller.Require(right); err != nil {
				return err
			}
		}
		if err := s.awaitPosition(c, r.Reads); err != nil {
			return err
		}
		return r.handle(s, c)
	}
}
