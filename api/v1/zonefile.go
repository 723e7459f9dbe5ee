package v1

import (
	"cmp"
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// mediaZone is the type of zone text (RFC 4027).
const mediaZone = "text/dns"

func viewText(q *api.Params) *string { return q.Text("view") }

func (a *API) exportRoute(reads []domain.Context) api.Route {
	r := api.Get("/v1/zones/:id/export", api.AccessUser, reads, a.exportZone).WithQuery(api.Reads(viewText))
	r.Limit = api.LimitOfStream
	return r
}

// exportZone sends what a zone serves in a view, in canonical order.
func (a *API) exportZone(c echo.Context) error {
	id, err := api.PathID(c, api.Zone)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	zone, err := a.DNS.Zone(ctx, id)
	if err != nil {
		return api.Found(api.Zone, id, err)
	}
	if err := api.Caller(c).Require(access.On(zone.Target, access.OperationAccess)); err != nil {
		return err
	}
	view, err := viewOf(api.ReadQuery(c.Request()), zone)
	if err != nil {
		return err
	}
	if err := cmp.Or(api.Caller(c).RequireView(view.id), api.Caller(c).RequireWholeZone()); err != nil {
		return err
	}
	leave, err := a.exports.Take(ctx, api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	out := api.NewStream(c, mediaZone, a.Still(c))
	err = a.DNS.Content(ctx, id, view.id, func(content *dnsmodel.Content) error { return writeZone(content, out.Line) })
	if errors.Is(err, query.ErrNotFound) { // it was unlinked from the view, or deleted, a moment ago
		err = api.Unavailable("the zone has just changed, try again")
	}
	return out.End(err)
}

func writeZone(c *dnsmodel.Content, line func(string) error) error {
	text, err := zonedata.NewText(c.Zone, line)
	if err != nil {
		return err
	}
	if err := c.Located(text.Add); err != nil {
		return err
	}
	return text.End()
}

// namedView is a view of a zone.
type namedView struct {
	id   int64
	name string
}

// viewOf returns the view that a request about a zone's file names, or the zone's only one.
func viewOf(q *api.Params, zone dnsmodel.Zone) (namedView, error) {
	if err := dns.HaveZoneFile(zone.ZoneData); err != nil {
		return namedView{}, err
	}
	name := viewText(q)
	switch {
	case q.Err != nil:
		return namedView{}, q.Err
	case len(zone.ViewIDs) == 0:
		return namedView{}, domain.Refused("the zone is in no view")
	case name == nil && len(zone.ViewIDs) > 1:
		return namedView{}, domain.Invalid("view", "is required: the zone is in %d views", len(zone.ViewIDs))
	case name == nil:
		return namedView{zone.ViewIDs[0], zone.ViewNames[0]}, nil
	}
	at := slices.Index(zone.ViewNames, *name)
	if at < 0 {
		return namedView{}, domain.Invalid("view", "the zone is in no view %q", api.PrintableName(*name))
	}
	return namedView{zone.ViewIDs[at], *name}, nil
}
