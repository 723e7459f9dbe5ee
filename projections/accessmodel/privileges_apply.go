package accessmodel

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/table"
)

// privilegeRow is a state of a privilege.
type privilegeRow struct {
	Privilege
	// since and until are positions, see [table.Forever].
	since, until domain.Position
	// matching is the regular expression of the pattern of zones, empty without one.
	matching string
}

// privileges has one row for each state of a privilege: it was so from since until until.
var privileges = table.Table[privilegeRow]{
	Name: "privileges", Key: "id, since",
	Columns: func(p *privilegeRow) []table.Column {
		return append(p.columns(), table.Col("since", table.Number, &p.since), table.Col("until", table.Number, &p.until),
			table.Col("matching", table.Bytewise, &p.matching))
	},
	Indexes: []string{
		"CREATE UNIQUE INDEX ON {schema}.privileges (id) WHERE " + holds,
		"CREATE INDEX ON {schema}.privileges (resource_id, resource_type)",
		"CREATE INDEX ON {schema}.privileges (id) WHERE matching <> ''",
	},
}

func newPrivilege(id int64, data access.PrivilegeData, since domain.Position) privilegeRow {
	p := privilegeRow{Privilege: Privilege{ID: id, PrivilegeData: data}, since: since, until: table.Forever}
	if data.Zones != "" {
		p.matching = access.PatternRegexp(data.Zones)
	}
	return p
}

// putBuiltinPrivileges adds the privileges that exist without an event.
func putBuiltinPrivileges(out *pgx.Batch, schema string) {
	var rows []privilegeRow
	for _, p := range access.BuiltinPrivileges() {
		rows = append(rows, newPrivilege(p.ID, access.PrivilegeData{Name: p.Name}, 0))
	}
	privileges.Put(out, schema, rows)
}

func (b *batch) privilegeCreated(e domain.Recorded, event access.PrivilegeCreated) error {
	p := newPrivilege(event.ID, event.Privilege, e.Position)
	if err := b.privileges.Add(p); err != nil {
		return err
	}
	return b.logPrivilege(e, oplog.OperationAdd, p, p)
}

func (b *batch) privilegeChanged(e domain.Recorded, event access.PrivilegeChanged) error {
	before, err := b.endPrivilege(event.ID, e.Position)
	if err != nil {
		return err
	}
	after := newPrivilege(event.ID, event.After, e.Position)
	b.privileges.Put(after)
	return b.logPrivilege(e, oplog.OperationChange, after, before)
}

func (b *batch) privilegeDeleted(e domain.Recorded, event access.PrivilegeDeleted) error {
	before, err := b.endPrivilege(event.ID, e.Position)
	if err != nil {
		return err
	}
	b.privileges.Drop(event.ID)
	return b.logPrivilege(e, oplog.OperationDelete, before, before)
}

// endPrivilege ends the present state of a privilege, and returns it.
func (b *batch) endPrivilege(id int64, at domain.Position) (privilegeRow, error) {
	p, err := b.privileges.Find(id)
	if err != nil {
		return p, err
	}
	p.until = at
	b.ended = append(b.ended, p)
	return p, nil
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

// writePrivileges ends what has ended first: of one privilege, one state holds at a time.
func (b *batch) writePrivileges(out *pgx.Batch, schema string) {
	added, altered, _ := b.privileges.Writes()
	privileges.Put(out, schema, slices.Concat(b.ended, added, altered))
}
