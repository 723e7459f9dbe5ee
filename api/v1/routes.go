package v1

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/translog"
)

// API answers the routes of the dialect.
type API struct {
	*api.Kernel
	// Ops answers the reads about tasks and ssh keys.
	Ops *opsmodel.Reader
	// Changes answers /v1/changes, Agents /v1/agents, Output /v1/tasks/{id}/log;
	// without them these are 503.
	Changes Changes
	Agents  Agents
	Output  Output
	// NameServers answers what name servers are asked about; without it that is 503.
	NameServers NameServers
	// Hosts says what hosts found in accounts, Offers what they offer: without Hosts that is
	// not known, without Offers /v1/machines/{name}/offers is 503.
	Hosts Hosts
	// Enrolments enrols agents by tokens; without it /v1/enrolments is 503.
	Enrolments Enrolments
	Offers     Offers
	// Batchable are the routes whose writes a batch may hold, of the resources that
	// they name.
	Batchable []api.Route
	// Proofs answers /v1/log, to everybody if ProofsPublic is set.
	Proofs       *translog.Reader
	ProofsPublic bool
	// Imports carries out large imports; without it they are 503. StageAbove is how many changes
	// an import may make without being one, those that one change of the log may have if it is 0.
	Imports    Imports
	StageAbove int

	// Hooks are what webhooks stand on.
	Hooks Webhooks

	// States say what resources were, as the dialects print them.
	States []map[api.Resource]api.States
	// PrintRecord is a record as the list of its contract prints it.
	PrintRecord func(echo.Context, dnsmodel.Record) any
	// RecheckConf asks whether named would take a BIND configuration that comes back.
	RecheckConf func(ctx context.Context, user domain.UserID, text string) error
	// Feed shows the log; without it /v1/events and histories are 503.
	Feed *feed.Feed

	// followers has a place for each stream of output that is open, streams for each of events.
	followers, streams *api.Places
	// eventPages has a place for each page of events that is in work.
	eventPages *api.Places
	// exports and imports have a place for each zone file that is sent or taken.
	exports, imports *api.Places
	// staged has a place for each staged import that this process carries out.
	staged *api.Places
	// diffs has a place for each comparison of a zone with itself.
	diffs *api.Places
	// searches has a place for each search that is in work.
	searches *api.Places
	// tries has what users may test of webhooks.
	tries tries
	// entries has a place for each bundle of the log's entries that is made.
	entries *api.Places
}

// Routes returns the routes of the dialect.
func (a *API) Routes() []api.Route {
	a.followers = api.NewPlaces(api.PlaceLimits{What: "open streams of output", Most: maxFollowers, Each: maxFollowersOfUser})
	a.streams, a.eventPages = placesOfStreams(), placesOfPages()
	a.exports = api.NewPlaces(api.PlaceLimits{What: "exports", Most: 8, Each: 4})
	a.staged = api.NewPlaces(api.PlaceLimits{What: "large imports", Most: 2, Each: 1})
	a.imports = api.NewPlaces(api.PlaceLimits{What: "imports", Most: 2, Each: 1, Line: 2})
	a.searches, a.diffs, a.tries = placesOfSearches(), placesOfDiffs(), newTries()
	a.entries = placesOfEntries(a.ProofsPublic)
	dns := []domain.Context{domain.ContextDNS, domain.ContextAccess}
	tasks := []domain.Context{domain.ContextOps}

	change := api.Get("/v1/changes/:position", api.AccessUser, dns, a.showChange)
	change.Limit, change.Query = limitOfChange, api.Reads(waitText)
	log := api.Get("/v1/tasks/:id/log", api.AccessCode(access.CodeGetTask), tasks, a.showTaskLog)
	log.Limit = limitOfStream
	log.Query = api.Reads(readLogFilter).And(api.Reads((*api.Params).Count))
	description := api.Get("/v1/openapi.yaml", api.AccessPublic, nil, showOpenAPI)
	description.Offline = true
	asJSON := api.Get("/v1/openapi.json", api.AccessPublic, nil, showOpenAPIJSON)
	asJSON.Offline = true
	batch := api.Post("/v1/batch", api.AccessUser, a.batch()).ForNarrow()
	batch.Body.Members = maxBatchMembers

	dialect := api.Plain()
	dialect.Failure, dialect.Strict, dialect.Created, dialect.Door = api.FailNamingField, true, created, domain.DoorV1
	return dialect.Routes(append(slices.Concat(a.session(), a.credentials(), a.enrolments(), a.proofs(), a.webhooks(), a.histories()),
		api.Put("/v1/users/:id/password", api.AccessSelf.ByLogin(), a.changePassword()),
		api.Post("/v1/users/:id/ldap-link", api.AccessAdmin.ByLogin(), a.linkUser()),

		api.Get("/v1/agents", api.AccessCode(access.CodeGetMachine), nil, a.listAgents),
		api.Get("/v1/access", api.AccessCode(access.CodeGetSSHKey), tasks, a.showAccess).WithQuery(api.Reads(readAccessFilter)).WithPast(),
		log,
		api.Get("/v1/tasks/:id/attempts", api.AccessCode(access.CodeGetTask), tasks, a.listAttempts).
			WithQuery(api.Reads(limitOf).And(api.Reads(cursorOf))).WithPast(),
		api.Get("/v1/machines/:name/offers", api.AccessCode(access.CodeGetMachine), tasks, a.showOffers),

		api.Get("/v1/zones/:id/settings", api.AccessUser, dns, a.showSettings).ForNarrow().WithPast(),
		api.Put("/v1/zones/:id/settings", api.AccessUser, a.changeSettings()),
		a.exportRoute(dns).ForNarrow().WithPast(),
		a.diffRoute(dns),
		api.Get("/v1/zones/:id/servers", api.AccessUser, dns, a.listZoneServers).WithQuery(api.Reads(viewText)),
		api.Get("/v1/servers/:id/health", api.AccessUser, dns, a.showHealth),
		api.Get("/v1/servers/:id/settings", api.AccessAdmin, dns, a.showServerSettings).WithPast(),
		api.Put("/v1/servers/:id/settings", api.AccessAdmin, a.changeServerSettings()),
		api.Get("/v1/drift", api.AccessUser, dns, a.listDrift).
			WithQuery(api.Reads(limitOf).And(api.Reads(cursorOf)).And(api.Reads(readDriftFilter))).WithPast(),
		api.Get("/v1/servers/:id/zones", api.AccessUser, dns, a.listFailedZones).
			WithQuery(api.Reads(limitOf).And(api.Reads(readFailedCursor)).And(api.Reads(stateText))),
		a.importRoute().ForNarrow(),
		api.Get("/v1/imports/:id", api.AccessUser, dns, a.showImport).ForNarrow().WithPast(),
		api.Delete("/v1/imports/:id", api.AccessUser, a.voidImport()).ForNarrow(),
		api.Get("/v1/views/order", api.AccessUser, dns, a.showViewOrder).WithPast(),
		api.Put("/v1/views/order", api.AccessAdmin, a.orderViews()),
		api.Get("/v1/rollout", api.AccessBindConf, dns, a.showRolloutPlan).WithPast(),
		api.Put("/v1/rollout", api.AccessBindConf, a.planRollouts()),
		api.Get("/v1/rollouts", api.AccessBindConf, dns, a.listRollouts).
			WithQuery(api.Reads(limitOf).And(api.Reads(cursorOf))).WithPast(),
		api.Get("/v1/rollouts/:id", api.AccessBindConf, dns, a.showRollout).WithPast(),
		api.Post("/v1/rollouts/:id/continue", api.AccessBindConf, a.stepRollout(continueRollout)),
		api.Post("/v1/rollouts/:id/stop", api.AccessBindConf, a.stepRollout(stopRollout)),
		api.Get("/v1/fleet", api.AccessAdmin, dns, a.showFleet).WithPast(),
		api.Put("/v1/fleet", api.AccessAdmin, a.changeFleet()),
		api.Post("/v1/records", api.AccessUser, a.addRecords()).ForNarrow(),
		api.Post("/v1/reverts", api.AccessUser, a.revert()).ForNarrow(),
		api.Post("/v1/records/replace", api.AccessUser, a.replaceRecords()).ForNarrow(),

		a.searchRoute(),
		a.eventsRoute(),

		change,
		batch,
		description,
		asJSON,
	)...)
}

func showOpenAPI(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", api.OpenAPI) }

func showOpenAPIJSON(c echo.Context) error {
	text, err := api.OpenAPIJSON()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, text)
}
