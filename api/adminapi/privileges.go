package adminapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/accessmodel"
)

// privilegeBody is a privilege on the wire.
type privilegeBody struct {
	ID           int64            `json:"id"`
	Name         string           `json:"name"`
	Operation    access.Operation `json:"operation"`
	ResourceType access.Kind      `json:"resource_type"`
	ResourceID   int64            `json:"resource_id"`
	// Comment is null where there is none.
	Comment *string `json:"comment"`
}

func privilegeFor(row accessmodel.Privilege) privilegeBody {
	body := privilegeBody{
		ID: row.ID, Name: row.Name, Operation: row.Operation, ResourceType: row.ResourceType, ResourceID: row.ResourceID,
	}
	if row.Comment != "" {
		body.Comment = &row.Comment
	}
	return body
}

func privilegeInput(p *api.Params) access.PrivilegeInput {
	return access.PrivilegeInput{
		Name: p.Text("name"), Operation: p.Small("operation"), ResourceType: p.Small("resource_type"),
		ResourceID: p.Integer("resource_id"), Comment: p.Text("comment"),
	}
}

func (a *API) privileges() []api.Route {
	return api.Resources[accessmodel.Privilege, accessmodel.PrivilegeFilter, privilegeBody]{
		Kind: api.Privilege, Path: "/admin/privileges", Key: "privileges", Access: api.AccessAdmin, Reads: reads,
		Filter: func(q *api.Params) accessmodel.PrivilegeFilter {
			return accessmodel.PrivilegeFilter{
				ID: q.Integer("id"), Name: api.Given(q.Text("name")), Operation: q.Integer("operation"),
				ResourceType: q.Integer("resource_type"), ResourceID: q.Integer("resource_id"),
			}
		},
		List: api.ForAll(a.Access.Privileges), Read: a.Access.Privilege,
		Item:    func(_ *identity.User, row accessmodel.Privilege) privilegeBody { return privilegeFor(row) },
		Changed: func(row accessmodel.Privilege) domain.Position { return row.Changed },

		MayCreate: api.Always(access.Administer()),
		May:       func(accessmodel.Privilege, access.Operation) access.Right { return access.Administer() },
		Input:     api.Reads(privilegeInput),
		Create: func(w *api.Request) (domain.Command, error) {
			return access.NewCreatePrivilege(privilegeInput(w.Params))
		},
		Update: func(w *api.Request) (domain.Command, error) {
			return access.NewUpdatePrivilege(w.ID, privilegeInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return access.NewDeletePrivilege(w.ID, w.IfMatch) },
	}.Routes()
}
