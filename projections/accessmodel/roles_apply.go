package accessmodel

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rowset"
)

// rolePrivileges is which role has which privilege in its set. What built-in
// roles grant of each resource is in no set.
var rolePrivileges = holdingTable("role_privileges", "role_id", "privilege_id")

// putBuiltinRoles adds the roles that exist without an event.
func putBuiltinRoles(out *pgx.Batch, schema string) {
	var rows []rowset.Version[RoleRow]
	var sets []rowset.Version[holding]
	for _, role := range access.BuiltinRoles() {
		rows = append(rows, rowset.Version[RoleRow]{Row: RoleRow{Role: Role{ID: role.ID, Name: role.Name}}})
		for _, privilege := range role.Privileges {
			if role.ID != access.RoleAdmin {
				sets = append(sets, rowset.Version[holding]{Row: holding{role.ID, privilege}})
			}
		}
	}
	roles.Now().Put(out, schema, rows)
	rolePrivileges.Now().Put(out, schema, sets)
}

func (b *batch) roleCreated(e domain.Recorded, event access.RoleCreated) error {
	role := RoleRow{Role: Role{ID: event.ID, Name: event.Name}, Changed: e.Position}
	if err := b.roles.Add(role); err != nil {
		return err
	}
	b.rolePrivileges.replace(role.ID, event.Privileges)
	return b.log(e, oplog.OperationAdd, roleTarget(role), oplog.Stated(b.roleDetail(role)))
}

func (b *batch) roleChanged(e domain.Recorded, event access.RoleChanged) error {
	role, err := b.roles.Find(event.ID)
	if err != nil {
		return err
	}
	was := b.roleDetail(role)
	role.Name, role.Changed, role.Replaced = event.Name, e.Position, event.ReplacedAt(e.Position)
	b.roles.Put(role)
	b.rolePrivileges.replace(role.ID, event.Privileges)
	return b.log(e, oplog.OperationChange, roleTarget(role), oplog.Changed(was, b.roleDetail(role)))
}

func (b *batch) roleDeleted(e domain.Recorded, event access.RoleDeleted) error {
	role, err := b.roles.Find(event.ID)
	if err != nil {
		return err
	}
	if err := b.log(e, oplog.OperationDelete, roleTarget(role), oplog.Stated(b.roleDetail(role))); err != nil {
		return err
	}
	b.roles.Drop(role.ID)
	b.rolePrivileges.replace(role.ID, nil)
	return nil
}

func roleTarget(role RoleRow) oplog.Target {
	return oplog.Target{Type: oplog.TargetRole, Name: role.Name, ID: role.ID}
}

// roleDetail shows a role with the set that it has now.
func (b *batch) roleDetail(role RoleRow) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", role.ID)
	d.Line("角色名", role.Name)
	d.Numbers("权限ID", b.rolePrivileges.of(role.ID))
	return d
}
