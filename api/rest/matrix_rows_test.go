package rest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// matrixRows says, for every route, what everybody gets. It has one row for
// each route of [Routes].
func matrixRows() map[string]row {
	rows := map[string]row{}
	for _, group := range []map[string]row{rowsOfAuth(), rowsOfResources(), rowsOfRecords(), rowsOfAdmin(), rowsOfOps(), rowsOfPowerDNS(), rowsOfRollouts(), rowsOfEnrolments(), rowsOfTheRest()} {
		for name, r := range group {
			rows[name] = r
		}
	}
	return rows
}

func rowsOfAuth() map[string]row {
	login := row{ask: func(*matrix) (string, any) {
		return "/auth/login_local", m{"username": "admin", "password": adminPassword}
	}, expected: everybody(200)}
	own := func(*matrix) (string, any) { return "/v1/session", nil }
	return map[string]row{
		"POST /v1/session": {func(*matrix) (string, any) {
			return "/v1/session", m{"username": "admin", "password": adminPassword}
		}, everybody(200)},
		"GET /v1/session":        {own, users(200, 200, 200, 200, 200)},
		"DELETE /v1/session":     {own, users(200, 200, 200, 200, 200)},
		"POST /auth/login_local": login,
		"POST /auth/login_ldap":  login,
		"POST /auth/register_local": {func(x *matrix) (string, any) {
			return "/auth/register_local", registration(x.fresh("reg"))
		}, everybody(200)},
	}
}

func registration(name string) m {
	return m{"username": name, "password": "secret", "password2": "secret", "email": name + "@example.org"}
}

func rowsOfResources() map[string]row {
	all, adders, readers, writers := users(200, 200, 200, 200, 200), users(403, 403, 200, 200, 200), users(403, 200, 403, 200, 200), users(403, 403, 403, 200, 200)
	return map[string]row{
		"GET /dns/servers":        {func(*matrix) (string, any) { return "/dns/servers", nil }, all},
		"POST /dns/servers":       {func(x *matrix) (string, any) { return "/dns/servers", x.aServer() }, adders},
		"GET /dns/servers/:id":    {func(x *matrix) (string, any) { return x.server, nil }, readers},
		"PUT /dns/servers/:id":    {func(x *matrix) (string, any) { return x.newServer(), x.aServer() }, writers},
		"DELETE /dns/servers/:id": {func(x *matrix) (string, any) { return x.newServer(), nil }, writers},

		"GET /dns/views":        {func(*matrix) (string, any) { return "/dns/views", nil }, all},
		"POST /dns/views":       {func(x *matrix) (string, any) { return "/dns/views", x.aView() }, adders},
		"GET /dns/views/:id":    {func(x *matrix) (string, any) { return x.view, nil }, all}, // visible to everyone logged in
		"PUT /dns/views/:id":    {func(x *matrix) (string, any) { return x.newView(), x.aView() }, writers},
		"DELETE /dns/views/:id": {func(x *matrix) (string, any) { return x.newView(), nil }, writers},

		"GET /dns/zones":        {func(*matrix) (string, any) { return "/dns/zones", nil }, all},
		"POST /dns/zones":       {func(x *matrix) (string, any) { return "/dns/zones", x.aZone() }, adders},
		"GET /dns/zones/:id":    {func(x *matrix) (string, any) { return x.zone, nil }, readers},
		"PUT /dns/zones/:id":    {func(x *matrix) (string, any) { return x.newZone(), x.aZone() }, writers},
		"DELETE /dns/zones/:id": {func(x *matrix) (string, any) { return x.newZone(), nil }, writers},
	}
}

func rowsOfRecords() map[string]row {
	readers, writers := users(403, 200, 403, 200, 200), users(403, 403, 403, 200, 200)
	return map[string]row{
		"GET /dns/records":        {func(x *matrix) (string, any) { return "/dns/records?zone_id=" + idIn(x.zone), nil }, readers},
		"POST /dns/records":       {func(x *matrix) (string, any) { return "/dns/records", x.aRecord(x.zone) }, writers},
		"GET /dns/records/:id":    {func(x *matrix) (string, any) { return x.record, nil }, readers},
		"PUT /dns/records/:id":    {func(x *matrix) (string, any) { return x.newRecord(), x.aRecord(x.zone) }, writers},
		"DELETE /dns/records/:id": {func(x *matrix) (string, any) { return x.newRecord(), nil }, writers},
	}
}

func rowsOfAdmin() map[string]row {
	admins := users(403, 403, 403, 403, 200)
	newUser := func(x *matrix) string { return x.made("/auth/register_local", registration(x.fresh("user"))) }
	newRole := func(x *matrix) string {
		return x.made("/admin/roles", m{"name": x.fresh("role"), "privilege_ids": []int{1}})
	}
	newPrivilege := func(x *matrix) string { return x.made("/admin/privileges", m{"name": x.fresh("privilege")}) }
	return map[string]row{
		"GET /admin/users":        {func(*matrix) (string, any) { return "/admin/users", nil }, admins},
		"GET /admin/users/:id":    {func(*matrix) (string, any) { return "/admin/users/1", nil }, admins},
		"PUT /admin/users/:id":    {func(x *matrix) (string, any) { return newUser(x), m{"role_ids": []int{1}} }, admins},
		"DELETE /admin/users/:id": {func(x *matrix) (string, any) { return newUser(x), nil }, admins},

		"GET /admin/roles": {func(*matrix) (string, any) { return "/admin/roles", nil }, admins},
		"POST /admin/roles": {func(x *matrix) (string, any) {
			return "/admin/roles", m{"name": x.fresh("role"), "privilege_ids": []int{1}}
		}, admins},
		"GET /admin/roles/:id": {func(*matrix) (string, any) { return "/admin/roles/7", nil }, admins},
		"PUT /admin/roles/:id": {func(x *matrix) (string, any) {
			return newRole(x), m{"name": x.fresh("role"), "privilege_ids": []int{2}}
		}, admins},
		"DELETE /admin/roles/:id": {func(x *matrix) (string, any) { return newRole(x), nil }, admins},

		"GET /admin/privileges":        {func(*matrix) (string, any) { return "/admin/privileges", nil }, admins},
		"POST /admin/privileges":       {func(x *matrix) (string, any) { return "/admin/privileges", m{"name": x.fresh("privilege")} }, admins},
		"GET /admin/privileges/:id":    {func(*matrix) (string, any) { return "/admin/privileges/4", nil }, admins},
		"PUT /admin/privileges/:id":    {func(x *matrix) (string, any) { return newPrivilege(x), m{"name": x.fresh("privilege")} }, admins},
		"DELETE /admin/privileges/:id": {func(x *matrix) (string, any) { return newPrivilege(x), nil }, admins},

		"PUT /v1/users/:id/password": {func(x *matrix) (string, any) { return passwordOf(newUser(x)), m{"password": "another"} }, admins},
		// There is no directory here, which only admin is told.
		"POST /v1/users/:id/ldap-link": {func(x *matrix) (string, any) {
			return strings.Replace(newUser(x), "/admin/", "/v1/", 1) + "/ldap-link", nil
		}, users(403, 403, 403, 403, 400)},
	}
}

// passwordOf is the path of a user's password.
func passwordOf(user string) string { return strings.Replace(user, "/admin/", "/v1/", 1) + "/password" }

func rowsOfTheRest() map[string]row {
	all, writers, public := users(200, 200, 200, 200, 200), users(403, 403, 403, 200, 200), everybody(200)
	return map[string]row{
		"GET /dns/bind_conf":  {func(*matrix) (string, any) { return "/dns/bind_conf", nil }, writers},
		"POST /dns/bind_conf": {func(*matrix) (string, any) { return "/dns/bind_conf", m{"bind_conf": "options { };"} }, writers},
		"GET /dns/oplogs":     {func(*matrix) (string, any) { return "/dns/oplogs", nil }, all},

		"GET /v1/zones/:id/settings": {func(x *matrix) (string, any) { return settingsOf(x.zone), nil }, users(403, 200, 403, 200, 200)},
		"PUT /v1/zones/:id/settings": {func(x *matrix) (string, any) { return settingsOf(x.newZone()), m{"default_ttl": 300} }, writers},
		"GET /v1/zones/:id/export": {func(x *matrix) (string, any) {
			return zonePath(x.zone, "export"), nil
		}, users(403, 200, 403, 200, 200)},
		"POST /v1/zones/:id/import": {func(x *matrix) (string, any) {
			return zonePath(x.newZone(), "import?mode=merge"), "www 60 A 192.0.2.1"
		}, writers},
		"GET /v1/zones/:id/history": {func(x *matrix) (string, any) { return zonePath(x.zone, "history"), nil }, all},
		"GET /v1/zones/:id/diff": {func(x *matrix) (string, any) {
			return zonePath(x.zone, "diff?from=1"), nil
		}, users(403, 200, 403, 200, 200)},
		"GET /v1/records/:id/history": {func(x *matrix) (string, any) { return zonePath(x.record, "history"), nil }, all},
		"GET /v1/servers/:id/history": {func(x *matrix) (string, any) { return zonePath(x.server, "history"), nil }, all},
		"GET /v1/views/:id/history":   {func(x *matrix) (string, any) { return zonePath(x.view, "history"), nil }, all},
		"GET /v1/users/:id/history":   {func(*matrix) (string, any) { return "/v1/users/1/history", nil }, users(403, 403, 403, 403, 200)},
		"GET /v1/roles/:id/history":   {func(*matrix) (string, any) { return "/v1/roles/7/history", nil }, users(403, 403, 403, 403, 200)},
		"GET /v1/imports/:id":         {func(x *matrix) (string, any) { return x.newImport(), nil }, users(403, 200, 403, 200, 200)},
		"DELETE /v1/imports/:id":      {func(x *matrix) (string, any) { return x.newImport(), nil }, writers},
		"GET /v1/views/order":         {func(*matrix) (string, any) { return "/v1/views/order", nil }, all},
		"PUT /v1/views/order": {func(x *matrix) (string, any) {
			return "/v1/views/order", m{"view_ids": x.viewOrder()}
		}, users(403, 403, 403, 403, 200)},
		"GET /v1/log/checkpoint":          {func(*matrix) (string, any) { return "/v1/log/checkpoint", nil }, all},
		"GET /v1/log/key":                 {func(*matrix) (string, any) { return "/v1/log/key", nil }, all},
		"GET /v1/log/keys":                {func(*matrix) (string, any) { return "/v1/log/keys", nil }, all},
		"GET /v1/log/proof":               {func(*matrix) (string, any) { return "/v1/log/proof?from=1&to=2", nil }, all},
		"GET /v1/log/tile/:level/:n1/:n2": {func(*matrix) (string, any) { return "/v1/log/tile/0/000.p/2", nil }, all},
		// There are no whole tiles, and none of the second level.
		"GET /v1/log/tile/:level/:n1":                 {func(*matrix) (string, any) { return "/v1/log/tile/1/000", nil }, users(404, 404, 404, 404, 404)},
		"GET /v1/log/tile/:level/:n1/:n2/:n3":         {func(*matrix) (string, any) { return "/v1/log/tile/1/x001/000.p/2", nil }, users(404, 404, 404, 404, 404)},
		"GET /v1/log/tile/:level/:n1/:n2/:n3/:n4":     {func(*matrix) (string, any) { return "/v1/log/tile/1/x001/x000/000.p/2", nil }, users(404, 404, 404, 404, 404)},
		"GET /v1/log/tile/:level/:n1/:n2/:n3/:n4/:n5": {func(*matrix) (string, any) { return "/v1/log/tile/1/x001/x000/x000/000.p/2", nil }, users(404, 404, 404, 404, 404)},
		"GET /v1/log/events/:position":                {func(*matrix) (string, any) { return "/v1/log/events/1", nil }, users(403, 403, 403, 403, 200)},
		"GET /v1/fleet":                               {func(*matrix) (string, any) { return "/v1/fleet", nil }, users(403, 403, 403, 403, 200)},
		"PUT /v1/fleet": {func(x *matrix) (string, any) {
			return "/v1/fleet", m{"ns": []string{x.fresh("ns") + ".example.net."}}
		}, users(403, 403, 403, 403, 200)},
		"POST /v1/records": {func(x *matrix) (string, any) {
			record := x.aRecord(x.zone)
			delete(record, "view_name")
			record["view_names"] = []string{matrixView}
			return "/v1/records", record
		}, writers},

		"GET /v1/credentials":  {func(*matrix) (string, any) { return "/v1/credentials", nil }, all},
		"POST /v1/credentials": {func(*matrix) (string, any) { return "/v1/credentials", m{"name": "n", "kind": "token"} }, all},
		// Whose credential it is not is told that there is none.
		"DELETE /v1/credentials/:id": {func(x *matrix) (string, any) {
			return x.done("POST", "/v1/credentials", m{"name": "n", "kind": "token"}).header.Get("Location"), nil
		}, users(404, 404, 404, 403, 200).clerk(403)},
		"GET /v1/webhooks":     {func(*matrix) (string, any) { return "/v1/webhooks", nil }, all},
		"GET /v1/webhooks/:id": {func(x *matrix) (string, any) { return x.aWebhook(), nil }, users(404, 404, 404, 404, 200)},
		"POST /v1/webhooks": {func(*matrix) (string, any) {
			return "/v1/webhooks", m{"url": "https://hooks.example.com/x", "paused": true}
		}, all},
		"PUT /v1/webhooks/:id":         {func(x *matrix) (string, any) { return x.aWebhook(), m{"types": nil} }, users(404, 404, 404, 404, 200)},
		"DELETE /v1/webhooks/:id":      {func(x *matrix) (string, any) { return x.aWebhook(), nil }, users(404, 404, 404, 404, 200)},
		"POST /v1/webhooks/:id/rotate": {func(x *matrix) (string, any) { return x.aWebhook() + "/rotate", nil }, users(404, 404, 404, 404, 200)},
		"POST /v1/webhooks/:id/test":   {func(x *matrix) (string, any) { return x.aWebhook() + "/test", nil }, users(404, 404, 404, 404, 200)},
		"POST /v1/users": {func(x *matrix) (string, any) {
			return "/v1/users", m{"username": x.fresh("service"), "kind": "service"}
		}, users(403, 403, 403, 200, 200)},

		// Whoever sees no record finds none, and changes nothing.
		"POST /v1/records/replace": {func(x *matrix) (string, any) {
			tail := fmt.Sprintf("%d.%d", *x.names/250, *x.names%250)
			old, value := "10.9."+tail, "10.10."+tail
			x.made("/dns/records", changed(x.aRecord(x.zone), "value", old))
			return "/v1/records/replace", m{"find": m{"value": old}, "set": m{"value": value}}
		}, users(200, 403, 200, 200, 200)},
		// Who does not see a record does not see what happened to it.
		"POST /v1/reverts": {func(x *matrix) (string, any) {
			x.newRecord()
			return "/v1/reverts", m{"positions": []string{x.position()}}
		}, users(404, 403, 404, 200, 200)},
		"GET /v1/events": {func(*matrix) (string, any) { return "/v1/events", nil }, all},
		"GET /v1/search": {func(*matrix) (string, any) { return "/v1/search?q=example", nil }, all},

		"GET /v1/zones/:id/servers": {func(x *matrix) (string, any) { return zonePath(x.zone, "servers"), nil }, users(403, 200, 403, 200, 200)},
		"GET /v1/servers/:id/health": {func(x *matrix) (string, any) {
			return zonePath(x.server, "health"), nil
		}, users(403, 200, 403, 200, 200)},
		"GET /v1/servers/:id/settings": {func(x *matrix) (string, any) {
			return zonePath(x.server, "settings"), nil
		}, users(403, 403, 403, 403, 200)},
		"PUT /v1/servers/:id/settings": {func(x *matrix) (string, any) {
			return zonePath(x.newServer(), "settings"), m{"on_drift": "report"}
		}, users(403, 403, 403, 403, 200)},
		"GET /v1/drift": {func(*matrix) (string, any) { return "/v1/drift", nil }, all},
		"GET /v1/servers/:id/zones": {func(x *matrix) (string, any) {
			return zonePath(x.server, "zones?state=failed"), nil
		}, users(403, 200, 403, 200, 200)},
		"GET /v1/changes/:position": {func(*matrix) (string, any) { return "/v1/changes/5", nil }, all},
		// The refusals of operations stand in the reply to the batch, which is 400.
		"POST /v1/batch": {func(x *matrix) (string, any) {
			return pathBatch, operations(operation("DELETE", x.newRecord(), nil), operation("DELETE", x.newZone(), nil))
		}, users(400, 400, 400, 200, 200)},
		"GET /v1/openapi.yaml": {func(*matrix) (string, any) { return "/v1/openapi.yaml", nil }, public},
		"GET /v1/openapi.json": {func(*matrix) (string, any) { return "/v1/openapi.json", nil }, public},
		"GET /healthz":         {func(*matrix) (string, any) { return "/healthz", nil }, public},
		"GET /readyz":          {func(*matrix) (string, any) { return "/readyz", nil }, public},
		"GET /metrics":         {func(*matrix) (string, any) { return "/metrics", nil }, public},
	}
}

func rowsOfRollouts() map[string]row {
	writers, none := users(403, 403, 403, 200, 200), users(403, 403, 403, 404, 404)
	return map[string]row{
		"GET /v1/rollout":                {func(*matrix) (string, any) { return "/v1/rollout", nil }, writers},
		"PUT /v1/rollout":                {func(*matrix) (string, any) { return "/v1/rollout", m{"soak_s": 60} }, writers},
		"GET /v1/rollouts":               {func(*matrix) (string, any) { return "/v1/rollouts", nil }, writers},
		"GET /v1/rollouts/:id":           {func(*matrix) (string, any) { return "/v1/rollouts/1", nil }, none},
		"POST /v1/rollouts/:id/continue": {func(*matrix) (string, any) { return "/v1/rollouts/1/continue", nil }, none},
		"POST /v1/rollouts/:id/stop":     {func(*matrix) (string, any) { return "/v1/rollouts/1/stop", nil }, none},
	}
}

func rowsOfEnrolments() map[string]row {
	writers := users(403, 403, 403, 200, 200)
	return map[string]row{
		"GET /v1/enrolment-tokens": {func(x *matrix) (string, any) {
			return "/v1/enrolment-tokens?server_id=" + idIn(x.server), nil
		}, writers},
		"POST /v1/enrolment-tokens": {func(x *matrix) (string, any) {
			return "/v1/enrolment-tokens", m{"server_id": idIn(x.newServer())}
		}, users(403, 403, 403, 403, 200)},
		"DELETE /v1/enrolment-tokens/:id": {func(x *matrix) (string, any) {
			return x.done("POST", "/v1/enrolment-tokens", m{"server_id": idIn(x.newServer())}).header.Get("Location"), nil
		}, writers},
		"POST /v1/enrolments": {func(*matrix) (string, any) {
			return "/v1/enrolments", m{"token": goodToken, "public_key": "U"}
		}, everybody(200)},
	}
}

func settingsOf(zone string) string { return zonePath(zone, "settings") }

// zonePath is what /v1 has of a zone, given the zone's path under /dns.
func zonePath(zone, of string) string { return "/v1" + strings.TrimPrefix(zone, "/dns") + "/" + of }

// viewOrder is the order of all views.
func (x *matrix) viewOrder() []int64 {
	x.t.Helper()
	var order struct {
		ViewIDs []int64 `json:"view_ids"`
	}
	must(x.t, json.Unmarshal([]byte(x.do("GET", "/v1/views/order", nil).body), &order))
	return order.ViewIDs
}

// matrixView is the name of the view that all zones of the matrix are linked to.
const matrixView = "office"

// fresh returns a name that nothing has yet.
func (x *matrix) fresh(prefix string) string {
	*x.names++
	return prefix + strconv.Itoa(*x.names)
}

func (x *matrix) aServer() m {
	name := x.fresh("s")
	return changed(changed(aServer("1"), "host", name), "ip", fmt.Sprintf("10.%d.%d.1", *x.names/256, *x.names%256))
}

func (x *matrix) aView() m { return m{"name": x.fresh("v"), "acl": "any"} }

func (x *matrix) aZone() m {
	return m{"name": x.fresh("z") + ".example", "zone_type": "master", "view_ids": []string{idIn(x.view)}}
}

func (x *matrix) aRecord(zone string) m {
	return m{"zone_id": idIn(zone), "host": x.fresh("h"), "value": "10.0.0.1", "view_name": matrixView}
}

// The admin's new resources, by path.
func (x *matrix) newServer() string { return x.made("/dns/servers", x.aServer()) }
func (x *matrix) newView() string   { return x.made("/dns/views", x.aView()) }
func (x *matrix) newZone() string   { return x.made("/dns/zones", x.aZone()) }
func (x *matrix) newRecord() string { return x.made("/dns/records", x.aRecord(x.zone)) }

// idIn is the id at the end of a path.
func idIn(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// newImport is the path of a staged import into a new zone, which is void.
func (x *matrix) newImport() string {
	x.t.Helper()
	zone, err := strconv.ParseInt(idIn(x.newZone()), 10, 64)
	must(x.t, err)
	data, err := x.cfg.DNS.Zone(x.t.Context(), zone)
	must(x.t, err)
	receipt, err := x.store.Execute(x.t.Context(), eventstore.Request{
		Command: dns.NewBeginImport(dns.ImportBegun{ZoneID: zone, ViewID: data.ViewIDs[0], Mode: "merge"}), Door: domain.DoorSystem,
	})
	must(x.t, err)
	end, err := x.store.Execute(x.t.Context(), eventstore.Request{
		Command: dns.NewVoidImport(dns.ImportVoided{Import: receipt.First, ZoneID: zone, ViewID: data.ViewIDs[0], Reason: dns.VoidAbandoned}),
		Door:    domain.DoorSystem,
	})
	must(x.t, err)
	must(x.t, x.cfg.Progress.Wait(x.t.Context(), domain.ContextDNS, max(receipt.Last, end.Last)))
	return fmt.Sprint("/v1/imports/", receipt.First)
}
