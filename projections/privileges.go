package projections

import (
	"context"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Privilege is one privilege, whichever way it came into being: built in, made
// by hand, or come with a resource.
type Privilege struct {
	ID int64
	access.PrivilegeData
	// Automatic: it came with a resource, and goes with it.
	Automatic bool
	// Changed is the position of the event that last changed it, 0 for a built-in one.
	Changed domain.Position
}

// PrivilegeFilter restricts a list of privileges; what is nil or empty does not.
type PrivilegeFilter struct {
	ID *int64
	// Name matches as a substring.
	Name                                string
	Operation, ResourceType, ResourceID *int64
}

// Privileges lists the privileges.
func (r *Reader) Privileges(ctx context.Context, f PrivilegeFilter, page Page) ([]Privilege, int, error) {
	sql, args := listPrivileges(f, page)
	rows, err := r.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, 0, err
	}
	return CollectPage(rows, scanPrivilege)
}

// Privilege returns one privilege, or [ErrNotFound].
func (r *Reader) Privilege(ctx context.Context, id int64) (Privilege, error) {
	return first(r.Privileges(ctx, PrivilegeFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

const (
	// The privileges p that have rows: those made by hand, and the built-in ones.
	storedPrivileges = `SELECT p.id, p.name, p.operation, p.resource_type, p.resource_id, p.comment, false AS automatic, p.since AS changed
		FROM access.privileges p WHERE p.until = ` + forEver

	// The privileges that resources bring, named after them; they have no rows.
	automaticPrivileges = `SELECT a.privilege + o.operation AS id, ` + automaticName + ` AS name, o.operation, a.kind AS resource_type,
			a.id AS resource_id, '' AS comment, true AS automatic, a.named AS changed
		FROM dns.resources a CROSS JOIN (VALUES (0::bigint), (1), (2)) AS o (operation) WHERE a.deleted = ` + forEver

	automaticCount = `SELECT 3 * (zones + (SELECT count(*) FROM dns.servers) + (SELECT count(*) FROM dns.views)) FROM dns.state`
)

// automaticName is [access.AutomaticName] in SQL.
const automaticName = `(CASE a.kind WHEN 0 THEN 'SERVER' WHEN 1 THEN 'VIEW' ELSE 'ZONE' END || '#' || a.name || '#'
		|| CASE o.operation WHEN 0 THEN 'ACCESS' WHEN 1 THEN 'UPDATE' ELSE 'DELETE' END)`

// listPrivileges writes the query for one page. It takes no more of either sort
// than the page reaches, each in the order of an index, and merges them: an
// unfiltered page costs what it shows and the pages before it.
func listPrivileges(f PrivilegeFilter, page Page) (sql string, args []any) {
	q := &query{}
	stored := storedPrivileges + q.privilege(f, "p.id", "p.name", "p.operation", "p.resource_type", "p.resource_id")
	automatic := automaticPrivileges + q.privilege(f, "a.privilege + o.operation", automaticName, "o.operation", "a.kind", "a.id")
	total := "SELECT (SELECT count(*) FROM access.privileges WHERE until = " + forEver + ") + (" + automaticCount + ")"
	if f.ID != nil {
		automatic += " AND a.privilege BETWEEN " + q.arg(*f.ID) + "::bigint - 2 AND " + q.arg(*f.ID) + "::bigint"
	}
	if f != (PrivilegeFilter{}) {
		total = "SELECT (SELECT count(*) FROM (" + stored + ") s) + (SELECT count(*) FROM (" + automatic + ") s)"
	}
	size, skip := q.arg(page.Size)+"::bigint", q.arg(page.offset())+"::bigint"
	reach := " LIMIT " + q.arg(page.reach())
	return "SELECT n.total, t.* FROM (" + total + " AS total) n LEFT JOIN (SELECT * FROM (" +
		"(" + stored + " ORDER BY p.id DESC" + reach + ") UNION ALL (" + automatic + " ORDER BY a.privilege DESC, o.operation DESC" + reach + ")" +
		") u ORDER BY id DESC LIMIT " + size + " OFFSET " + skip + ") t ON true ORDER BY t.id DESC", q.args
}

// privilege returns the filter's conditions on one sort of privileges.
func (q *query) privilege(f PrivilegeFilter, id, name, operation, kind, resource string) string {
	q.conditions = []string{"true"}
	equal(q, id, f.ID)
	q.contains(name, f.Name)
	equal(q, operation, f.Operation)
	equal(q, kind, f.ResourceType)
	equal(q, resource, f.ResourceID)
	return " AND " + strings.Join(q.conditions, " AND ")
}

func scanPrivilege(p *Privilege) []any {
	return []any{&p.ID, &p.Name, &p.Operation, &p.ResourceType, &p.ResourceID, &p.Comment, &p.Automatic, &p.Changed}
}
