package workload

import (
	"fmt"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// checkPeople: users, roles and privileges are what was acknowledged, and every
// user is let in with their password.
func (w *Workload) checkPeople(r *accessmodel.Reader, all belongings) {
	w.t.Helper()
	w.checkUsers(r, all.users)
	w.checkRoles(r, all.roles)
	w.checkPrivileges(r, all.privileges)
	for _, name := range slices.Sorted(maps.Keys(all.users)) {
		u := all.users[name]
		testkit.Eventually(w.t, "user "+name+" logs in", func() bool { return w.t.Failed() || w.clients[0].learnID(u) && w.clients[0].enter(u) })
	}
}

func (w *Workload) checkUsers(r *accessmodel.Reader, acknowledged map[string]*ownUser) {
	w.t.Helper()
	users := rowsOf(w, func(p query.Page) ([]accessmodel.User, int, error) {
		return r.Users(w.t.Context(), accessmodel.UserFilter{}, p)
	}, func(u accessmodel.User) (string, string) {
		var roles []int64
		for _, role := range u.Roles {
			roles = append(roles, role.ID)
		}
		return u.Username, fmt.Sprint(roles, u.Codes)
	})
	delete(users, "admin")
	want := map[string]string{}
	for name, u := range acknowledged {
		want[name] = fmt.Sprint(u.roles, u.codes)
	}
	sameRows(w, "users", users, want)
}

func (w *Workload) checkRoles(r *accessmodel.Reader, acknowledged map[int64]ownRole) {
	w.t.Helper()
	roles := rowsOf(w, func(p query.Page) ([]accessmodel.RoleRow, int, error) {
		return r.Roles(w.t.Context(), accessmodel.RoleFilter{}, p)
	}, func(r accessmodel.RoleRow) (int64, string) {
		var privileges []int64
		for _, p := range r.Privileges {
			privileges = append(privileges, p.ID)
		}
		return r.ID, fmt.Sprint(r.Name, privileges)
	})
	for _, builtin := range access.BuiltinRoles() {
		delete(roles, builtin.ID)
	}
	want := map[int64]string{}
	for id, r := range acknowledged {
		want[id] = fmt.Sprint(r.name, r.privileges)
	}
	sameRows(w, "roles", roles, want)
}

// checkPrivileges leaves out those that nobody made by hand.
func (w *Workload) checkPrivileges(r *accessmodel.Reader, acknowledged map[int64]access.PrivilegeData) {
	w.t.Helper()
	privileges := map[int64]access.PrivilegeData{}
	for id, p := range rowsOf(w, func(p query.Page) ([]accessmodel.Privilege, int, error) {
		return r.Privileges(w.t.Context(), accessmodel.PrivilegeFilter{}, p)
	}, func(p accessmodel.Privilege) (int64, accessmodel.Privilege) { return p.ID, p }) {
		if !p.Automatic && id >= access.FirstPrivilege {
			privileges[id] = p.PrivilegeData
		}
	}
	sameRows(w, "privileges", privileges, acknowledged)
}
