package projections

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/access"
)

// comparePrivileges compares the roles and privileges of a world with what the
// rules in words make of its maps.
func (w *world) comparePrivileges(t *testing.T, r *Reader) {
	t.Helper()
	ctx, all := t.Context(), w.allPrivileges()
	list := paged(func(p Page) ([]Privilege, int, error) { return r.Privileges(ctx, PrivilegeFilter{}, p) })
	same(t, "privileges", bare(list.rows), descending(all))
	same(t, "number of privileges", list.total, len(all))
	for _, f := range []struct {
		filter PrivilegeFilter
		fits   func(Privilege) bool
	}{
		{PrivilegeFilter{Name: "ZONE#"}, func(p Privilege) bool { return strings.Contains(p.Name, "ZONE#") }},
		{PrivilegeFilter{Operation: new(int64(1))}, func(p Privilege) bool { return p.Operation == 1 }},
		{PrivilegeFilter{ResourceType: new(int64(2)), Operation: new(int64(0))}, func(p Privilege) bool { return p.ResourceType == 2 && p.Operation == 0 }},
		{PrivilegeFilter{ResourceID: new(pick(w.naive, w.zones))}, nil},
	} {
		if f.fits == nil {
			f.fits = func(p Privilege) bool { return p.ResourceID == *f.filter.ResourceID }
		}
		list := paged(func(p Page) ([]Privilege, int, error) { return r.Privileges(ctx, f.filter, p) })
		want := slices.DeleteFunc(descending(all), func(p Privilege) bool { return !f.fits(p) })
		same(t, fmt.Sprintf("privileges of %+v", f.filter), bare(list.rows), want)
		same(t, "number of them", list.total, len(want))
	}
	for _, p := range all {
		same(t, "privilege", bare([]Privilege{must(r.Privilege(ctx, p.ID))})[0], p)
	}
	w.compareRoles(t, r, all)
}

func (w *world) compareRoles(t *testing.T, r *Reader, all []Privilege) {
	t.Helper()
	list := paged(func(p Page) ([]RoleRow, int, error) { return r.Roles(t.Context(), RoleFilter{}, p) })
	ids := sortedKeys(w.sets)
	slices.Reverse(ids)
	same(t, "roles", Column(list.rows, func(r RoleRow) int64 { return r.ID }), ids)
	same(t, "number of roles", list.total, len(ids))
	for _, role := range list.rows {
		same(t, "role", role.Role, Role{role.ID, w.names[role.ID]})
		same(t, "position of the role", role.Changed, w.replaced[role.ID])
		want := slices.DeleteFunc(slices.Clone(all), func(p Privilege) bool { return !w.grants(role.ID, p) })
		same(t, fmt.Sprintf("privileges of role %d", role.ID), bare(role.Privileges), want)
		same(t, "the role alone", must(r.Role(t.Context(), role.ID)), role)
	}
}

func (w *world) grants(role int64, p Privilege) bool {
	if role == access.RoleAdmin || slices.Contains(w.sets[role], p.ID) {
		return true
	}
	created := w.targets[resourceKey{p.ResourceType, p.ResourceID}].Created
	builtin, ok := builtinRole(role)
	return ok && p.Automatic && p.ResourceType == builtin.Kind && created > w.replaced[role] && (!builtin.Guest || p.Operation == 0)
}

// allPrivileges are those there are, ascending.
func (w *world) allPrivileges() []Privilege {
	list := []Privilege{}
	for _, p := range access.BuiltinPrivileges() {
		list = append(list, Privilege{ID: p.ID, PrivilegeData: access.PrivilegeData{Name: p.Name}})
	}
	for id, data := range w.manual {
		list = append(list, Privilege{ID: id, PrivilegeData: data})
	}
	for key, target := range w.targets {
		if !w.alive(key) {
			continue
		}
		for o := range access.Operation(3) {
			list = append(list, Privilege{ID: target.Privilege + int64(o), Automatic: true, PrivilegeData: access.PrivilegeData{
				Name: access.AutomaticName(key.kind, target.Name, o), Operation: o, ResourceType: key.kind, ResourceID: key.id,
			}})
		}
	}
	slices.SortFunc(list, func(a, b Privilege) int { return int(a.ID - b.ID) })
	return list
}

func (w *world) alive(key resourceKey) (exists bool) {
	switch key.kind {
	case access.KindServer:
		_, exists = w.servers[key.id]
	case access.KindView:
		_, exists = w.views[key.id]
	default:
		_, exists = w.zones[key.id]
	}
	return exists
}

func bare(list []Privilege) []Privilege {
	out := append([]Privilege{}, list...)
	for i := range out {
		out[i].Changed = 0
	}
	return out
}

func descending(list []Privilege) []Privilege {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// TestRolesCostWhatTheyShow has 1,000 roles and 65,000 privileges, 5,000 of them
// made by hand, in tables that nobody has analysed. A page of privileges reads a page,
// and a page of roles what it returns: of the sets and of what they mention.
func TestRolesCostWhatTheyShow(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	manyRoles(t, pool)
	r, ctx := NewReader(pool), t.Context()
	page := pageOf(1, 2)
	roles, total := mustPage(r.Roles(ctx, RoleFilter{}, page))
	same(t, "number of roles", total, 1007)
	ids, mentioned := Column(roles, func(r RoleRow) int64 { return r.ID }), []int64{}
	for _, role := range roles {
		same(t, "privileges of a role", len(role.Privileges), 20)
		mentioned = append(mentioned, Column(role.Privileges, func(p Privilege) int64 { return p.ID })...)
	}
	list := listRoles(RoleFilter{Name: "role"})
	privileges, args := listPrivileges(PrivilegeFilter{}, page)
	one, oneArgs := listPrivileges(PrivilegeFilter{ID: &mentioned[0]}, page)
	for name, q := range map[string]struct {
		sql  string
		args []any
		// rows is the most that may be read.
		rows int
	}{
		"roles":      {list.sql(page), list.args, 3100},
		"sets":       {readSets, []any{ids}, 40},
		"stored":     {readStored, []any{mentioned}, 40},
		"resources":  {readResources, []any{mentioned, []int64{}, []int64{}}, 40},
		"privileges": {privileges[strings.Index(privileges, "LEFT JOIN (")+len("LEFT JOIN (") : strings.LastIndex(privileges, ") t ON")], args, 100},
		"privilege":  {one, oneArgs, 100},
	} {
		if read := rowsRead(t, pool, q.sql, q.args); read > q.rows {
			t.Errorf("%s: %d rows are read, want no more than %d", name, read, q.rows)
		}
	}
}

// manyRoles fills the tables as the events would: each role has 20 privileges.
func manyRoles(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO access.roles SELECT n, 'role' || n, n FROM generate_series(8, 1007) n`,
		`INSERT INTO access.privileges SELECT 3 * n + 5, n, ` + forEver + `, 'p' || n, 0, 2, n, '' FROM generate_series(0, 4999) n`,
		`INSERT INTO dns.resources SELECT 2, n, 'zone' || n, 3 * n + 15005, 1, n, n, ` + forEver + ` FROM generate_series(0, 19999) n`,
		`INSERT INTO access.role_privileges SELECT r, 3 * ((r * 97 + n * 61) % 6500) + 5, r, ` + forEver + ` FROM generate_series(8, 1007) r, generate_series(1, 20) n`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// rowsRead sums up the rows that the scans of a query returned.
func rowsRead(t *testing.T, pool *pgxpool.Pool, sql string, args []any) (sum int) {
	t.Helper()
	var plans []struct{ Plan plan }
	if err := pool.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+sql, args...).Scan(&plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan.read()
}

// plan is a node of a query's plan.
type plan struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []plan
}

func (p plan) read() int {
	sum := 0
	if p.Table != "" {
		sum += int((p.Rows + p.Removed) * p.Loops)
	}
	for _, child := range p.Plans {
		sum += child.read()
	}
	return sum
}
