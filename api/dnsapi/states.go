package dnsapi

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// States are those of the dialect's resources.
func (a *API) States() map[api.Resource]api.States {
	return map[api.Resource]api.States{
		api.Server: statesOf(a.DNS.ServersThen, serverFor, nil),
		api.View:   statesOf(a.DNS.ViewsThen, viewFor, nil),
		api.Zone:   statesOf(a.DNS.ZonesThen, zoneFor, coversZone),
		api.Record: statesOf(a.DNS.RecordsThen, recordFor, coversRecord),
	}
}

func statesOf[Row, Item any](
	read func(context.Context, []query.Then) ([]*Row, error), item func(*identity.User, Row) Item, covers func(*identity.User, Row) bool,
) api.States {
	return api.StatesOf(
		func(c echo.Context, wanted []query.Then) ([]*Row, error) { return read(c.Request().Context(), wanted) },
		func(c echo.Context, row Row) Item { return item(api.Caller(c), row) },
		func(c echo.Context, row Row) bool { return covers == nil || covers(api.Caller(c), row) },
	)
}

func coversZone(who *identity.User, z dnsmodel.Zone) bool {
	return who.Credential == nil || who.Credential.Restrict.CoversZone(z.Name)
}

// coversRecord is as lists are: by the name that the zone had.
func coversRecord(who *identity.User, r dnsmodel.Record) bool {
	return who.Credential == nil || who.RequireView(r.ViewID) == nil && who.Credential.Restrict.CoversZone(r.Zone.Name) &&
		who.RequireRecord(dns.FullName(r.Host, r.Zone.Name), r.Type) == nil
}

// PrintRecord is a record as its list prints it.
func (a *API) PrintRecord(c echo.Context, r dnsmodel.Record) any { return recordFor(api.Caller(c), r) }
