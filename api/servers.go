package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
)

// serverBody is a DNS server on the wire.
type serverBody struct {
	ID              int64  `json:"id"`
	Host            string `json:"host"`
	IP              string `json:"ip"`
	Env             string `json:"env"`
	Type            string `json:"dns_server_type"`
	ZbProcessItem   string `json:"zb_process_itemid"`
	ZbPortItem      string `json:"zb_port_itemid"`
	ZbResolveItem   string `json:"zb_resolve_itemid"`
	ZbResolveRateID string `json:"zb_resolve_rate_itemid"`
	permissions
}

func serverFor(who *identity.User) func(projections.Server) serverBody {
	return func(row projections.Server) serverBody {
		return serverBody{
			ID: row.ID, Host: row.Host, IP: row.IP, Env: row.Env, Type: row.Type,
			ZbProcessItem: row.ZbProcessItem, ZbPortItem: row.ZbPortItem,
			ZbResolveItem: row.ZbResolveItem, ZbResolveRateID: row.ZbResolveRateID,
			permissions: permissionsOn(who, row.Target),
		}
	}
}

func serverInput(p *params) dns.ServerInput {
	return dns.ServerInput{
		Host: p.text("host"), IP: p.text("ip"), Env: p.text("env"), Type: p.text("dns_server_type"),
		ZbProcessItem: p.text("zb_process_itemid"), ZbPortItem: p.text("zb_port_itemid"),
		ZbResolveItem: p.text("zb_resolve_itemid"), ZbResolveRateItem: p.text("zb_resolve_rate_itemid"),
	}
}

func (s *server) listServers(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.ServerFilter{
		ID: q.integer("id"), Host: given(q.text("host")), IP: given(q.text("ip")),
		Env: given(q.text("env")), Type: given(q.text("dns_server_type")),
	}
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Reader.Servers(c.Request().Context(), viewer(callerOf(c)), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "servers", page, rows, total, serverFor(callerOf(c)))
}

func (s *server) showServer(c echo.Context) error {
	id, err := pathID(c, resourceServer)
	if err != nil {
		return err
	}
	row, err := s.Reader.Server(c.Request().Context(), id)
	if err != nil {
		return found(resourceServer, id, err)
	}
	if err := callerOf(c).Require(access.On(row.Target, access.OperationAccess)); err != nil {
		return err
	}
	return show(c, row.Changed, serverFor(callerOf(c))(row))
}

func (s *server) createServer(c echo.Context) error {
	return s.write(c, always(access.AddServer()), func(w *write) (domain.Command, error) {
		return dns.NewCreateServer(serverInput(w.params))
	})
}

func (s *server) updateServer(c echo.Context) error {
	return s.update(c, resourceServer, s.rightToServer, func(id int64, w *write) (domain.Command, error) {
		return dns.NewUpdateServer(id, serverInput(w.params), w.ifMatch)
	})
}

func (s *server) deleteServer(c echo.Context) error {
	return s.remove(c, resourceServer, s.rightToServer, func(id int64, w *write) (domain.Command, error) {
		return dns.NewDeleteServer(id, w.ifMatch)
	})
}

func (s *server) rightToServer(c echo.Context, id int64, operation access.Operation) (access.Right, error) {
	row, err := s.Reader.Server(c.Request().Context(), id)
	return access.On(row.Target, operation), err
}
