package v1

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// serverOfPath returns the id of the server that a request names, which the caller may ACCESS.
func (a *API) serverOfPath(c echo.Context) (int64, error) {
	id, err := api.PathID(c, api.Server)
	if err != nil {
		return 0, err
	}
	server, err := a.DNS.Server(c.Request().Context(), id)
	if err != nil {
		return 0, api.Found(api.Server, id, err)
	}
	if err := api.Caller(c).Require(access.On(server.Target, access.OperationAccess)); err != nil {
		return 0, err
	}
	if a.NameServers == nil {
		return 0, errNoNameServers
	}
	return id, nil
}

// showHealth shows what is known of a name server.
func (a *API) showHealth(c echo.Context) error {
	id, err := a.serverOfPath(c)
	if err != nil {
		return err
	}
	health := a.NameServers.Health(id)
	if health.Error, err = a.visibleError(c, health.Error, fault{health.FailedZone, health.FailedGone, health.FailedView}); err != nil {
		return err
	}
	if health.Drift, err = a.driftOf(c, id); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, health)
}

// seenServers says which servers the caller's list of servers shows.
func (a *API) seenServers(c echo.Context) (func(id int64) bool, error) {
	if api.Caller(c).Admin() {
		return func(int64) bool { return true }, nil
	}
	rows, err := a.serversSeen(c)
	if err != nil {
		return nil, err
	}
	return func(id int64) bool {
		return slices.ContainsFunc(rows, func(row dnsmodel.Server) bool { return row.ID == id })
	}, nil
}

// serversSeen are the servers that the caller's list of servers shows.
func (a *API) serversSeen(c echo.Context) ([]dnsmodel.Server, error) {
	all := query.Page{Number: 1, Size: math.MaxInt32} // there are as many as name servers
	rows, _, err := a.DNS.Servers(c.Request().Context(), api.Viewer(c), dnsmodel.ServerFilter{}, all)
	if err != nil {
		return nil, fmt.Errorf("servers of the caller: %w", err)
	}
	return rows, nil
}

// fault is what an error is about: a zone, or one that is gone, or none, in a view or in none.
type fault struct {
	zone int64
	gone bool
	view int64
}

// visibleError replaces what named says of a zone that the caller may not ACCESS by the zone's id,
// and what it says of a view outside of the bounds of the credential by the view's. Of a zone that
// is gone admin alone is told.
func (a *API) visibleError(c echo.Context, text string, about fault) (string, error) {
	caller := api.Caller(c)
	if about.view != 0 && caller.RequireView(about.view) != nil {
		return access.NameByID(access.KindView, about.view), nil
	}
	if about.gone && !caller.Admin() {
		return "a zone that is gone is still served", nil
	}
	sees, err := a.mayAccessZone(c, about.zone)
	if err != nil || sees {
		return text, err
	}
	return access.NameByID(access.KindZone, about.zone), nil
}

// mayAccessZone says whether the caller may ACCESS a zone, 0 for none.
func (a *API) mayAccessZone(c echo.Context, id int64) (bool, error) {
	if id == 0 || api.Caller(c).Admin() {
		return true, nil
	}
	zone, err := a.DNS.Zone(c.Request().Context(), id)
	if errors.Is(err, query.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("zone of a failure: %w", err)
	}
	return api.Caller(c).May(access.On(zone.Target, access.OperationAccess)), nil
}
