package projections

import "github.com/opsledger/opsledger/domain/access"

// Role is a named set of privileges.
type Role struct {
	ID   int64
	Name string
}

const (
	createRoles = `CREATE TABLE {schema}.roles (id bigint PRIMARY KEY, name text COLLATE "C" NOT NULL)`
	addRoles    = `INSERT INTO {schema}.roles (id, name) SELECT * FROM unnest($1::bigint[], $2::text[])`
	loadRoles   = `SELECT id, name FROM {schema}.roles`
)

// builtinRoles are the roles that exist without an event.
func builtinRoles() []Role {
	return []Role{
		{access.RoleAdmin, "admin"}, {2, "server_admin"}, {3, "server_guest"}, {4, "view_admin"},
		{5, "view_guest"}, {6, "zone_admin"}, {7, "zone_guest"},
	}
}
