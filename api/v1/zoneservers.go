package v1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// listZoneServers lists how far each name server is with a zone in a view.
func (a *API) listZoneServers(c echo.Context) error {
	id, err := api.PathID(c, api.Zone)
	if err != nil {
		return err
	}
	ctx, caller := c.Request().Context(), api.Caller(c)
	zone, err := a.DNS.Zone(ctx, id)
	if err != nil {
		return api.Found(api.Zone, id, err)
	}
	if err := caller.Require(access.On(zone.Target, access.OperationAccess)); err != nil {
		return err
	}
	view, err := viewOf(api.ReadQuery(c.Request()), zone)
	if err != nil {
		return err
	}
	if err := caller.RequireView(view.id); err != nil {
		return err
	}
	if a.NameServers == nil {
		return errNoNameServers
	}
	content, _, err := a.serialAt(ctx, id, view.id, 0)
	if err != nil {
		return err
	}
	rows := a.NameServers.Zone(ZoneInView{ID: id, ViewID: view.id, Name: zone.Name, Content: content})
	if rows, err = a.visibleRows(c, rows); err != nil {
		return err
	}
	if err := a.addSerials(ctx, id, view.id, rows); err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, map[string]any{"servers": rows})
}

// visibleRows leaves out the servers that the caller's list of servers leaves out, and what named
// says of what the caller may not ACCESS.
func (a *API) visibleRows(c echo.Context, rows []ZoneServer) ([]ZoneServer, error) {
	seen, err := a.seenServers(c)
	if err != nil {
		return nil, err
	}
	visible := []ZoneServer{}
	for _, row := range rows {
		if !seen(row.ServerID) {
			continue
		}
		if row.Error, err = a.visibleError(c, row.Error, fault{row.FailedZone, row.FailedGone, row.FailedView}); err != nil {
			return nil, err
		}
		visible = append(visible, row)
	}
	return visible, nil
}

// addSerials adds to each row the serial that the zone had at the row's position. Servers are
// mostly at one position, or at few.
func (a *API) addSerials(ctx context.Context, zone, view int64, rows []ZoneServer) error {
	known := map[domain.Position]*uint32{0: nil}
	for i := range rows {
		at := rows[i].Position
		serial, looked := known[at]
		if !looked {
			var err error
			if _, serial, err = a.serialAt(ctx, zone, view, at); err != nil {
				return err
			}
			known[at] = serial
		}
		rows[i].Serial = serial
	}
	return nil
}

// serialAt returns the position of the last event that changed what a zone served in a view at a
// position (0 for now), and the zone's serial there, nil if it was not served.
func (a *API) serialAt(ctx context.Context, zone, view int64, at domain.Position) (content domain.Position, serial *uint32, err error) {
	if at > 0 {
		// The agent may be ahead of what this process knows of the read models.
		ctx = query.AsOf(ctx, min(at, a.Progress.Applied(domain.ContextDNS)))
	}
	err = a.DNS.Content(ctx, zone, view, func(c *dnsmodel.Content) error {
		content, serial = c.Position, new(c.Serial)
		return nil
	})
	if errors.Is(err, query.ErrNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("serial of zone %d: %w", zone, err)
	}
	return content, serial, nil
}

func stateText(q *api.Params) *string { return q.Text("state") }

// failedCursor is where a list of failed zones goes on.
type failedCursor struct{ zone, view int64 }

func (f failedCursor) compare(z FailedZone) int {
	return cmp.Or(cmp.Compare(f.zone, z.ZoneID), cmp.Compare(f.view, z.ViewID))
}

func (f failedCursor) String() string { return fmt.Sprintf("%d.%d", f.zone, f.view) }

func readFailedCursor(q *api.Params) (f failedCursor) {
	text := q.Text("cursor")
	if text == nil {
		return failedCursor{}
	}
	zone, view, _ := strings.Cut(*text, ".")
	var good, alsoGood bool
	f.zone, good = api.ParseInteger(zone)
	f.view, alsoGood = api.ParseInteger(view)
	if !good || !alsoGood {
		q.Refuse("cursor", "is not one that a list gave")
	}
	return f
}

// listFailedZones lists the zones that a name server does not serve as the log says, by id.
func (a *API) listFailedZones(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	limit, after := limitOf(q), readFailedCursor(q)
	if state := stateText(q); state != nil && *state != "failed" {
		q.Refuse("state", "must be one of %s", "failed")
	}
	if q.Err != nil {
		return q.Err
	}
	id, err := a.serverOfPath(c)
	if err != nil {
		return err
	}
	all, more := a.NameServers.FailedZones(id)
	slices.SortFunc(all, func(x, y FailedZone) int { return failedCursor{x.ZoneID, x.ViewID}.compare(y) })
	body := struct {
		Zones []FailedZone `json:"zones"`
		More  bool         `json:"more"`
		Next  *string      `json:"next"`
	}{Zones: []FailedZone{}, More: more}
	for _, z := range all {
		if after.compare(z) >= 0 || api.Caller(c).RequireView(z.ViewID) != nil {
			continue
		}
		sees, err := a.mayAccessZone(c, z.ZoneID)
		if err != nil {
			return err
		}
		if !sees {
			continue
		}
		if len(body.Zones) == limit {
			last := body.Zones[limit-1]
			body.Next = new(failedCursor{last.ZoneID, last.ViewID}.String())
			break
		}
		body.Zones = append(body.Zones, z)
	}
	return api.WriteJSON(c, http.StatusOK, body)
}
