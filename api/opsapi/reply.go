package opsapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/query"
)

// replyBody is every reply of the dialect. Info is the data, or the text of an error.
type replyBody struct {
	OK   bool `json:"ok"`
	Info any  `json:"info"`
}

// listInfo is the info of a list.
type listInfo struct {
	Data  any `json:"data"`
	Count int `json:"count"`
}

// fail words a failure: what is a client's mistake is 200 and not ok, the other
// statuses are those of the kernel.
func fail(p api.Problem) (status int, body any) {
	if p.Status == http.StatusBadRequest || p.Status == http.StatusNotFound && p.Refused {
		p.Status = http.StatusOK
	}
	return p.Status, replyBody{OK: false, Info: p.Text}
}

func succeed(info any) any { return replyBody{OK: true, Info: info} }

// says is what a write replies whatever came of it.
func says(text string) func(*api.Request, eventstore.Receipt) (any, error) {
	return func(*api.Request, eventstore.Receipt) (any, error) { return text, nil }
}

func replyOK(c echo.Context, info any) error { return api.WriteJSON(c, http.StatusOK, succeed(info)) }

// replyRows replies with a list.
func replyRows[Row, Item any](c echo.Context, rows []Row, total int, item func(Row) Item) error {
	items := make([]Item, len(rows))
	for i, row := range rows {
		items[i] = item(row)
	}
	return replyOK(c, listInfo{Data: items, Count: total})
}

// rows are what a query asks for: the one row that it names by its key, with its
// ETag, or else a part of the list. all reads from the query what restricts the list, and
// nothing but that if something is wrong with the query.
type rows[Row, Item any] struct {
	key string
	// filters are what all reads from the query.
	filters api.Names
	one     func(ctx context.Context, key string) (Row, error)
	all     func(ctx context.Context, q *api.Params, part query.Range) ([]Row, int, error)
	item    func(echo.Context, Row) Item
	changed func(Row) domain.Position
}

// get returns the route that replies with them.
func (r rows[Row, Item]) get(path string, code int, reads []domain.Context) api.Route {
	key := api.Reads(func(q *api.Params) *string { return q.Text(r.key) })
	return api.Get(path, api.AccessCode(code), reads, r.reply).WithQuery(key.And(rangeOfList()).And(r.filters))
}

// rangeOfList are the parameters by which a part of a list is asked for.
func rangeOfList() api.Names {
	return api.Reads((*api.Params).Range)
}

func (r rows[Row, Item]) reply(c echo.Context) error {
	q, ctx := api.ReadQuery(c.Request()), c.Request().Context()
	name := q.Text(r.key)
	if name != nil && q.Err == nil {
		row, err := r.one(ctx, *name)
		if errors.Is(err, query.ErrNotFound) {
			return replyRows(c, []Row{}, 0, r.itemOf(c))
		}
		if err != nil {
			return err
		}
		return api.Show(c, r.changed(row), succeed(listInfo{Data: []Item{r.item(c, row)}, Count: 1}))
	}
	part := q.Range()
	list, total, err := r.all(ctx, q, part)
	if err = cmp.Or(q.Err, err); err != nil {
		return err
	}
	return replyRows(c, list, total, r.itemOf(c))
}

func (r rows[Row, Item]) itemOf(c echo.Context) func(Row) Item {
	return func(row Row) Item { return r.item(c, row) }
}
