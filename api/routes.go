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
)

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
	none, dns := []domain.Context(nil), []domain.Context{domain.ContextDNS}
	both := []domain.Context{domain.ContextDNS, domain.ContextAccess}
	return []Route{
		{post, "/auth/login_local", AccessPublic, none, (*server).login},
		{post, "/auth/login_ldap", AccessPublic, none, (*server).login},
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

		{get, "/dns/oplogs", AccessUser, both, (*server).listOplogs},

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
	return func(c echo.Context) error {
		if r.Access == AccessPublic {
			return r.handle(s, c)
		}
		caller, err := s.authenticate(c)
		if err != nil {
			return err
		}
		if r.Access == AccessBindConf {
			if err := caller.require(access.EditBindConf()); err != nil {
				return err
			}
		}
		c.Set(callerKey, caller)
		if err := s.awaitPosition(c, r.Reads); err != nil {
			return err
		}
		return r.handle(s, c)
	}
}
