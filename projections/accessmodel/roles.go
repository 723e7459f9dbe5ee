package accessmodel

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Role is a role's id and name.
type Role struct {
	ID   int64
	Name string
}

// RoleRow is a role with what it grants.
type RoleRow struct {
	Role
	// Privileges are in ascending order of their ids: those of the role's set,
	// and what a built-in role grants of each resource; those of admin are all.
	Privileges []Privilege
	// Changed is the position of the role's last event, 0 for an untouched built-in one.
	Changed domain.Position
	// Replaced is that of the set, see [access.Role].
	Replaced domain.Position
}

func (r *RoleRow) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &r.ID),
		table.Col("name", table.Bytewise, &r.Name),
		table.Col("changed", table.Number, &r.Changed),
		table.Col("replaced", table.Number, &r.Replaced),
	}
}

var roles = table.Keeping(table.Table[RoleRow]{Name: "roles", Key: "id", Columns: (*RoleRow).columns}).ListedWhole()

// RoleFilter restricts a list of roles; what is nil or empty does not.
type RoleFilter struct {
	ID *int64
	// Name matches as a substring.
	Name string
}

// Roles lists the roles with their privileges. It costs what it returns: sets are
// read as numbers, and each privilege once, however many of the roles have it.
func (r *Reader) Roles(ctx context.Context, f RoleFilter, page query.Page) (list []RoleRow, total int, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, r.pool, options, func(tx pgx.Tx) error {
		l := listRoles(query.MomentOf(ctx), f)
		sql, args := l.SQL(page)
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		if list, total, err = query.Collect(rows, l.Columns); err != nil {
			return err
		}
		return grant(ctx, tx, list)
	})
	return list, total, err
}

// Role returns one role with its privileges, or [query.ErrNotFound].
func (r *Reader) Role(ctx context.Context, id int64) (RoleRow, error) {
	return query.First(r.Roles(ctx, RoleFilter{ID: &id}, query.One()))
}

func listRoles(at query.Moment, f RoleFilter) *query.List[RoleRow] {
	l := &query.List[RoleRow]{
		At:      at,
		Columns: func(r *RoleRow) []table.Column { return table.Of("o", r.columns()) },
		From:    roles.In("access") + " o USING (id)", IDs: roles.In("access") + " t",
	}
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.Contains("t.name", f.Name)
	return l
}
