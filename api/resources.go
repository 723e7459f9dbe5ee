package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// Resources are the resources of a kind, and the five routes by which they are
// listed, created, shown, changed and deleted.
type Resources[Row, Filter, Item any] struct {
	Kind Resource
	// Path is that of the list, Key what the list is called in its reply.
	Path, Key string
	Access    Access
	Reads     []domain.Context

	// Filter reads what a list is restricted to, Check refuses it; nil lets all through.
	Filter func(*Params) Filter
	Check  func(echo.Context, Filter) error
	// List and Read ask the read model.
	List func(context.Context, rights.Caller, Filter, query.Page) ([]Row, int, error)
	Read func(context.Context, int64) (Row, error)
	// Item is a row on the wire, Changed the position of its version.
	Item    func(*identity.User, Row) Item
	Changed func(Row) domain.Position
	// Odd names what is odd about a row that is shown, if anything; nil warns of nothing.
	Odd func(Row) domain.Warning

	// MayCreate is the right to create one, May that to do something to one.
	MayCreate Authority
	May       func(Row, access.Operation) access.Right
	// Open resources are seen by everybody.
	Open bool

	Create, Update, Delete func(*Request) (domain.Command, error)
	// Input are the names of the parameters that Create and Update read, see [Reads].
	Input Names
	// Takes are the sequences that Create takes ids from.
	Takes []domain.Sequence
	// ReadNarrow and WriteNarrow let narrow credentials read and write, see [Route.Narrow].
	ReadNarrow, WriteNarrow bool
}

// Routes returns the five routes.
func (r Resources[Row, Filter, Item]) Routes() []Route {
	one := r.Path + "/:id"
	routes := []Route{
		Get(r.Path, r.Access, r.Reads, r.list).WithQuery(Reads((*Params).Page).And(Reads(r.Filter))),
		Post(r.Path, r.Access, Write{
			Kind: r.Kind, Right: r.MayCreate, Command: r.Create, Takes: r.Takes, Keys: r.Input, Unversioned: true,
		}),
		Get(one, r.Access, r.Reads, r.show),
		Put(one, r.Access, Write{Kind: r.Kind, Right: r.right(access.OperationUpdate), Command: r.Update, Keys: r.Input}),
		Delete(one, r.Access, Write{Kind: r.Kind, Right: r.right(access.OperationDelete), Command: r.Delete}),
	}
	for i := range routes {
		routes[i].Narrow = r.WriteNarrow
		if routes[i].Write == nil {
			routes[i].Narrow = r.ReadNarrow
			routes[i] = routes[i].WithPast()
		}
	}
	return routes
}

func (r Resources[Row, Filter, Item]) list(c echo.Context) error {
	q := ReadQuery(c.Request())
	page, filter := q.Page(), r.Filter(q)
	if q.Err != nil {
		return q.Err
	}
	if r.Check != nil {
		if err := r.Check(c, filter); err != nil {
			return err
		}
	}
	rows, total, err := r.List(c.Request().Context(), Viewer(c), filter, page.Projection())
	if err != nil {
		return err
	}
	r.warn(c, rows...)
	return List(c, r.Key, page, rows, total, func(row Row) Item { return r.Item(Caller(c), row) })
}

func (r Resources[Row, Filter, Item]) show(c echo.Context) error {
	id, err := PathID(c, r.Kind)
	if err != nil {
		return err
	}
	row, err := r.Read(c.Request().Context(), id)
	if err != nil {
		return Found(r.Kind, id, err)
	}
	if !r.Open {
		if err := Caller(c).Require(r.May(row, access.OperationAccess)); err != nil {
			return err
		}
	}
	r.warn(c, row)
	return Show(c, r.Changed(row), r.Item(Caller(c), row))
}

func (r Resources[Row, Filter, Item]) warn(c echo.Context, rows ...Row) {
	if r.Odd == nil {
		return
	}
	for _, row := range rows {
		if w := r.Odd(row); w != (domain.Warning{}) {
			remarksOf(c).warn(w)
		}
	}
}

func (r Resources[Row, Filter, Item]) right(operation access.Operation) Authority {
	return func(w *Request) (access.Right, error) {
		row, err := r.Read(w.Context(), w.ID)
		return r.May(row, operation), Found(r.Kind, w.ID, err)
	}
}

// ForAll is a list that is the same for everybody, as [Resources] ask for one.
func ForAll[Row, Filter any](list func(context.Context, Filter, query.Page) ([]Row, int, error)) func(
	context.Context, rights.Caller, Filter, query.Page) ([]Row, int, error) {
	return func(ctx context.Context, _ rights.Caller, f Filter, p query.Page) ([]Row, int, error) {
		return list(ctx, f, p)
	}
}
