package adminapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

// roleBody is a role on the wire.
type roleBody struct {
	ID         int64           `json:"id"`
	Name       string          `json:"name"`
	Privileges []privilegeBody `json:"privileges"`
}

func roleFor(row accessmodel.RoleRow) roleBody {
	body := roleBody{ID: row.ID, Name: row.Name, Privileges: make([]privilegeBody, len(row.Privileges))}
	for i, p := range row.Privileges {
		body.Privileges[i] = privilegeFor(p)
	}
	return body
}

func roleInput(p *api.Params) access.RoleInput {
	return access.RoleInput{Name: p.Text("name"), PrivilegeIDs: p.Integers("privilege_ids")}
}

func (a *API) roles() []api.Route {
	return api.Resources[accessmodel.RoleRow, accessmodel.RoleFilter, roleBody]{
		Kind: api.Role, Path: "/admin/roles", Key: "roles", Access: api.AccessAdmin, Reads: reads,
		Filter: func(q *api.Params) accessmodel.RoleFilter {
			return accessmodel.RoleFilter{
				ID: q.Integer("id"), Name: api.Given(q.Text("name")),
			}
		},
		List: api.ForAll(a.Access.Roles), Read: a.Access.Role,
		Item:    func(_ *identity.User, row accessmodel.RoleRow) roleBody { return roleFor(row) },
		Changed: func(row accessmodel.RoleRow) domain.Position { return row.Changed },

		MayCreate: api.Always(access.Administer()),
		May:       func(accessmodel.RoleRow, access.Operation) access.Right { return access.Administer() },
		Input:     api.Reads(roleInput),
		Create:    func(w *api.Request) (domain.Command, error) { return access.NewCreateRole(roleInput(w.Params)) },
		Update: func(w *api.Request) (domain.Command, error) {
			return access.NewUpdateRole(w.ID, roleInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return access.NewDeleteRole(w.ID, w.IfMatch) },
	}.Routes()
}
