package projections

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
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
}

// RoleFilter restricts a list of roles; what is nil or empty does not.
type RoleFilter struct {
	ID *int64
	// Name matches as a substring.
	Name string
}

// Roles lists the roles with their privileges. It costs what it returns: sets are
// read as numbers, and each privilege once, however many of the roles have it.
func (r *Reader) Roles(ctx context.Context, f RoleFilter, page Page) (roles []RoleRow, total int, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, r.pool, options, func(tx pgx.Tx) error {
		l := listRoles(f)
		rows, err := tx.Query(ctx, l.sql(page), l.args...)
		if err != nil {
			return err
		}
		if roles, total, err = CollectPage(rows, l.scan); err != nil {
			return err
		}
		return grant(ctx, tx, roles)
	})
	return roles, total, err
}

// Role returns one role with its privileges, or [ErrNotFound].
func (r *Reader) Role(ctx context.Context, id int64) (RoleRow, error) {
	return first(r.Roles(ctx, RoleFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

func listRoles(f RoleFilter) *listing[RoleRow] {
	l := &listing[RoleRow]{
		columns: "o.id, o.name, o.changed", from: "access.roles o USING (id)", ids: "access.roles t",
		scan: func(r *RoleRow) []any { return []any{&r.ID, &r.Name, &r.Changed} },
	}
	equal(&l.query, "t.id", f.ID)
	l.contains("t.name", f.Name)
	return l
}
