package dnsapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
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

func serverFor(who *identity.User, row dnsmodel.Server) serverBody {
	return serverBody{
		ID: row.ID, Host: row.Host, IP: row.IP, Env: row.Env, Type: row.Type,
		ZbProcessItem: row.ZbProcessItem, ZbPortItem: row.ZbPortItem,
		ZbResolveItem: row.ZbResolveItem, ZbResolveRateID: row.ZbResolveRateID,
		permissions: permissionsOn(who, row.Target),
	}
}

func serverInput(p *api.Params) dns.ServerInput {
	return dns.ServerInput{
		Host: p.Text("host"), IP: p.Text("ip"), Env: p.Text("env"), Type: p.Text("dns_server_type"),
		ZbProcessItem: p.Text("zb_process_itemid"), ZbPortItem: p.Text("zb_port_itemid"),
		ZbResolveItem: p.Text("zb_resolve_itemid"), ZbResolveRateItem: p.Text("zb_resolve_rate_itemid"),
	}
}

func (a *API) servers() []api.Route {
	return api.Resources[dnsmodel.Server, dnsmodel.ServerFilter, serverBody]{
		Kind: api.Server, Path: "/dns/servers", Key: "servers", Access: api.AccessUser, Reads: reads,
		Filter: func(q *api.Params) dnsmodel.ServerFilter {
			return dnsmodel.ServerFilter{
				ID: q.Integer("id"), Host: api.Given(q.Text("host")), IP: api.Given(q.Text("ip")),
				Env: api.Given(q.Text("env")), Type: api.Given(q.Text("dns_server_type")),
			}
		},
		List: a.DNS.Servers, Read: a.DNS.Server, Item: serverFor,
		Changed: func(row dnsmodel.Server) domain.Position { return row.Changed },

		MayCreate: api.Always(access.AddServer()),
		May: func(row dnsmodel.Server, operation access.Operation) access.Right {
			return access.On(row.Target, operation)
		},
		Create: func(w *api.Request) (domain.Command, error) { return dns.NewCreateServer(serverInput(w.Params)) },
		Update: func(w *api.Request) (domain.Command, error) {
			return dns.NewUpdateServer(w.ID, serverInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return dns.NewDeleteServer(w.ID, w.IfMatch) },
		Input:  api.Reads(serverInput),
		Takes:  dns.CreateServer{}.Allocates(),
	}.Routes()
}
