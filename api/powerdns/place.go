package powerdns

import (
	"context"
	"math"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// place is a zone on a server: in a view.
type place struct {
	dnsmodel.Zone
	server server
	// view and viewName are those of the server's view, or else of the zone's only one.
	view     int64
	viewName string
}

// name is the zone's, absolute.
func (p place) name() string { return zonedata.Absolute(p.Zone.Name) }

// asker is for whom something is found.
type asker struct {
	who    *identity.User
	viewer rights.Caller
}

func askerOf(c echo.Context) asker { return asker{api.Caller(c), api.Viewer(c)} }

// placeOf is the zone that the path of a request names.
func (a *API) placeOf(c echo.Context) (place, error) {
	return a.placed(c.Request().Context(), askerOf(c), c.Param("server"), c.Param("zone"))
}

// placeOfWrite is the zone that the path of a write names.
func (a *API) placeOfWrite(w *api.Request) (place, error) {
	return a.placed(w.Context(), asker{w.Caller, w.Viewer()}, w.PathText("server"), w.PathText("zone"))
}

// placed finds a zone on a server. It is not found by who may not ACCESS it.
func (a *API) placed(ctx context.Context, by asker, serverName, id string) (place, error) {
	at, err := a.serverNamed(ctx, by.who, serverName)
	if err != nil {
		return place{}, err
	}
	name := nameOf(id)
	zone, found, err := a.zoneNamed(ctx, by.viewer, name)
	switch {
	case err != nil:
		return place{}, err
	case !found:
		return place{}, notFound("Zone", id)
	}
	return inView(zone, at, id)
}

// inView is a zone on a server.
func inView(zone dnsmodel.Zone, at server, id string) (place, error) {
	p := place{Zone: zone, server: at, view: at.view}
	switch {
	case at.view == 0 && len(zone.ViewIDs) > 1:
		return p, domain.Refused("Zone '%s' is in several views: name one as the server, or give the credential a view", p.name())
	case at.view == 0 && len(zone.ViewIDs) == 1:
		p.view = zone.ViewIDs[0]
	}
	i := slices.Index(zone.ViewIDs, p.view)
	if i < 0 || i >= len(zone.ViewNames) {
		return p, notFound("Zone", id)
	}
	p.viewName = zone.ViewNames[i]
	return p, nil
}

// zoneNamed finds the zone of a name that name servers serve records of, if the caller may ACCESS it.
// That of the present is found by the log, which has an index of names.
func (a *API) zoneNamed(ctx context.Context, viewer rights.Caller, name string) (zone dnsmodel.Zone, found bool, err error) {
	if name == "" {
		return zone, false, nil
	}
	var zones []dnsmodel.Zone
	if query.MomentOf(ctx).Past() {
		zones, err = a.DNS.ServedZones(ctx, viewer, dnsmodel.ServedFilter{Name: name}, math.MaxInt64, 1)
	} else {
		holder := dns.NewZoneNamed(name)
		if _, err = a.Store.Load(ctx, holder); err == nil && holder.HeldBy() != 0 {
			id := holder.HeldBy()
			zones, _, err = a.DNS.Zones(ctx, viewer, dnsmodel.ZoneFilter{ID: &id}, query.One())
		}
	}
	if err != nil || len(zones) == 0 || dns.HaveZoneFile(zones[0].ZoneData) != nil || dns.FoldName(zones[0].Name) != name {
		return zone, false, err
	}
	return zones[0], true, nil
}

// rightOn is the right that a write of a zone needs.
func (a *API) rightOn(right func(place) access.Right) api.Authority {
	return func(w *api.Request) (access.Right, error) {
		at, err := a.placeOfWrite(w)
		if err != nil {
			return access.Right{}, err
		}
		return right(at), nil
	}
}
