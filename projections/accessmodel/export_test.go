package accessmodel

import "github.com/opsledger/opsledger/projections/query"

// The statements on the present are for tests of what they cost.
var (
	ListRoles      = func(f RoleFilter) *query.List[RoleRow] { return listRoles(query.Moment{}, f) }
	ListPrivileges = func(f PrivilegeFilter, p query.Page) (string, []any) { return listPrivileges(query.Moment{}, f, p) }
	ReadSets       = present(readSets)
	ReadStored     = present(readStored)
	ReadResources  = present(readResources)
)

func present(sql string) string {
	sql, _ = query.Moment{}.Of(sql)
	return sql
}
