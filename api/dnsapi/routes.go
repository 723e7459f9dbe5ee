package dnsapi

import (
	"context"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// API answers the routes of the dialect.
type API struct {
	*api.Kernel
	// CheckConf asks a name server whether it would take a BIND main
	// configuration, secrets in clear. It returns a [domain.Error] with named's
	// message when it would not; any other error means that nobody could be
	// asked, and is answered with 503. Nil means that nobody can be asked.
	CheckConf  func(ctx context.Context, conf *dns.BindConf) error
	confChecks userChecks
}

// reads are the contexts that all routes read: what a user sees of the DNS resources
// hangs on the roles, too. Read only.
var reads = []domain.Context{domain.ContextDNS, domain.ContextAccess}

// Routes returns the routes of the dialect.
func (a *API) Routes() []api.Route {
	dialect := api.Plain()
	dialect.Created, dialect.Language, dialect.Door = created, wording.Chinese, domain.DoorDNS
	return dialect.Routes(slices.Concat(
		a.servers(), a.views(), a.zones(), a.records(),
		[]api.Route{
			api.Get("/dns/bind_conf", api.AccessBindConf, reads, a.showBindConf).WithPast(),
			api.Post("/dns/bind_conf", api.AccessBindConf, a.changeBindConf()),
			a.oplogs(),
		},
	)...)
}

func (a *API) oplogs() api.Route {
	route := api.Get("/dns/oplogs", api.AccessUser, domain.Contexts(), a.listOplogs).
		WithQuery(api.Reads((*api.Params).Page).And(api.Reads(a.oplogFilter)))
	route.AllViews = true
	return route.WithPast()
}

// created returns path and id of what an event created, if it did.
func created(e domain.Event) (path, id string, created bool) {
	switch e := e.(type) {
	case dns.ServerCreated:
		return at("/dns/servers/", e.ID)
	case dns.ViewCreated:
		return at("/dns/views/", e.ID)
	case dns.ZoneCreated:
		return at("/dns/zones/", e.ID)
	case dns.RecordAdded:
		return at("/dns/records/", e.ID)
	default:
		return "", "", false
	}
}

func at(list string, number int64) (path, id string, created bool) {
	id = strconv.FormatInt(number, 10)
	return list + id, id, true
}
