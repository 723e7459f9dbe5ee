package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
)

// roleBody is a role on the wire.
type roleBody struct {
	ID         int64           `json:"id"`
	Name       string          `json:"name"`
	Privileges []privilegeBody `json:"privileges"`
}

func roleFor(row projections.RoleRow) roleBody {
	body := roleBody{ID: row.ID, Name: row.Name, Privileges: make([]privilegeBody, len(row.Privileges))}
	for i, p := range row.Privileges {
		body.Privileges[i] = privilegeFor(p)
	}
	return body
}

func roleInput(p *params) access.RoleInput {
	return access.RoleInput{Name: p.text("name"), PrivilegeIDs: p.integers("privilege_ids")}
}

func (s *server) listRoles(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.RoleFilter{ID: q.integer("id"), Name: given(q.text("name"))}
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Reader.Roles(c.Request().Context(), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "roles", page, rows, total, roleFor)
}

func (s *server) showRole(c echo.Context) error {
	id, err := pathID(c, resourceRole)
	if err != nil {
		return err
	}
	row, err := s.Reader.Role(c.Request().Context(), id)
	if err != nil {
		return found(resourceRole, id, err)
	}
	return show(c, row.Changed, roleFor(row))
}

func (s *server) createRole(c echo.Context) error {
	return s.write(c, always(access.Administer()), func(w *write) (domain.Command, error) {
		return access.NewCreateRole(roleInput(w.params))
	})
}

func (s *server) updateRole(c echo.Context) error {
	return s.administer(c, resourceRole, s.roleThere, func(id int64, w *write) (domain.Command, error) {
		return access.NewUpdateRole(id, roleInput(w.params), w.ifMatch)
	})
}

func (s *server) deleteRole(c echo.Context) error {
	return s.administer(c, resourceRole, s.roleThere, func(id int64, w *write) (domain.Command, error) {
		return access.NewDeleteRole(id, w.ifMatch)
	})
}

func (s *server) roleThere(ctx context.Context, id int64) error {
	_, err := s.Reader.Role(ctx, id)
	return err
}
