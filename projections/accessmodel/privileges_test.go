package accessmodel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// TestPrivilegesFollowTheRules compares roles and privileges on random histories.
func TestPrivilegesFollowTheRules(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool, w := modeltest.Serving(t), world{modeltest.NewWorld(t, seed)}
			w.Live(500)
			modeltest.ApplyAll(t, pool, accessmodel.New(), "access", w.People.Events, 1+int(seed)*7)
			modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", w.Events, 1+int(seed)*20)
			w.comparePrivileges(t, accessmodel.NewReader(pool))
		})
	}
}

// world is compared with the lists of roles and privileges.
type world struct{ *modeltest.World }

// comparePrivileges compares the roles and privileges of a world with what the
// rules in words make of its maps.
func (w world) comparePrivileges(t *testing.T, r *accessmodel.Reader) {
	t.Helper()
	ctx, all := t.Context(), w.allPrivileges()
	list := modeltest.Paged(func(p query.Page) ([]accessmodel.Privilege, int, error) {
		return r.Privileges(ctx, accessmodel.PrivilegeFilter{}, p)
	})
	modeltest.Same(t, "privileges", bare(list.Rows), descending(all))
	modeltest.Same(t, "number of privileges", list.Total, len(all))
	for _, f := range []struct {
		filter accessmodel.PrivilegeFilter
		fits   func(accessmodel.Privilege) bool
	}{
		{accessmodel.PrivilegeFilter{Name: "ZONE#"}, func(p accessmodel.Privilege) bool { return strings.Contains(p.Name, "ZONE#") }},
		{accessmodel.PrivilegeFilter{Operation: new(int64(1))}, func(p accessmodel.Privilege) bool { return p.Operation == 1 }},
		{accessmodel.PrivilegeFilter{ResourceType: new(int64(2)), Operation: new(int64(0))}, func(p accessmodel.Privilege) bool { return p.ResourceType == 2 && p.Operation == 0 }},
		{accessmodel.PrivilegeFilter{ResourceID: new(modeltest.Pick(w.Naive, w.Zones))}, nil},
	} {
		if f.fits == nil {
			f.fits = func(p accessmodel.Privilege) bool { return p.ResourceID == *f.filter.ResourceID }
		}
		list := modeltest.Paged(func(p query.Page) ([]accessmodel.Privilege, int, error) { return r.Privileges(ctx, f.filter, p) })
		want := slices.DeleteFunc(descending(all), func(p accessmodel.Privilege) bool { return !f.fits(p) })
		modeltest.Same(t, fmt.Sprintf("privileges of %+v", f.filter), bare(list.Rows), want)
		modeltest.Same(t, "number of them", list.Total, len(want))
	}
	for _, p := range all {
		modeltest.Same(t, "privilege", bare([]accessmodel.Privilege{modeltest.Must(r.Privilege(ctx, p.ID))})[0], p)
	}
	w.compareRoles(t, r, all)
}

func (w world) compareRoles(t *testing.T, r *accessmodel.Reader, all []accessmodel.Privilege) {
	t.Helper()
	list := modeltest.Paged(func(p query.Page) ([]accessmodel.RoleRow, int, error) {
		return r.Roles(t.Context(), accessmodel.RoleFilter{}, p)
	})
	ids := modeltest.SortedKeys(w.Sets)
	slices.Reverse(ids)
	modeltest.Same(t, "roles", modeltest.Column(list.Rows, func(r accessmodel.RoleRow) int64 { return r.ID }), ids)
	modeltest.Same(t, "number of roles", list.Total, len(ids))
	for _, role := range list.Rows {
		modeltest.Same(t, "role", role.Role, accessmodel.Role{role.ID, w.Names[role.ID]})
		modeltest.Same(t, "position of the role", role.Changed, w.RoleChanged[role.ID])
		want := slices.DeleteFunc(slices.Clone(all), func(p accessmodel.Privilege) bool { return !w.grants(role.ID, p) })
		modeltest.Same(t, fmt.Sprintf("privileges of role %d", role.ID), bare(role.Privileges), want)
		modeltest.Same(t, "the role alone", modeltest.Must(r.Role(t.Context(), role.ID)), role)
	}
}

func (w world) grants(role int64, p accessmodel.Privilege) bool {
	if role == access.RoleAdmin || slices.Contains(w.Sets[role], p.ID) {
		return true
	}
	created := w.Targets[modeltest.Key{Kind: p.ResourceType, ID: p.ResourceID}].Created
	roles := access.BuiltinRoles()
	i := slices.IndexFunc(roles, func(r access.BuiltinRole) bool { return r.ID == role })
	return i >= 0 && p.Automatic && p.ResourceType == roles[i].Kind && created > w.Replaced[role] && (!roles[i].Guest || p.Operation == 0)
}

// allPrivileges are those there are, ascending.
func (w world) allPrivileges() []accessmodel.Privilege {
	list := []accessmodel.Privilege{}
	for _, p := range access.BuiltinPrivileges() {
		list = append(list, accessmodel.Privilege{ID: p.ID, PrivilegeData: access.PrivilegeData{Name: p.Name}})
	}
	for id, data := range w.Manual {
		list = append(list, accessmodel.Privilege{ID: id, PrivilegeData: data})
	}
	for key, target := range w.Targets {
		if !w.Alive(key) {
			continue
		}
		for o := range access.Operation(3) {
			list = append(list, accessmodel.Privilege{ID: target.Privilege + int64(o), Automatic: true, PrivilegeData: access.PrivilegeData{
				Name: access.AutomaticName(key.Kind, target.Name, o), Operation: o, ResourceType: key.Kind, ResourceID: key.ID,
			}})
		}
	}
	slices.SortFunc(list, func(a, b accessmodel.Privilege) int { return int(a.ID - b.ID) })
	return list
}

func bare(list []accessmodel.Privilege) []accessmodel.Privilege {
	out := append([]accessmodel.Privilege{}, list...)
	for i := range out {
		out[i].Changed = 0
	}
	return out
}

func descending(list []accessmodel.Privilege) []accessmodel.Privilege {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// TestRolesCostWhatTheyShow has 1,000 roles and 65,000 privileges, 5,000 of them
// made by hand, in tables that nobody has analysed. A page of privileges reads a page,
// and a page of roles what it returns: of the sets and of what they mention.
func TestRolesCostWhatTheyShow(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	manyRoles(t, pool)
	r, ctx := accessmodel.NewReader(pool), t.Context()
	page := modeltest.PageOf(1, 2)
	roles, total := modeltest.MustPage(r.Roles(ctx, accessmodel.RoleFilter{}, page))
	modeltest.Same(t, "number of roles", total, 1007)
	ids, mentioned := modeltest.Column(roles, func(r accessmodel.RoleRow) int64 { return r.ID }), []int64{}
	for _, role := range roles {
		modeltest.Same(t, "privileges of a role", len(role.Privileges), 20)
		mentioned = append(mentioned, modeltest.Column(role.Privileges, func(p accessmodel.Privilege) int64 { return p.ID })...)
	}
	rolesSQL, rolesArgs := accessmodel.ListRoles(accessmodel.RoleFilter{Name: "role"}).SQL(page)
	privileges, args := accessmodel.ListPrivileges(accessmodel.PrivilegeFilter{}, page)
	one, oneArgs := accessmodel.ListPrivileges(accessmodel.PrivilegeFilter{ID: &mentioned[0]}, page)
	for name, q := range map[string]struct {
		sql  string
		args []any
		// rows is the most that may be read.
		rows int
	}{
		"roles":      {rolesSQL, rolesArgs, 3100},
		"sets":       {accessmodel.ReadSets, []any{ids}, 40},
		"stored":     {accessmodel.ReadStored, []any{mentioned}, 40},
		"resources":  {accessmodel.ReadResources, []any{mentioned, []int64{}, []int64{}}, 40},
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
		`INSERT INTO access.roles SELECT n, 'role' || n, n, n, n FROM generate_series(8, 1007) n`,
		`INSERT INTO access.privileges (id, name, operation, resource_type, resource_id, comment, zones, matching, changed, since)
			SELECT 3 * n + 5, 'p' || n, 0, 2, n, '', '', '', n, n FROM generate_series(0, 4999) n`,
		`INSERT INTO dns.resources SELECT 2, n, 'zone' || n, 3 * n + 15005, n, 1, n, ` + table.ForEver + `, n FROM generate_series(0, 19999) n`,
		`INSERT INTO access.role_privileges SELECT r, 3 * ((r * 97 + n * 61) % 6500) + 5, r FROM generate_series(8, 1007) r, generate_series(1, 20) n`,
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
