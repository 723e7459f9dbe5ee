package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// InOrder returns the ids of views in the order in which they are matched: those that
// the order names, then the others by id. Ids in the order that are no views are left out.
func InOrder(ids, order []int64) []int64 {
	rest := slices.Clone(ids)
	slices.Sort(rest)
	first := make([]int64, 0, len(ids))
	for _, id := range order {
		if at, found := slices.BinarySearch(rest, id); found {
			first = append(first, id)
			rest = slices.Delete(rest, at, at+1)
		}
	}
	return append(first, rest...)
}

// OrderViews sets the order in which views are matched. A client is served by the first
// view that matches.
type OrderViews struct {
	order, known []int64
	ifMatch      *domain.Position
}

// NewOrderViews checks the form of an order. Known are the views that there are as far
// as the caller knows: each of them that exists must be in the order, while views that
// came since follow it. If-Match is the position of the order's last change, 0 before the first.
func NewOrderViews(order, known []int64, ifMatch *domain.Position) (OrderViews, error) {
	sorted := slices.Clone(order)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(order) {
		return OrderViews{}, domain.Invalid("view_ids", "a view is there twice")
	}
	if len(order) > maxOrderedViews {
		return OrderViews{}, domain.Invalid("view_ids", "must not have more than %d entries", maxOrderedViews)
	}
	return OrderViews{order: order, known: known, ifMatch: ifMatch}, nil
}

const maxOrderedViews = 10_000

// Decide implements [domain.Command].
func (c OrderViews) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, current := access.NewActor(env.Actor), &viewOrder{}
	folds := []domain.Fold{actor, current}
	for _, id := range InOrder(slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.order, c.known)))), c.order) {
		folds = append(folds, newViewExists(id))
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, current.changed); err != nil {
		return nil, err
	}
	for i, f := range folds[2:] {
		switch v, given := f.(*viewExists), i < len(c.order); {
		case given && !v.exists:
			return nil, domain.Invalid("view_ids", "there is no view %d", v.id)
		case !given && v.exists:
			return nil, domain.Invalid("view_ids", "view %d is missing: all views are listed, in the order in which they are matched", v.id)
		}
	}
	if slices.Equal(current.ids, c.order) {
		return nil, nil
	}
	return []domain.Event{ViewsOrdered{ViewIDs: c.order}}, nil
}

// UndoViewsOrdered gives views the order back that they had before an event, as long as they have
// the event's. Views that are gone keep their places in it.
type UndoViewsOrdered struct{ event, former ViewsOrdered }

// NewUndoViewsOrdered returns the command for an event; former is the one before it, nil for none.
func NewUndoViewsOrdered(e ViewsOrdered, former domain.Event) UndoViewsOrdered {
	before, _ := former.(ViewsOrdered)
	return UndoViewsOrdered{event: e, former: before}
}

// Decide implements [domain.Command].
func (c UndoViewsOrdered) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, current := access.NewActor(env.Actor), &viewOrder{}
	if err := h.Load(actor, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.Administer()); err != nil {
		return nil, err
	}
	if !slices.Equal(current.ids, c.event.ViewIDs) {
		return nil, domain.Changed(current.changed, "the order of views was changed since")
	}
	return []domain.Event{ViewsOrdered{ViewIDs: append([]int64{}, c.former.ViewIDs...)}}, nil
}

// viewOrder is the current order.
type viewOrder struct{ viewOrderState }

type viewOrderState struct {
	ids     []int64
	changed domain.Position
}

// Item implements [domain.Fold].
func (*viewOrder) Item() domain.Item {
	return domain.Item{Tag: TagViewOrder, Types: []string{ViewsOrdered{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *viewOrder) Apply(r domain.Recorded) {
	if e, ok := r.Event.(ViewsOrdered); ok {
		f.ids, f.changed = e.ViewIDs, r.Position
	}
}

// Snapshot implements [domain.Fold].
func (f *viewOrder) Snapshot() any { return f.viewOrderState }

// Restore implements [domain.Fold].
func (f *viewOrder) Restore(s any) { f.viewOrderState = s.(viewOrderState) }
