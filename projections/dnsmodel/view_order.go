package dnsmodel

import (
	"context"
	"errors"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// ViewOrder is the order that views were given.
type ViewOrder struct {
	IDs []int64
	// Changed is the position of the event that set the order, 0 while nobody has.
	Changed domain.Position
}

func (o *ViewOrder) columns() []table.Column {
	return []table.Column{
		table.Only(),
		table.Col("view_ids", table.Numbers, &o.IDs),
		table.Col("changed", table.Number, &o.Changed),
	}
}

var viewOrders = table.Keeping(table.Table[ViewOrder]{Name: "view_order", Key: "singleton", Columns: (*ViewOrder).columns})

var selectViewOrder = "SELECT " + table.NamesOf("o", (*ViewOrder).columns) + " FROM " + viewOrders.In("dns") + " o"

// MatchedViews returns all views in the order in which they are matched, and the order
// that they were given.
func (r *Reader) MatchedViews(ctx context.Context) ([]dns.MatchedView, ViewOrder, error) {
	order, err := query.Only(ctx, r.pool, query.Row((*ViewOrder).columns), selectViewOrder)
	if err != nil && !errors.Is(err, query.ErrNotFound) {
		return nil, order, err
	}
	views, _, err := r.Views(ctx, ViewFilter{}, query.Everything())
	if err != nil {
		return nil, order, err
	}
	ids, byID := make([]int64, len(views)), make(map[int64]View, len(views))
	for i, v := range views {
		ids[i], byID[v.ID] = v.ID, v
	}
	matched := make([]dns.MatchedView, len(views))
	for i, id := range dns.InOrder(ids, order.IDs) {
		matched[i] = dns.MatchedView{ID: id, ViewData: byID[id].ViewData}
	}
	return matched, order, nil
}

// viewsOrdered logs the orders by the ids, as the request has them.
func (b *batch) viewsOrdered(e domain.Recorded, event dns.ViewsOrdered) error {
	before, _ := b.order.Get(struct{}{})
	b.order.Put(ViewOrder{IDs: event.ViewIDs, Changed: e.Position})
	texts := oplog.Changed(orderDetail(before.IDs), orderDetail(event.ViewIDs))
	return b.log(e, oplog.OperationChange, oplog.Target{Type: oplog.TargetView, Name: "order"}, texts)
}

func orderDetail(ids []int64) *oplog.Detail {
	d := oplog.NewDetail()
	d.Numbers("匹配顺序", ids)
	return d
}
