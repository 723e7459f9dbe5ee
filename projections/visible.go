package projections

import (
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
)

// This file is the rule of [access.Right] for ACCESS in SQL: who created a resource
// may, who holds the role admin may, who holds a role that has its privilege or
// one made by hand for it, and who holds a built-in role of its kind, if the
// resource is younger than that role's set. A test compares the two on random histories.

// kindRoles are the built-in roles of a kind, and the last operation that they
// grant of each resource of it.
var kindRoles = func() string {
	var rows []string
	for _, r := range access.BuiltinRoles() {
		last := access.OperationDelete
		if r.Guest {
			last = access.OperationAccess
		}
		if r.ID != access.RoleAdmin {
			rows = append(rows, fmt.Sprintf("(%d, %d, %d)", r.ID, r.Kind, last))
		}
	}
	return "(VALUES " + strings.Join(rows, ", ") + ") AS k (role_id, kind, last)"
}()

// rights writes the conditions of one caller into one query. Its parts are SQL;
// what of the caller they mention are arguments.
type rights struct {
	Caller
	user, roles string // placeholders
}

func (q *query) rightsOf(c Caller) rights {
	roles := c.roles
	if roles == nil {
		roles = []int64{}
	}
	return rights{Caller: c, user: q.arg(int64(c.id)) + "::bigint", roles: q.arg(roles) + "::bigint[]"}
}

// holds says that a row of a temporal table held at a position.
func holds(row, at string) string {
	return row + ".since <= " + at + " AND " + at + " < " + row + ".until"
}

// now says whether the caller may ACCESS the resource a.
func (r rights) now() string {
	return `(a.creator = ` + r.user + ` OR EXISTS (SELECT FROM unnest(` + r.roles + `) AS m (role_id) WHERE EXISTS (
			SELECT FROM ` + kindRoles + ` JOIN access.roles o ON o.id = k.role_id WHERE k.role_id = m.role_id AND k.kind = a.kind AND a.created > o.changed)
		OR EXISTS (SELECT FROM access.role_privileges h WHERE h.role_id = m.role_id AND h.privilege_id = a.privilege AND h.until = ` + forEver + `)
		OR EXISTS (SELECT FROM access.privileges p JOIN access.role_privileges h ON h.privilege_id = p.id
			WHERE p.resource_type = a.kind AND p.resource_id = a.id AND p.operation = 0 AND p.until = ` + forEver + `
				AND h.role_id = m.role_id AND h.until = ` + forEver + `)))`
}

// threshold is the position that a resource of the kind must be younger than for
// the caller's built-in roles to grant it; null without such a role.
func (r rights) threshold(kind access.Kind) string {
	return `(SELECT min(o.changed) FROM access.roles o JOIN ` + kindRoles + ` ON k.role_id = o.id WHERE k.kind = ` + decimal(int64(kind)) + ` AND o.id = ANY (` + r.roles + `))`
}

// granted are the ids of the resources of a kind that the caller created, or has a
// role with a privilege for. It costs what the roles' sets hold.
func (r rights) granted(kind access.Kind) string {
	k := decimal(int64(kind))
	hand := `SELECT p.resource_id AS id FROM access.role_privileges h JOIN access.privileges p ON p.id = h.privilege_id AND p.until = ` + forEver + `
		WHERE h.role_id = ANY (` + r.roles + `) AND h.until = ` + forEver + ` AND p.operation = 0 AND p.resource_type = ` + k
	if kind == access.KindRecord {
		return hand
	}
	return hand + `
		UNION SELECT a.id FROM access.role_privileges h JOIN dns.resources a ON a.privilege = h.privilege_id AND a.deleted = ` + forEver + `
			WHERE h.role_id = ANY (` + r.roles + `) AND h.until = ` + forEver + ` AND a.kind = ` + k + `
		UNION SELECT a.id FROM dns.resources a WHERE a.creator = ` + r.user + ` AND a.kind = ` + k
}

// young are the ids of the live resources of a kind that the caller's built-in
// roles grant; empty without such a role.
func (r rights) young(kind access.Kind) string {
	if !r.holdsKind(kind) {
		return `SELECT NULL::bigint AS id WHERE false`
	}
	return `SELECT a.id FROM dns.resources a WHERE a.kind = ` + decimal(int64(kind)) + ` AND a.deleted = ` + forEver + ` AND a.created > ` + r.threshold(kind)
}

// restrict makes the list of all rows of a kind's table that of those that the
// caller may ACCESS; entire is the SQL for the number of all, where that is known.
// Who may by a built-in role reads the table in its order, as far as the page
// goes; who may by grants alone reads what is granted.
func restrict[T any](l *listing[T], c Caller, kind access.Kind, table, entire string) {
	filtered := l.filtered()
	if c.all {
		if !filtered {
			l.total = entire
		}
		return
	}
	r := l.rightsOf(c)
	if !c.holdsKind(kind) {
		l.hashed = true
		l.ids = "(SELECT x.* FROM (" + r.granted(kind) + ") g CROSS JOIN LATERAL (SELECT * FROM " + table + " x WHERE x.id = g.id OFFSET 0) x) t"
		return
	}
	created := "(SELECT a.created FROM dns.resources a WHERE a.kind = " + decimal(int64(kind)) + " AND a.id = t.id)"
	l.conditions = append(l.conditions, "("+created+" > "+r.threshold(kind)+" OR t.id IN ("+r.granted(kind)+"))")
	if !filtered && entire != "" {
		l.total = "CASE WHEN " + r.threshold(kind) + " = 0 THEN (" + entire + ") ELSE (SELECT count(*) FROM " + l.ids + l.clause() + ") END"
	}
}
