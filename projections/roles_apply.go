package projections

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

const (
	// changed is also when the set of a built-in role was last replaced, which
	// role_changes tells of the past.
	createRoles = `CREATE TABLE {schema}.roles (id bigint PRIMARY KEY, name text COLLATE "C" NOT NULL, changed bigint NOT NULL);
		CREATE TABLE {schema}.role_changes (role_id bigint NOT NULL, position bigint NOT NULL, PRIMARY KEY (role_id, position))`

	loadRoles = `SELECT id, name, changed FROM {schema}.roles`

	writeRoles = `INSERT INTO {schema}.roles (id, name, changed) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, changed = excluded.changed`

	dropRoles = `DELETE FROM {schema}.roles WHERE id = ANY ($1::bigint[])`

	addRoleChanges = `INSERT INTO {schema}.role_changes (role_id, position) SELECT * FROM unnest($1::bigint[], $2::bigint[])`
)

// rolePrivileges is which role has which privilege in its set. What built-in
// roles grant of each resource is in no set.
var rolePrivileges = timelineTable{table: "role_privileges", holder: "role_id", held: "privilege_id"}

// roleRow is a row of roles.
type roleRow struct {
	Role
	changed domain.Position
}

// addBuiltinRoles adds the roles that exist without an event.
func addBuiltinRoles(out *pgx.Batch, schema string) {
	var rows []roleRow
	sets := newTimeline()
	for _, role := range access.BuiltinRoles() {
		rows = append(rows, roleRow{Role: Role{ID: role.ID, Name: role.Name}})
		if role.ID != access.RoleAdmin {
			sets.replace(role.ID, role.Privileges, 0)
		}
	}
	queueRoles(out, schema, rows)
	rolePrivileges.write(out, schema, sets)
}

func (b *accessBatch) roleCreated(e domain.Recorded, event access.RoleCreated) error {
	role := roleRow{Role: Role{ID: event.ID, Name: event.Name}, changed: e.Position}
	if err := b.roles.Add(role.ID, role); err != nil {
		return err
	}
	b.rolePrivileges.replace(role.ID, event.Privileges, e.Position)
	return b.logRole(e, OperationAdd, role.Name, role, "")
}

func (b *accessBatch) roleChanged(e domain.Recorded, event access.RoleChanged) error {
	role, err := b.roles.Find(event.ID)
	if err != nil {
		return err
	}
	if err := b.logRole(e, OperationChange, event.Name, role, beforeChange); err != nil {
		return err
	}
	role.Name, role.changed = event.Name, e.Position
	b.roles.Put(role.ID, role)
	b.rolePrivileges.replace(role.ID, event.Privileges, e.Position)
	b.replaced = append(b.replaced, pair{role.ID, int64(e.Position)})
	return nil
}

func (b *accessBatch) roleDeleted(e domain.Recorded, event access.RoleDeleted) error {
	role, err := b.roles.Find(event.ID)
	if err != nil {
		return err
	}
	if err := b.logRole(e, OperationDelete, role.Name, role, ""); err != nil {
		return err
	}
	b.roles.Drop(role.ID)
	b.rolePrivileges.replace(role.ID, nil, e.Position)
	return nil
}

// logRole writes an entry that shows the given state of a role, before its set is replaced.
func (b *accessBatch) logRole(e domain.Recorded, operation, name string, shown roleRow, heading string) error {
	var d detail
	d.WriteString(heading)
	d.number("id", shown.ID)
	d.line("角色名", shown.Name)
	d.numbers("权限ID", b.rolePrivileges.of(shown.ID))
	return b.log(e, operation, TargetRole, name, shown.ID, d.String())
}

func (b *accessBatch) loadRoles(out *pgx.Batch, schema string) {
	out.Queue(InSchema(schema, loadRoles)).Query(func(rows pgx.Rows) error {
		var r roleRow
		_, err := pgx.ForEachRow(rows, []any{&r.ID, &r.Name, &r.changed}, func() error { b.roles.Loaded(r.ID, r); return nil })
		return err
	})
}

func (b *accessBatch) writeRoles(out *pgx.Batch, schema string) {
	added, altered, dropped := b.roles.Writes()
	queueDrop(out, InSchema(schema, dropRoles), dropped)
	queueRoles(out, schema, append(added, altered...))
	if len(b.replaced) > 0 {
		out.Queue(InSchema(schema, addRoleChanges),
			Column(b.replaced, func(p pair) int64 { return p.holder }), Column(b.replaced, func(p pair) int64 { return p.held }))
	}
}

func queueRoles(out *pgx.Batch, schema string, rows []roleRow) {
	if len(rows) == 0 {
		return
	}
	out.Queue(InSchema(schema, writeRoles), Column(rows, func(r roleRow) int64 { return r.ID }),
		Column(rows, func(r roleRow) string { return r.Name }), Column(rows, func(r roleRow) int64 { return int64(r.changed) }))
}
