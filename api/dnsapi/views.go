package dnsapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// viewBody is a view on the wire.
type viewBody struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	ACL  string `json:"acl"`
	permissions
}

func viewFor(who *identity.User, row dnsmodel.View) viewBody {
	return viewBody{ID: row.ID, Name: row.Name, ACL: row.ACL, permissions: permissionsOn(who, row.Target)}
}

func viewInput(p *api.Params) dns.ViewInput {
	return dns.ViewInput{Name: p.Text("name"), ACL: p.Text("acl")}
}

func (a *API) views() []api.Route {
	return api.Resources[dnsmodel.View, dnsmodel.ViewFilter, viewBody]{
		Kind: api.View, Path: "/dns/views", Key: "views", Access: api.AccessUser, Reads: reads,
		Filter: func(q *api.Params) dnsmodel.ViewFilter {
			return dnsmodel.ViewFilter{
				ID: q.Integer("id"), Name: api.Given(q.Text("name")),
			}
		},
		List: api.ForAll(a.DNS.Views), Read: a.DNS.View, Item: viewFor,
		Changed: func(row dnsmodel.View) domain.Position { return row.Changed },

		MayCreate: api.Always(access.AddView()),
		May: func(row dnsmodel.View, operation access.Operation) access.Right {
			return access.On(row.Target, operation)
		},
		Create: func(w *api.Request) (domain.Command, error) { return dns.NewCreateView(viewInput(w.Params)) },
		Update: func(w *api.Request) (domain.Command, error) {
			return dns.NewUpdateView(w.ID, viewInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return dns.NewDeleteView(w.ID, w.IfMatch) },
		Input:  api.Reads(viewInput),
		Takes:  dns.CreateView{}.Allocates(),
		Open:   true,
	}.Routes()
}
