package accessmodel

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

var readSets = `SELECT role_id, array_agg(privilege_id) FROM ` + rolePrivileges.In("access") + ` h
	WHERE role_id = ANY ($1::bigint[]) GROUP BY role_id`

var (
	readStored = storedPrivileges + ` WHERE p.id = ANY ($1::bigint[])`

	// Those of the given first privileges, and of the given kinds all that are
	// younger than the kind's position; some twice.
	readResources = liveResources + ` AND a.privilege = ANY ($1::bigint[])
		UNION ALL SELECT a.* FROM unnest($2::bigint[], $3::bigint[]) AS k (kind, after)
			CROSS JOIN LATERAL (` + liveResources + ` AND a.kind = k.kind AND a.created > k.after OFFSET 0) a`

	liveResources = `SELECT ` + table.NamesOf("a", rights.Resources.Columns) + ` FROM ` +
		rights.Resources.In("dns") + ` a WHERE a.deleted = ` + table.ForEver
)

// grants is what is needed to tell what some roles grant.
type grants struct {
	// sets holds the ids in each role's set.
	sets map[int64][]int64
	// all: the role admin is among them, which has every privilege.
	all bool
	// after is, for each kind, from what position on a role grants of each resource.
	after map[access.Kind]domain.Position
	// stored and resources hold what the sets mention, and what the built-in roles
	// grant.
	stored    []Privilege
	resources []rights.Resource
}

// grant fills in the roles' privileges.
func grant(ctx context.Context, tx pgx.Tx, roles []RoleRow) error {
	g := &grants{sets: map[int64][]int64{}, after: map[access.Kind]domain.Position{}}
	ids := make([]int64, len(roles))
	for i, role := range roles {
		ids[i] = role.ID
		g.want(role)
	}
	if err := g.read(ctx, tx, ids); err != nil {
		return err
	}
	all := g.privileges()
	for i := range roles {
		roles[i].Privileges = g.of(roles[i], all)
	}
	return nil
}

// want notes what a role grants beside its set.
func (g *grants) want(role RoleRow) {
	if role.ID == access.RoleAdmin {
		g.all = true
		for _, kind := range []access.Kind{access.KindServer, access.KindView, access.KindZone} {
			g.after[kind] = 0
		}
		return
	}
	builtin, ok := builtinRole(role.ID)
	if !ok {
		return
	}
	if after, known := g.after[builtin.Kind]; !known || role.Replaced < after {
		g.after[builtin.Kind] = role.Replaced
	}
}

func (g *grants) read(ctx context.Context, tx pgx.Tx, roles []int64) error {
	rows, err := query.Rows(ctx, tx, readSets, roles)
	if err != nil {
		return err
	}
	var role int64
	var set []int64
	if _, err := pgx.ForEachRow(rows, []any{&role, &set}, func() error { g.sets[role] = slices.Clone(set); return nil }); err != nil {
		return err
	}
	mentioned := g.mentioned()
	sql, args := readStored, []any{mentioned}
	if g.all {
		sql, args = storedPrivileges, nil
	}
	if rows, err = query.Rows(ctx, tx, sql, args...); err != nil {
		return err
	}
	if g.stored, err = pgx.CollectRows(rows, query.Row((*Privilege).listed)); err != nil {
		return err
	}
	return g.readResources(ctx, tx, mentioned)
}

func (g *grants) readResources(ctx context.Context, tx pgx.Tx, mentioned []int64) error {
	var firsts rowset.Keys[int64]
	for _, id := range mentioned {
		firsts.Add(access.PrivilegeBase(id))
	}
	var kinds, after []int64
	for kind, position := range g.after {
		kinds, after = append(kinds, int64(kind)), append(after, int64(position))
	}
	rows, err := query.Rows(ctx, tx, readResources, firsts.List, kinds, after)
	if err != nil {
		return err
	}
	g.resources, err = pgx.CollectRows(rows, query.Row(rights.Resources.Columns))
	return err
}

// mentioned are the ids in all sets, each once.
func (g *grants) mentioned() []int64 {
	ids := []int64{}
	for _, set := range g.sets {
		ids = append(ids, set...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// known is a privilege with when its resource was created.
type known struct {
	Privilege
	created domain.Position
}

// privileges are all that were read, ascending and each once.
func (g *grants) privileges() []known {
	all := make([]known, 0, len(g.stored)+3*len(g.resources))
	for _, p := range g.stored {
		all = append(all, known{Privilege: p})
	}
	for _, r := range g.resources {
		for _, o := range []access.Operation{access.OperationAccess, access.OperationUpdate, access.OperationDelete} {
			all = append(all, known{created: r.Created, Privilege: Privilege{
				ID: r.Privilege + int64(o), Automatic: true, Changed: r.Named,
				PrivilegeData: access.PrivilegeData{
					Name: access.AutomaticName(r.Kind, r.Name, o), Operation: o, ResourceType: r.Kind, ResourceID: r.ID,
				},
			}})
		}
	}
	slices.SortFunc(all, func(a, b known) int { return int(a.ID - b.ID) })
	return slices.CompactFunc(all, func(a, b known) bool { return a.ID == b.ID })
}

// of returns those of the privileges that a role grants.
func (g *grants) of(role RoleRow, all []known) []Privilege {
	set := g.sets[role.ID]
	slices.Sort(set)
	builtin, isBuiltin := builtinRole(role.ID)
	if !isBuiltin {
		return inSet(set, all)
	}
	list := []Privilege{}
	for _, p := range all {
		_, explicit := slices.BinarySearch(set, p.ID)
		byKind := p.Automatic && p.ResourceType == builtin.Kind && p.created > role.Replaced &&
			(!builtin.Guest || p.Operation == access.OperationAccess)
		if role.ID == access.RoleAdmin || explicit || byKind {
			list = append(list, p.Privilege)
		}
	}
	return list
}

// inSet looks up each id of the set: it may be much shorter than all.
func inSet(set []int64, all []known) []Privilege {
	list := make([]Privilege, 0, len(set))
	for _, id := range set {
		if i, found := slices.BinarySearchFunc(all, id, func(p known, id int64) int { return int(p.ID - id) }); found {
			list = append(list, all[i].Privilege)
		}
	}
	return list
}

func builtinRole(id int64) (access.BuiltinRole, bool) {
	roles := access.BuiltinRoles()
	i := slices.IndexFunc(roles, func(r access.BuiltinRole) bool { return r.ID == id })
	if i < 0 {
		return access.BuiltinRole{}, false
	}
	return roles[i], true
}
