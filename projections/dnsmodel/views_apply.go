package dnsmodel

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

func (b *batch) viewCreated(e domain.Recorded, event dns.ViewCreated) error {
	view := View{ID: event.ID, ViewData: event.View, Changed: e.Position}
	if err := b.views.Add(view); err != nil {
		return err
	}
	if err := b.resourceBegun(e, access.KindView, view.ID, view.Name, event.Privilege, event.Birth); err != nil {
		return err
	}
	return b.logView(e, oplog.OperationAdd, view, view)
}

func (b *batch) viewUpdated(e domain.Recorded, event dns.ViewUpdated) error {
	before, err := b.views.Find(event.ID)
	if err != nil {
		return err
	}
	after := before
	after.ViewData, after.Changed = event.After, e.Position
	if before.Name != after.Name {
		after.Renamed = e.Position
		b.moveBases(before.Name, after.Name, e.Position)
	}
	b.views.Put(after)
	if err := b.resourceNamed(e, access.KindView, after.ID, after.Name); err != nil {
		return err
	}
	return b.logView(e, oplog.OperationChange, after, before)
}

func (b *batch) viewDeleted(e domain.Recorded, event dns.ViewDeleted) error {
	view, err := b.views.Find(event.ID)
	if err != nil {
		return err
	}
	b.views.Drop(view.ID)
	if err := b.resourceDeleted(e, access.KindView, view.ID); err != nil {
		return err
	}
	return b.logView(e, oplog.OperationDelete, view, view)
}

// viewNames returns the current names of views.
func (b *batch) viewNames(ids []int64) ([]string, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		view, err := b.views.Find(id)
		if err != nil {
			return nil, err
		}
		names[i] = view.Name
	}
	return names, nil
}

// logView writes an entry on a view, which shows the given state of it, that before a
// change.
func (b *batch) logView(e domain.Recorded, operation string, view, shown View) error {
	target := oplog.Target{Type: oplog.TargetView, Name: view.Name, ID: view.ID}
	return b.log(e, operation, target, oplog.TextsOf(operation, viewDetail(shown), viewDetail(view)))
}

func viewDetail(v View) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", v.ID)
	d.Line("View名称", v.Name)
	d.Line("ACL", v.ACL)
	return d
}
