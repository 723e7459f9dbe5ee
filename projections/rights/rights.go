package rights

import (
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// builtinRoles are the built-in roles but admin with the kind that each is for. All
// of them grant ACCESS.
var builtinRoles = func() string {
	var rows []string
	for _, r := range access.BuiltinRoles() {
		if r.ID != access.RoleAdmin {
			rows = append(rows, fmt.Sprintf("(%d, %d)", r.ID, r.Kind))
		}
	}
	return "(VALUES " + strings.Join(rows, ", ") + ") AS k (role_id, kind)"
}()

// Rights writes the conditions of one caller into one statement. Its parts are SQL;
// what of the caller they mention are arguments. The rule: who created a resource
// may, who holds the role admin may, who holds a role that has its privilege or one
// made by hand for it, and who holds a built-in role of its kind, if the resource
// is younger than that role's set.
type Rights struct {
	Caller
	// User is the placeholder of the caller's id.
	User  string
	roles string
}

// Of returns the caller's rights for a statement.
func (c Caller) Of(q *query.Conditions) Rights {
	roles := c.roles
	if roles == nil {
		roles = []int64{}
	}
	return Rights{Caller: c, User: q.Arg(int64(c.id)) + "::bigint", roles: q.Arg(roles) + "::bigint[]"}
}

// MayAccess says whether the caller may ACCESS the resource a.
func (r Rights) MayAccess() string {
	return `(a.creator = ` + r.User + ` OR EXISTS (SELECT FROM unnest(` + r.roles + `) AS m (role_id) WHERE EXISTS (
			SELECT FROM ` + builtinRoles + ` JOIN access.roles o ON o.id = k.role_id
				WHERE k.role_id = m.role_id AND k.kind = a.kind AND a.created > o.replaced)
		OR EXISTS (SELECT FROM access.role_privileges h WHERE h.role_id = m.role_id AND h.privilege_id = a.privilege)
		OR EXISTS (SELECT FROM access.privileges p JOIN access.role_privileges h ON h.privilege_id = p.id
			WHERE p.resource_type = a.kind AND p.resource_id = a.id AND p.operation = 0
				AND h.role_id = m.role_id)
		OR a.kind = 2 AND EXISTS (SELECT FROM access.privileges p JOIN access.role_privileges h ON h.privilege_id = p.id
			WHERE p.matching <> '' AND p.operation = 0 AND ` + matchesPattern("a.name", "p.matching") + `
				AND h.role_id = m.role_id)))`
}

// Sees says whether the caller sees what the resource a is or, if it is gone, was. It is
// [access.Actor.Sees] for entries on it.
func (r Rights) Sees(kind access.Kind) string {
	return r.sees(kind, r.MayAccess())
}

func (r Rights) sees(kind access.Kind, mayAccess string) string {
	return fmt.Sprintf("CASE WHEN a.deleted = %s THEN %s ELSE a.creator = %s OR %s = 0 END", table.ForEver, mayAccess, r.User, r.Threshold(kind))
}

// Seen are the ids of the resources of a kind that are as Sees says. It costs what there
// is of the kind.
func (r Rights) Seen(kind access.Kind) string {
	may := fmt.Sprintf("(a.created > %s OR a.id IN (%s))", r.Threshold(kind), r.Granted(kind))
	return fmt.Sprintf("SELECT a.id FROM dns.resources a WHERE a.kind = %d AND %s", kind, r.sees(kind, may))
}

// LivingRecords are the ids of those records that live now for which a role of the caller has
// a privilege made by hand.
func (r Rights) LivingRecords() string {
	return "SELECT x.id FROM (" + r.ByHand(access.KindRecord) + ") g" +
		" CROSS JOIN LATERAL (SELECT * FROM dns.records x WHERE x.id = g.id OFFSET 0) x WHERE " + RecordLivesNow("x")
}

// Threshold is the position that a resource of the kind must be younger than for
// the caller's built-in roles to grant it, which is 0 if the set of one of them was
// never replaced; null without such a role.
func (r Rights) Threshold(kind access.Kind) string {
	return fmt.Sprintf(`(SELECT min(o.replaced) FROM access.roles o JOIN %s ON k.role_id = o.id
		WHERE k.kind = %d AND o.id = ANY (%s))`, builtinRoles, kind, r.roles)
}

// ByHand are the ids for which a role of the caller has a privilege made by hand.
// They may be of what is gone, or never was; each is there once, by however many roles.
func (r Rights) ByHand(kind access.Kind) string {
	one := r.byHandForOne(kind)
	if kind != access.KindZone {
		return one
	}
	// All zones are looked through once for each pattern that the caller holds, and for none
	// where there is none: OFFSET 0 keeps the planner from beginning with the zones.
	return one + fmt.Sprintf(` UNION SELECT z.id FROM (SELECT DISTINCT p.matching FROM access.role_privileges h
			JOIN access.privileges p ON p.id = h.privilege_id
			WHERE h.role_id = ANY (%s) AND p.operation = 0 AND p.matching <> '' OFFSET 0) p
		CROSS JOIN LATERAL (SELECT a.id FROM dns.resources a WHERE a.kind = 2 AND %s OFFSET 0) z`,
		r.roles, matchesPattern("a.name", "p.matching"))
}

func (r Rights) byHandForOne(kind access.Kind) string {
	return fmt.Sprintf(`SELECT DISTINCT p.resource_id AS id
		FROM access.role_privileges h JOIN access.privileges p ON p.id = h.privilege_id
		WHERE h.role_id = ANY (%s) AND p.operation = 0 AND p.resource_type = %d`, r.roles, kind)
}

// Granted are the ids of the resources of a kind that the caller created, or has a
// role with a privilege for; among them are some that are gone. It costs what the
// roles' sets hold.
func (r Rights) Granted(kind access.Kind) string {
	return r.ByHand(kind) + fmt.Sprintf(`
		UNION SELECT a.id FROM access.role_privileges h JOIN dns.resources a ON a.privilege = h.privilege_id
			WHERE h.role_id = ANY (%s) AND a.kind = %d
		UNION SELECT a.id FROM dns.resources a WHERE a.creator = %s AND a.kind = %d`, r.roles, kind, r.User, kind)
}

// Young are the ids of the resources of a kind that the caller's built-in roles
// grant, also of those that are gone; empty without such a role.
func (r Rights) Young(kind access.Kind) string {
	if !r.holdsKind(kind) {
		return `SELECT NULL::bigint AS id WHERE false`
	}
	return fmt.Sprintf(`SELECT a.id FROM dns.resources a WHERE a.kind = %d AND a.created > %s`, kind, r.Threshold(kind))
}

// Restrict makes the list of all rows of a kind's table that of those that the
// caller may ACCESS; entire is the SQL for the number of all, where that is known.
// Who may by a built-in role reads the table in its order, as far as the page
// goes; who may by grants alone reads what is granted. In the past, rows of what is gone
// are among them, and entire is not known.
func Restrict[T any](l *query.List[T], c Caller, kind access.Kind, entire string) {
	filtered, rows := l.Filtered(), strings.TrimSuffix(l.IDs, " t")
	if c.all {
		if !filtered && !l.At.Past() {
			l.Total = entire
		}
		return
	}
	r := c.Of(&l.Conditions)
	if l.At.Past() {
		l.And("t.id IN (" + r.Seen(kind) + ")")
		return
	}
	if !c.holdsKind(kind) {
		l.Hashed = true
		l.IDs = "(SELECT x.* FROM (" + r.Granted(kind) + ") g CROSS JOIN LATERAL (SELECT * FROM " + rows + " x WHERE x.id = g.id OFFSET 0) x) t"
		return
	}
	l.And(fmt.Sprintf("((SELECT a.created FROM dns.resources a WHERE a.kind = %d AND a.id = t.id) > %s OR t.id IN (%s))",
		kind, r.Threshold(kind), r.Granted(kind)))
	if !filtered && entire != "" {
		l.Total = "CASE WHEN " + r.Threshold(kind) + " = 0 THEN (" + entire + ") ELSE (SELECT count(*) FROM " + l.IDs + l.Clause() + ") END"
	}
}
