package accessmodel

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// privilegeRow is a row of privileges.
type privilegeRow struct {
	Privilege
	// matching is the regular expression of the pattern of zones, empty without one.
	matching string
}

// privileges are those that are built in, or were made by hand.
var privileges = table.Keeping(table.Table[privilegeRow]{
	Name: "privileges", Key: "id",
	Columns: func(p *privilegeRow) []table.Column {
		return append(p.columns(), table.Col("changed", table.Number, &p.Changed), table.Col("matching", table.Bytewise, &p.matching))
	},
	Indexes: []string{
		"CREATE INDEX ON {schema}.privileges (resource_id, resource_type)",
		"CREATE INDEX ON {schema}.privileges (id) WHERE matching <> ''",
	},
})

func newPrivilege(id int64, data access.PrivilegeData, changed domain.Position) privilegeRow {
	p := privilegeRow{Privilege: Privilege{ID: id, PrivilegeData: data, Changed: changed}}
	if data.Zones != "" {
		p.matching = access.PatternRegexp(data.Zones)
	}
	return p
}

// putBuiltinPrivileges adds the privileges that exist without an event.
func putBuiltinPrivileges(out *pgx.Batch, schema string) {
	var rows []rowset.Version[privilegeRow]
	for _, p := range access.BuiltinPrivileges() {
		rows = append(rows, rowset.Version[privilegeRow]{Row: newPrivilege(p.ID, access.PrivilegeData{Name: p.Name}, 0)})
	}
	privileges.Now().Put(out, schema, rows)
}

func (b *batch) privilegeCreated(e domain.Recorded, event access.PrivilegeCreated) error {
	p := newPrivilege(event.ID, event.Privilege, e.Position)
	if err := b.privileges.Add(p); err != nil {
		return err
	}
	return b.logPrivilege(e, oplog.OperationAdd, p, p)
}

func (b *batch) privilegeChanged(e domain.Recorded, event access.PrivilegeChanged) error {
	before, err := b.privileges.Find(event.ID)
	if err != nil {
		return err
	}
	after := newPrivilege(event.ID, event.After, e.Position)
	b.privileges.Put(after)
	return b.logPrivilege(e, oplog.OperationChange, after, before)
}

func (b *batch) privilegeDeleted(e domain.Recorded, event access.PrivilegeDeleted) error {
	before, err := b.privileges.Find(event.ID)
	if err != nil {
		return err
	}
	b.privileges.Drop(event.ID)
	return b.logPrivilege(e, oplog.OperationDelete, before, before)
}

// logPrivilege writes an entry that shows the given state of a privilege, that before a
// change.
func (b *batch) logPrivilege(e domain.Recorded, operation string, p, shown privilegeRow) error {
	target := oplog.Target{Type: oplog.TargetPrivilege, Name: p.Name, ID: p.ID}
	return b.log(e, operation, target, oplog.TextsOf(operation, privilegeDetail(shown), privilegeDetail(p)))
}

func privilegeDetail(p privilegeRow) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", p.ID)
	d.Line("权限名", p.Name)
	d.Number("操作类型", int64(p.Operation))
	d.Number("资源类型", int64(p.ResourceType))
	d.Number("资源ID", p.ResourceID)
	d.Line("备注", p.Comment)
	return d
}
