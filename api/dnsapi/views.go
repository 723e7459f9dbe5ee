package dnsapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
)

// viewBody is a view on the wire.
type viewBody struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	ACL  string `json:"acl"`
	permissions
}

func viewFor(who *identity.User, row projections.View) viewBody {
	return viewBody{ID: row.ID, Name: row.Name, ACL: row.ACL, permissions: permissionsOn(who, row.Target)}
}

func viewInput(p *api.Params) dns.ViewInput {
	return dns.ViewInput{Name: p.Text("name"), ACL: p.Text("acl")}
}

func (a *API) views() []api.Route {
	return api.Resources[projections.View, projections.ViewFilter, viewBody]{
		Kind: api.View, Path: "/dns/views", Key: "views", Access: api.AccessUser, Reads: reads,
		Filter: func(q *api.Params) projections.ViewFilter {
			return projections.ViewFilter{
				ID: q.Integer("id"), Name: api.Given(q.Text("name")),
			}
		},
		List: api.ForAll(a.Reader.Views), Read: a.Reader.View, Item: viewFor,
		Changed: func(row projections.View) domain.Position { return row.Changed },

		MayCreate: api.Always(access.AddView()),
		May: func(row projections.View, operation access.Operation) access.Right {
			return access.On(row.Target, operation)
		},
		Create: func(w *api.Request) (domain.Command, error) { return dns.NewCreateView(viewInput(w.Params)) },
		Update: func(w *api.Request) (domain.Command, error) {
			return dns.NewUpdateView(w.ID, viewInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return dns.NewDeleteView(w.ID, w.IfMatch) },
		Takes:  dns.CreateView{}.Allocates(),
		Open:   true,
	}.Routes()
}
