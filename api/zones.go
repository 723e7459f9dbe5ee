package api

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
)

// zoneBody is a zone on the wire.
type zoneBody struct {
	ID           int64         `json:"id"`
	Name         string        `json:"name"`
	Group        dns.ZoneGroup `json:"zone_group"`
	Type         string        `json:"zone_type"`
	Forwarders   string        `json:"forwarders"`
	ViewNameList string        `json:"view_name_list"`
	permissions
	ViewIDs []int64 `json:"view_ids"`
}

func zoneFor(who *identity.User) func(projections.Zone) zoneBody {
	return func(row projections.Zone) zoneBody {
		return zoneBody{
			ID: row.ID, Name: row.Name, Group: row.Group, Type: row.Type,
			Forwarders:   dns.FormatForwarders(row.Forwarders),
			ViewNameList: nameList(row.ViewNames),
			permissions:  permissionsOn(who, row.Target),
			ViewIDs:      append([]int64{}, row.ViewIDs...),
		}
	}
}

// nameList writes names as the documents do: "['a', 'b']". A view's name has no
// quotes and no backslashes.
func nameList(names []string) string {
	if len(names) == 0 {
		return "[]"
	}
	return "['" + strings.Join(names, "', '") + "']"
}

func zoneInput(p *params) dns.ZoneInput {
	return dns.ZoneInput{
		Name: p.text("name"), Group: p.small("zone_group"), Type: p.text("zone_type"),
		Forwarders: p.text("forwarders"), ViewIDs: p.integers("view_ids"),
	}
}

func (s *server) listZones(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.ZoneFilter{
		ID: q.integer("id"), Name: given(q.text("name")), Group: q.small("zone_group"), Type: given(q.text("zone_type")),
	}
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Reader.Zones(c.Request().Context(), viewer(callerOf(c)), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "zones", page, rows, total, zoneFor(callerOf(c)))
}

func (s *server) showZone(c echo.Context) error {
	id, err := pathID(c, resourceZone)
	if err != nil {
		return err
	}
	row, err := s.Reader.Zone(c.Request().Context(), id)
	if err != nil {
		return found(resourceZone, id, err)
	}
	if err := callerOf(c).Require(access.On(row.Target, access.OperationAccess)); err != nil {
		return err
	}
	return show(c, row.Changed, zoneFor(callerOf(c))(row))
}

func (s *server) createZone(c echo.Context) error {
	return s.write(c, always(access.AddZone()), func(w *write) (domain.Command, error) {
		return dns.NewCreateZone(zoneInput(w.params))
	})
}

func (s *server) updateZone(c echo.Context) error {
	return s.update(c, resourceZone, s.rightToZone, func(id int64, w *write) (domain.Command, error) {
		return dns.NewUpdateZone(id, zoneInput(w.params), w.ifMatch)
	})
}

func (s *server) deleteZone(c echo.Context) error {
	return s.remove(c, resourceZone, s.rightToZone, func(id int64, w *write) (domain.Command, error) {
		return dns.NewDeleteZone(id, w.ifMatch)
	})
}

func (s *server) rightToZone(c echo.Context, id int64, operation access.Operation) (access.Right, error) {
	row, err := s.Reader.Zone(c.Request().Context(), id)
	return access.On(row.Target, operation), err
}
