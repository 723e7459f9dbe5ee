package projections

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

const (
	// One row for each state of a privilege: it was so from since until until.
	createPrivileges = `CREATE TABLE {schema}.privileges (
			id bigint NOT NULL, since bigint NOT NULL, until bigint NOT NULL, name text COLLATE "C" NOT NULL,
			operation bigint NOT NULL, resource_type bigint NOT NULL, resource_id bigint NOT NULL, comment text NOT NULL,
			PRIMARY KEY (id, since));
		CREATE UNIQUE INDEX ON {schema}.privileges (id) WHERE until = ` + forEver + `;
		CREATE INDEX ON {schema}.privileges (resource_id, resource_type)`

	loadPrivileges = `SELECT id, since, name, operation, resource_type, resource_id, comment
		FROM {schema}.privileges WHERE id = ANY ($1::bigint[]) AND until = ` + forEver

	endPrivileges = `UPDATE {schema}.privileges p SET until = n.until FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (id, since, until)
		WHERE p.id = n.id AND p.since = n.since`

	addPrivileges = `INSERT INTO {schema}.privileges (id, since, until, name, operation, resource_type, resource_id, comment)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])`
)

// privilegeRow is a row of privileges.
type privilegeRow struct {
	id   int64
	data access.PrivilegeData
	// since and until are positions, see [forever].
	since, until domain.Position
	// stored: the table has the row.
	stored bool
}

// addBuiltinPrivileges adds the privileges that exist without an event.
func addBuiltinPrivileges(out *pgx.Batch, schema string) {
	var rows []privilegeRow
	for _, p := range access.BuiltinPrivileges() {
		rows = append(rows, privilegeRow{id: p.ID, data: access.PrivilegeData{Name: p.Name}, until: forever})
	}
	queuePrivileges(out, schema, rows)
}

func (b *accessBatch) privilegeCreated(e domain.Recorded, event access.PrivilegeCreated) error {
	p := privilegeRow{id: event.ID, data: event.Privilege, since: e.Position, until: forever}
	if err := b.privileges.Add(p.id, p); err != nil {
		return err
	}
	return b.logPrivilege(e, OperationAdd, p.data.Name, p, "")
}

func (b *accessBatch) privilegeChanged(e domain.Recorded, event access.PrivilegeChanged) error {
	before, err := b.endPrivilege(event.ID, e.Position)
	if err != nil {
		return err
	}
	b.privileges.Put(event.ID, privilegeRow{id: event.ID, data: event.After, since: e.Position, until: forever})
	return b.logPrivilege(e, OperationChange, event.After.Name, before, beforeChange)
}

func (b *accessBatch) privilegeDeleted(e domain.Recorded, event access.PrivilegeDeleted) error {
	before, err := b.endPrivilege(event.ID, e.Position)
	if err != nil {
		return err
	}
	b.privileges.Drop(event.ID)
	return b.logPrivilege(e, OperationDelete, before.data.Name, before, "")
}

// endPrivilege ends the present state of a privilege, and returns it.
func (b *accessBatch) endPrivilege(id int64, at domain.Position) (privilegeRow, error) {
	p, err := b.privileges.Find(id)
	if err != nil {
		return p, err
	}
	p.until = at
	b.ended = append(b.ended, p)
	return p, nil
}

// logPrivilege writes an entry that shows the given state of a privilege.
func (b *accessBatch) logPrivilege(e domain.Recorded, operation, name string, shown privilegeRow, heading string) error {
	var d detail
	d.WriteString(heading)
	d.number("id", shown.id)
	d.line("权限名", shown.data.Name)
	d.number("操作类型", int64(shown.data.Operation))
	d.number("资源类型", int64(shown.data.ResourceType))
	d.number("资源ID", shown.data.ResourceID)
	d.line("备注", shown.data.Comment)
	return b.log(e, operation, TargetPrivilege, name, shown.id, d.String())
}

func (b *accessBatch) loadPrivileges(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, InSchema(schema, loadPrivileges), ids, func(rows pgx.Rows) error {
		p := privilegeRow{until: forever, stored: true}
		d := &p.data
		err := rows.Scan(&p.id, &p.since, &d.Name, &d.Operation, &d.ResourceType, &d.ResourceID, &d.Comment)
		b.privileges.Loaded(p.id, p)
		return err
	})
}

// writePrivileges ends what has ended first: of one privilege, one state holds at a time.
func (b *accessBatch) writePrivileges(out *pgx.Batch, schema string) {
	var ended, rows []privilegeRow
	for _, p := range b.ended {
		if p.stored {
			ended = append(ended, p)
		} else {
			rows = append(rows, p)
		}
	}
	if len(ended) > 0 {
		out.Queue(InSchema(schema, endPrivileges), Column(ended, func(p privilegeRow) int64 { return p.id }),
			Column(ended, func(p privilegeRow) int64 { return int64(p.since) }), Column(ended, func(p privilegeRow) int64 { return int64(p.until) }))
	}
	added, altered, _ := b.privileges.Writes()
	queuePrivileges(out, schema, append(append(rows, added...), altered...))
}

func queuePrivileges(out *pgx.Batch, schema string, rows []privilegeRow) {
	if len(rows) == 0 {
		return
	}
	number := func(value func(privilegeRow) int64) []int64 { return Column(rows, value) }
	out.Queue(InSchema(schema, addPrivileges),
		number(func(p privilegeRow) int64 { return p.id }), number(func(p privilegeRow) int64 { return int64(p.since) }),
		number(func(p privilegeRow) int64 { return int64(p.until) }), Column(rows, func(p privilegeRow) string { return p.data.Name }),
		number(func(p privilegeRow) int64 { return int64(p.data.Operation) }), number(func(p privilegeRow) int64 { return int64(p.data.ResourceType) }),
		number(func(p privilegeRow) int64 { return p.data.ResourceID }), Column(rows, func(p privilegeRow) string { return p.data.Comment }))
}
