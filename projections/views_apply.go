package projections

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

const (
	createViews = `CREATE TABLE {schema}.views (
		id bigint PRIMARY KEY, name text COLLATE "C" NOT NULL, acl text NOT NULL, changed bigint NOT NULL)`

	loadViews = `SELECT ` + viewColumns + ` FROM {schema}.views v WHERE v.id = ANY ($1::bigint[])`

	writeViews = `INSERT INTO {schema}.views (id, name, acl, changed)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, acl = excluded.acl, changed = excluded.changed`

	dropViews = `DELETE FROM {schema}.views WHERE id = ANY ($1::bigint[])`
)

func (b *dnsBatch) viewCreated(e domain.Recorded, event dns.ViewCreated) error {
	view := View{ID: event.ID, ViewData: event.View, Changed: e.Position}
	if err := b.views.Add(view.ID, view); err != nil {
		return err
	}
	b.resourceCreated(e, access.KindView, view.ID, view.Name, event.Privilege)
	return b.log(e, OperationAdd, TargetView, view.Name, decimal(view.ID), viewDetail(view))
}

func (b *dnsBatch) viewUpdated(e domain.Recorded, event dns.ViewUpdated) error {
	before, err := b.views.Find(event.ID)
	if err != nil {
		return err
	}
	after := View{ID: event.ID, ViewData: event.After, Changed: e.Position}
	b.views.Put(after.ID, after)
	if err := b.resourceNamed(e, access.KindView, after.ID, after.Name); err != nil {
		return err
	}
	return b.log(e, OperationChange, TargetView, after.Name, decimal(after.ID), beforeChange+viewDetail(before))
}

func (b *dnsBatch) viewDeleted(e domain.Recorded, event dns.ViewDeleted) error {
	view, err := b.views.Find(event.ID)
	if err != nil {
		return err
	}
	b.views.Drop(view.ID)
	if err := b.resourceDeleted(e, access.KindView, view.ID); err != nil {
		return err
	}
	return b.log(e, OperationDelete, TargetView, view.Name, decimal(view.ID), viewDetail(view))
}

// viewNames returns the current names of views.
func (b *dnsBatch) viewNames(ids []int64) ([]string, error) {
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

func viewDetail(v View) string {
	var d detail
	d.number("id", v.ID)
	d.line("View名称", v.Name)
	d.line("ACL", v.ACL)
	return d.String()
}

func (b *dnsBatch) loadViews(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, InSchema(schema, loadViews), ids, func(rows pgx.Rows) error {
		var v View
		err := rows.Scan(scanView(&v)...)
		b.views.Loaded(v.ID, v)
		return err
	})
}

func (b *dnsBatch) writeViews(out *pgx.Batch, schema string) {
	added, altered, dropped := b.views.Writes()
	queueDrop(out, InSchema(schema, dropViews), dropped)
	rows := append(added, altered...)
	if len(rows) == 0 {
		return
	}
	out.Queue(InSchema(schema, writeViews),
		Column(rows, func(v View) int64 { return v.ID }), Column(rows, func(v View) string { return v.Name }),
		Column(rows, func(v View) string { return v.ACL }), Column(rows, func(v View) int64 { return int64(v.Changed) }))
}
