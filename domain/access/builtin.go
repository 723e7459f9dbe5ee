package access

import "slices"

// The built-in roles. They exist from the start, without events, and can be
// neither renamed nor deleted.
const (
	// RoleAdmin may do everything, always.
	RoleAdmin       int64 = 1
	RoleServerAdmin int64 = 2
	RoleServerGuest int64 = 3
	RoleViewAdmin   int64 = 4
	RoleViewGuest   int64 = 5
	RoleZoneAdmin   int64 = 6
	RoleZoneGuest   int64 = 7
)

// BuiltinRole is a role that exists from the start.
type BuiltinRole struct {
	ID   int64
	Name string
	// Kind is the kind of resource of which the role grants something of each; not of [RoleAdmin].
	Kind Kind
	// Guest: the role grants ACCESS alone, else all three operations.
	Guest bool
	// Privileges are the built-in privileges that the role grants until its set
	// is replaced. Those of [RoleAdmin] are all, and cannot be replaced.
	Privileges []int64
}

// BuiltinRoles lists the roles that exist from the start, by ascending id.
func BuiltinRoles() []BuiltinRole {
	return []BuiltinRole{
		{ID: RoleAdmin, Name: "admin", Privileges: []int64{PrivilegeServerAdd, PrivilegeZoneAdd, PrivilegeViewAdd, PrivilegeBindConfEdit}},
		{ID: RoleServerAdmin, Name: "server_admin", Kind: KindServer, Privileges: []int64{PrivilegeServerAdd}},
		{ID: RoleServerGuest, Name: "server_guest", Kind: KindServer, Guest: true},
		{ID: RoleViewAdmin, Name: "view_admin", Kind: KindView, Privileges: []int64{PrivilegeViewAdd}},
		{ID: RoleViewGuest, Name: "view_guest", Kind: KindView, Guest: true},
		{ID: RoleZoneAdmin, Name: "zone_admin", Kind: KindZone, Privileges: []int64{PrivilegeZoneAdd}},
		{ID: RoleZoneGuest, Name: "zone_guest", Kind: KindZone, Guest: true},
	}
}

// The built-in privileges. They exist from the start, without events, and can be
// neither changed nor deleted.
const (
	PrivilegeServerAdd    int64 = 1
	PrivilegeZoneAdd      int64 = 2
	PrivilegeViewAdd      int64 = 3
	PrivilegeBindConfEdit int64 = 4
)

// BuiltinPrivilege is a privilege of the start. Its operation, resource type
// and resource id are 0.
type BuiltinPrivilege struct {
	ID   int64
	Name string
}

// BuiltinPrivileges lists the privileges that exist from the start, by ascending id.
func BuiltinPrivileges() []BuiltinPrivilege {
	return []BuiltinPrivilege{
		{PrivilegeServerAdd, "SERVER_ADD"}, {PrivilegeZoneAdd, "ZONE_ADD"},
		{PrivilegeViewAdd, "VIEW_ADD"}, {PrivilegeBindConfEdit, "BIND_CONF_EDIT"},
	}
}

// FirstPrivilege and PrivilegeStep say which ids the log gives: privileges made
// since the start come in steps of three, so that a resource's ACCESS, UPDATE and
// DELETE follow each other. One made by hand leaves two ids unused.
const (
	FirstPrivilege int64 = 5
	PrivilegeStep  int64 = 3
)

// PrivilegeBase returns the first of the three ids among which the id is, which
// is the id itself for a privilege made by hand. Built-in ids are their own.
func PrivilegeBase(id int64) int64 {
	if id < FirstPrivilege {
		return id
	}
	return id - (id-FirstPrivilege)%PrivilegeStep
}

// builtinRole returns the built-in role of that id.
func builtinRole(id int64) (BuiltinRole, bool) {
	if id < RoleAdmin || id > RoleZoneGuest {
		return BuiltinRole{}, false
	}
	return builtinRoles[id-1], true
}

// builtinRoles is read only.
var builtinRoles = BuiltinRoles()

func isBuiltinRoleName(name string) bool {
	return slices.ContainsFunc(builtinRoles, func(r BuiltinRole) bool { return r.Name == name })
}

func isBuiltinPrivilege(id int64) bool { return id >= 1 && id < FirstPrivilege }

func isBuiltinPrivilegeName(name string) bool {
	return slices.ContainsFunc(BuiltinPrivileges(), func(p BuiltinPrivilege) bool { return p.Name == name })
}
