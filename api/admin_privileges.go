package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
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

func privilegeFor(row projections.Privilege) privilegeBody {
	body := privilegeBody{
		ID: row.ID, Name: row.Name, Operation: row.Operation, ResourceType: row.ResourceType, ResourceID: row.ResourceID,
	}
	if row.Comment != "" {
		body.Comment = &row.Comment
	}
	return body
}

func privilegeInput(p *params) access.PrivilegeInput {
	return access.PrivilegeInput{
		Name: p.text("name"), Operation: p.small("operation"), ResourceType: p.small("resource_type"),
		ResourceID: p.integer("resource_id"), Comment: p.text("comment"),
	}
}

func (s *server) listPrivileges(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.PrivilegeFilter{
		ID: q.integer("id"), Name: given(q.text("name")), Operation: q.integer("operation"),
		ResourceType: q.integer("resource_type"), ResourceID: q.integer("resource_id"),
	}
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Reader.Privileges(c.Request().Context(), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "privileges", page, rows, total, privilegeFor)
}

func (s *server) showPrivilege(c echo.Context) error {
	id, err := pathID(c, resourcePrivilege)
	if err != nil {
		return err
	}
	row, err := s.Reader.Privilege(c.Request().Context(), id)
	if err != nil {
		return found(resourcePrivilege, id, err)
	}
	return show(c, row.Changed, privilegeFor(row))
}

func (s *server) createPrivilege(c echo.Context) error {
	return s.write(c, always(access.Administer()), func(w *write) (domain.Command, error) {
		return access.NewCreatePrivilege(privilegeInput(w.params))
	})
}

func (s *server) updatePrivilege(c echo.Context) error {
	return s.administer(c, resourcePrivilege, s.privilegeThere, func(id int64, w *write) (domain.Command, error) {
		return access.NewUpdatePrivilege(id, privilegeInput(w.params), w.ifMatch)
	})
}

func (s *server) deletePrivilege(c echo.Context) error {
	return s.administer(c, resourcePrivilege, s.privilegeThere, func(id int64, w *write) (domain.Command, error) {
		return access.NewDeletePrivilege(id, w.ifMatch)
	})
}

func (s *server) privilegeThere(ctx context.Context, id int64) error {
	_, err := s.Reader.Privilege(ctx, id)
	return err
}
