package api

import (
	"github.com/labstack/echo/v4"

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

func viewFor(who *identity.User) func(projections.View) viewBody {
	return func(row projections.View) viewBody {
		return viewBody{ID: row.ID, Name: row.Name, ACL: row.ACL, permissions: permissionsOn(who, row.Target)}
	}
}

func viewInput(p *params) dns.ViewInput {
	return dns.ViewInput{Name: p.text("name"), ACL: p.text("acl")}
}

// listViews shows all of them: views are visible to everyone logged in.
func (s *server) listViews(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.ViewFilter{ID: q.integer("id"), Name: given(q.text("name"))}
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Reader.Views(c.Request().Context(), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "views", page, rows, total, viewFor(callerOf(c)))
}

func (s *server) showView(c echo.Context) error {
	id, err := pathID(c, resourceView)
	if err != nil {
		return err
	}
	row, err := s.Reader.View(c.Request().Context(), id)
	if err != nil {
		return found(resourceView, id, err)
	}
	return show(c, row.Changed, viewFor(callerOf(c))(row))
}

func (s *server) createView(c echo.Context) error {
	return s.write(c, always(access.AddView()), func(w *write) (domain.Command, error) {
		return dns.NewCreateView(viewInput(w.params))
	})
}

func (s *server) updateView(c echo.Context) error {
	return s.update(c, resourceView, s.rightToView, func(id int64, w *write) (domain.Command, error) {
		return dns.NewUpdateView(id, viewInput(w.params), w.ifMatch)
	})
}

func (s *server) deleteView(c echo.Context) error {
	return s.remove(c, resourceView, s.rightToView, func(id int64, w *write) (domain.Command, error) {
		return dns.NewDeleteView(id, w.ifMatch)
	})
}

func (s *server) rightToView(c echo.Context, id int64, operation access.Operation) (access.Right, error) {
	row, err := s.Reader.View(c.Request().Context(), id)
	return access.On(row.Target, operation), err
}
