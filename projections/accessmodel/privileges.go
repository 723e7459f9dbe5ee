package accessmodel

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
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
func (r *Reader) Privileges(ctx context.Context, f PrivilegeFilter, page query.Page) ([]Privilege, int, error) {
	sql, args := listPrivileges(query.MomentOf(ctx), f, page)
	rows, err := r.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, 0, err
	}
	return query.Collect(rows, (*Privilege).listed)
}

// Privilege returns one privilege, or [query.ErrNotFound].
func (r *Reader) Privilege(ctx context.Context, id int64) (Privilege, error) {
	return query.First(r.Privileges(ctx, PrivilegeFilter{ID: &id}, query.One()))
}

func (p *Privilege) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &p.ID),
		table.Col("name", table.Bytewise, &p.Name),
		table.Col("operation", table.Number, &p.Operation),
		table.Col("resource_type", table.Number, &p.ResourceType),
		table.Col("resource_id", table.Number, &p.ResourceID),
		table.Col("comment", table.Text, &p.Comment),
		table.Col("zones", table.Bytewise, &p.Zones),
	}
}

// listed are the columns of storedPrivileges and of automaticPrivileges.
func (p *Privilege) listed() []table.Column {
	return append(p.columns(), table.Column{Place: &p.Changed}, table.Column{Place: &p.Automatic})
}

// storedPrivileges are the privileges p that have rows: those made by hand, and the
// built-in ones.
var storedPrivileges = "SELECT " + table.NamesOf("p", (*Privilege).columns) + ", p.changed, false AS automatic" +
	" FROM " + privileges.In("access") + " p"

var (
	// The privileges that resources bring, named after them; they have no rows.
	automaticPrivileges = `SELECT a.privilege + o.operation AS id, ` + automaticName + ` AS name, o.operation, a.kind AS resource_type,
			a.id AS resource_id, '' AS comment, '' AS zones, a.named AS changed, true AS automatic
		FROM ` + rights.Resources.In("dns") + ` a CROSS JOIN (VALUES (0::bigint), (1), (2)) AS o (operation) WHERE a.deleted = ` + table.ForEver

	automaticCount = `SELECT 3 * (zones + (SELECT count(*) FROM dns.servers) + (SELECT count(*) FROM dns.views)) FROM dns.state`
	// In the past the number of zones is not kept.
	formerCount = `SELECT 3 * count(*) FROM ` + rights.Resources.In("dns") + ` a WHERE a.deleted = ` + table.ForEver
)

// automaticName is [access.AutomaticName] in SQL.
const automaticName = `(CASE a.kind WHEN 0 THEN 'SERVER' WHEN 1 THEN 'VIEW' ELSE 'ZONE' END || '#' || a.name || '#'
		|| CASE o.operation WHEN 0 THEN 'ACCESS' WHEN 1 THEN 'UPDATE' ELSE 'DELETE' END)`

// listPrivileges writes the query for one page. It takes no more of either sort
// than the page reaches, each in the order of an index, and merges them: an
// unfiltered page costs what it shows and the pages before it.
func listPrivileges(at query.Moment, f PrivilegeFilter, page query.Page) (sql string, args []any) {
	q := &query.Conditions{}
	only := func(id, name, operation, kind, resource string) string {
		return q.Apart(func() {
			query.Equal(q, id, f.ID)
			q.Contains(name, f.Name)
			query.Equal(q, operation, f.Operation)
			query.Equal(q, kind, f.ResourceType)
			query.Equal(q, resource, f.ResourceID)
		})
	}
	stored := storedPrivileges + " WHERE " + only("p.id", "p.name", "p.operation", "p.resource_type", "p.resource_id")
	automatic := automaticPrivileges + " AND " + only("a.privilege + o.operation", automaticName, "o.operation", "a.kind", "a.id")
	count := automaticCount
	if at.Past() {
		count = formerCount
	}
	total := "SELECT (SELECT count(*) FROM " + table.At("access.privileges", "id") + " p) + (" + count + ")"
	if f.ID != nil {
		automatic += " AND a.privilege BETWEEN " + q.Arg(*f.ID) + "::bigint - 2 AND " + q.Arg(*f.ID) + "::bigint"
	}
	if f != (PrivilegeFilter{}) {
		total = "SELECT (SELECT count(*) FROM (" + stored + ") s) + (SELECT count(*) FROM (" + automatic + ") s)"
	}
	size, skip := q.Arg(page.Size)+"::bigint", q.Arg(page.Offset())+"::bigint"
	reach := " LIMIT " + q.Arg(page.Reach())
	return at.Of("SELECT n.total, t.* FROM ("+total+" AS total) n LEFT JOIN (SELECT * FROM ("+
		"("+stored+" ORDER BY p.id DESC"+reach+") UNION ALL"+
		" ("+automatic+" ORDER BY a.privilege DESC, o.operation DESC"+reach+")"+
		") u ORDER BY id DESC LIMIT "+size+" OFFSET "+skip+") t ON true ORDER BY t.id DESC", q.Args()...)
}
