package dnsapi

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// States are those of the dialect's resources.
func (a *API) States() map[api.Resource]api.States {
	return map[api.Resource]api.States{
		api.Server: api.StatesOf(a.DNS.ServersThen, serverFor, nil),
		api.View:   api.StatesOf(a.DNS.ViewsThen, viewFor, nil),
		api.Zone:   api.StatesOf(a.DNS.ZonesThen, zoneFor, coversZone),
		api.Record: api.StatesOf(a.DNS.RecordsThen, recordFor, coversRecord),
	}
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
