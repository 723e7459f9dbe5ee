package powerdns

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// The paths of the dialect.
const (
	pathAPI     = "/api"
	pathV1      = pathAPI + "/v1"
	pathServers = pathV1 + "/servers"
	pathServer  = pathServers + "/:server"
	pathZones   = pathServer + "/zones"
	pathZone    = pathZones + "/:zone"
)

// API answers the routes of the dialect.
type API struct {
	*api.Kernel
	// searches and changes have a place for each search, and each large change, that is in work, contents
	// for each zone that is sent with its RRsets: its client may read slowly.
	searches, changes, contents *api.Places
}

// reads are the contexts that the routes read. Read only.
var reads = []domain.Context{domain.ContextDNS, domain.ContextAccess}

// Routes returns the routes of the dialect.
func (a *API) Routes() []api.Route {
	a.searches = api.NewPlaces(api.PlaceLimits{What: "searches", Most: 2, Each: 1, Line: 4})
	a.changes = api.NewPlaces(api.PlaceLimits{What: "large changes", Most: 2, Each: 1, Line: 16})
	a.contents = api.NewPlaces(api.PlaceLimits{What: "zones that are read", Most: 8, Each: 4, Line: 100})
	get := func(path string, handle echo.HandlerFunc) api.Route {
		return api.Get(path, api.AccessUser, reads, handle)
	}
	put := func(path string, handle echo.HandlerFunc) api.Route { return harmless(http.MethodPut, path, handle) }
	dialect := api.Dialect{
		Door: domain.DoorPowerDNS, Below: pathV1, Failure: fail, Success: succeed, Created: created, InQuery: true, Send: send,
	}
	routes := dialect.Routes(
		get(pathAPI, discover).ForNarrow(),
		get(pathV1, discoverV1).ForNarrow(),
		get(pathServers, a.listServers).ForNarrow().WithPast(),
		get(pathServer, a.showServer).ForNarrow().WithPast(),
		get(pathServer+"/config", a.emptyList),
		get(pathServer+"/statistics", a.listStatistics).WithQuery(api.Reads(statistic)),
		get(pathServer+"/search-data", a.search).WithQuery(api.Reads(readSought)).ForNarrow().WithPast(),
		put(pathServer+"/cache/flush", a.flush).WithQuery(api.Reads(flushed)),
		get(pathServer+"/tsigkeys", a.emptyList),
		get(pathServer+"/autoprimaries", a.emptyList),

		streamed(get(pathZones, a.listZones).WithQuery(api.Reads(readZonesFilter)).ForNarrow().WithPast()),
		api.Post(pathZones, api.AccessUser, a.createZone()).WithQuery(api.Reads(rrsetsFlag)),
		streamed(get(pathZone, a.showZone).WithQuery(api.Reads(readSetsFilter)).ForNarrow().WithPast()),
		api.Put(pathZone, api.AccessUser, a.putZone()).ForNarrow(),
		api.Patch(pathZone, api.AccessUser, a.patchZone()).ForNarrow(),
		api.Delete(pathZone, api.AccessUser, a.deleteZone()),
		// lego, whose credential is for challenges alone, gives up where it may not notify.
		put(pathZone+"/notify", a.says("Notification queued")).ForNarrow(),
		put(pathZone+"/rectify", a.says("Rectified")).ForNarrow(),
		put(pathZone+"/axfr-retrieve", a.refuseRetrieval),
		streamed(get(pathZone+"/export", a.export).ForNarrow().WithPast()),
		// dnscontrol, whose credential is for a zone's records, reads these with each zone.
		get(pathZone+"/metadata", a.emptyListOfZone).ForNarrow(),
		get(pathZone+"/metadata/:kind", a.noMetadata).ForNarrow(),
		get(pathZone+"/cryptokeys", a.emptyListOfZone).ForNarrow(),
		get(pathZone+"/cryptokeys/:id", a.absentOfZone).ForNarrow(),
	)
	routes = append(routes, dialect.Routes(a.absentRoutes()...)...)
	for i := range routes {
		routes[i].Body.JSON = true
		if routes[i].Write != nil {
			routes[i].Body.Members = maxMembers
		}
	}
	return routes
}

// maxMembers bounds the members of a body's lists and objects: ten thousand RRsets have ten times as
// many.
const maxMembers = 100_000

// harmless is a route that changes nothing, whatever its method.
func harmless(method, path string, handle echo.HandlerFunc) api.Route {
	return api.Route{Method: method, Path: path, Access: api.AccessUser, Reads: reads, Handle: func(c echo.Context) error {
		if _, err := api.ReadBody(c); err != nil { // which should have nothing
			return err
		}
		return handle(c)
	}}
}

func streamed(r api.Route) api.Route {
	r.Limit = api.LimitOfStream
	return r
}

// created returns path and id of what an event created, if it did. The reply may know a better path.
func created(e domain.Event) (path, id string, created bool) {
	if zone, is := e.(dns.ZoneCreated); is {
		return urlOf(dns.OnlyView, zone.Zone.Name), strconv.FormatInt(zone.ID, 10), true
	}
	return "", "", false
}
