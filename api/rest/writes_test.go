package rest

import (
	"testing"

	"github.com/opsledger/opsledger/api"
)

// What a route that writes could be used for by somebody who may not.
const (
	harmless     = iota
	changesUsers // their passwords, keys, mail, rights or existence
	namesZones   // gives a zone a name in a view
	changesBoth
)

// writes says of every route that writes what it could be used for.
var writes = map[string]int{
	"POST /auth/register_local": harmless, // makes a user, and changes none
	"DELETE /v1/session":        harmless, // the caller's own

	"POST /dns/servers": harmless, "PUT /dns/servers/:id": harmless, "DELETE /dns/servers/:id": harmless,
	"POST /dns/views": harmless, "PUT /dns/views/:id": harmless, "DELETE /dns/views/:id": harmless,
	"POST /dns/zones": namesZones, "PUT /dns/zones/:id": namesZones, "DELETE /dns/zones/:id": harmless,
	"POST /dns/records": harmless, "PUT /dns/records/:id": harmless, "DELETE /dns/records/:id": harmless,
	"POST /dns/bind_conf": harmless,

	"PUT /admin/users/:id": changesUsers, "DELETE /admin/users/:id": changesUsers,
	"PUT /v1/users/:id/password": changesUsers, "POST /v1/users/:id/ldap-link": changesUsers,
	// They make and end what acts for service users and for the caller, for nobody else, see
	// package access, TestCredentials.
	"POST /v1/credentials": harmless, "DELETE /v1/credentials/:id": harmless, "POST /v1/users": harmless,
	// They let hosts act as a server or machine, for who may update it; see TestServerTokens in domain/dns.
	"POST /v1/enrolment-tokens": harmless, "DELETE /v1/enrolment-tokens/:id": harmless,
	// They send to their maker what their maker sees.
	"POST /v1/webhooks": harmless, "PUT /v1/webhooks/:id": harmless, "DELETE /v1/webhooks/:id": harmless, "POST /v1/webhooks/:id/rotate": harmless,
	// For admin alone, see [TestEscalation].
	"POST /admin/roles": harmless, "PUT /admin/roles/:id": harmless, "DELETE /admin/roles/:id": harmless,
	"POST /admin/privileges": harmless, "PUT /admin/privileges/:id": harmless, "DELETE /admin/privileges/:id": harmless,

	"POST /v1/batch":             changesBoth,
	"PUT /v1/zones/:id/settings": harmless, "PUT /v1/views/order": harmless, "PUT /v1/fleet": harmless, "PUT /v1/servers/:id/settings": harmless, "POST /v1/records": harmless,
	"POST /v1/records/replace":  harmless,
	"POST /v1/reverts":          harmless, // each inverse needs the right of the same change made by hand, and is none on users
	"POST /v1/zones/:id/import": harmless, // makes records, and settings of a zone that is there
	"DELETE /v1/imports/:id":    harmless,

	// They say when servers get a configuration that was written by who may.
	"PUT /v1/rollout": harmless, "POST /v1/rollouts/:id/continue": harmless, "POST /v1/rollouts/:id/stop": harmless,

	"POST /api/v1/servers/:server/zones": namesZones, "PUT /api/v1/servers/:server/zones/:zone": harmless,
	"PATCH /api/v1/servers/:server/zones/:zone": harmless, "DELETE /api/v1/servers/:server/zones/:zone": harmless,

	"POST /api/user": changesUsers, "DELETE /api/user": changesUsers, "POST /api/ssh_key_manage": changesUsers,
	"POST /api/task": harmless, "DELETE /api/task": harmless, "POST /api/update": harmless,
	"POST /api/machine": harmless, "DELETE /api/machine": harmless,
}

// coverWrites fails unless the attempts are by the routes that could be used for it, all
// of them: a new route must be looked at.
func coverWrites[Attempt any](t *testing.T, attempts map[string]Attempt, use int) {
	t.Helper()
	for _, route := range Routes(&api.Kernel{}, Config{}) {
		name := route.Method + " " + route.Path
		what, known := writes[name]
		if !known && route.Write != nil {
			t.Errorf("%s is not in writes: what could it be used for?", name)
		}
		if _, tried := attempts[name]; tried != (known && (what == use || what == changesBoth)) {
			t.Errorf("%s: tried %v", name, tried)
		}
	}
}
