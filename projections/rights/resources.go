package rights

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/table"
)

// Resource is a server, view or zone that there is or was, with what decides who
// may do what to it.
type Resource struct {
	access.Target
	// Named is the position of the event that gave the name.
	Named domain.Position
	// Deleted is the position of the event that it went with, or [table.Forever].
	Deleted domain.Position
}

// Resources is the table of all of them, in the schema "dns". Rights are those of its rows as
// they are.
var Resources = table.Keeping(table.Table[Resource]{
	Name: "resources", Key: "kind, id",
	Columns: func(r *Resource) []table.Column {
		return append(targetColumns(&r.Target), table.Col("named", table.Number, &r.Named), table.Col("deleted", table.Number, &r.Deleted))
	},
	Indexes: []string{
		"CREATE INDEX ON {schema}.resources (privilege)",
		"CREATE INDEX ON {schema}.resources (creator)",
		"CREATE INDEX ON {schema}.resources (kind, id) WHERE deleted < " + table.ForEver,
	},
})

func targetColumns(t *access.Target) []table.Column {
	return []table.Column{
		table.Col("kind", table.Number, &t.Kind),
		table.Col("id", table.Number, &t.ID),
		table.Col("name", table.Bytewise, &t.Name),
		table.Col("privilege", table.Number|table.Fixed, &t.Privilege),
		table.Col("created", table.Number|table.Fixed, &t.Created),
		table.Col("creator", table.Number|table.Fixed, &t.Creator),
	}
}

// TargetColumns are the columns of the row that [JoinTarget] adds.
func TargetColumns(t *access.Target) []table.Column {
	gone := table.Column{Name: "deleted < " + table.ForEver, Place: &t.Gone}
	return table.Of("a", append(targetColumns(t), gone, table.Column{Name: "manual", Place: &t.Manual}))
}

// JoinTarget adds the row a of the resource of a kind whose id stands in a column.
// Each row of the page looks up its own, whatever the planner thinks.
func JoinTarget(kind access.Kind, id string) string {
	manual := Manual(kind, "a.id")
	if kind == access.KindZone {
		manual = privilegesAsJSON(onOne(kind, "a.id") + ` UNION ALL SELECT p.id, p.operation FROM access.privileges p
			WHERE p.matching <> '' AND ` + matchesPattern("a.name", "p.matching"))
	}
	return fmt.Sprintf(` JOIN LATERAL (SELECT a.*, %s AS manual FROM dns.resources a WHERE a.kind = %d AND a.id = %s OFFSET 0) a ON true`,
		manual, kind, id)
}

// Manual are the privileges made by hand for one resource, null without any.
func Manual(kind access.Kind, id string) string { return privilegesAsJSON(onOne(kind, id)) }

// ManualOfRecords has the same for all records that there are any for, by their ids.
var ManualOfRecords = fmt.Sprintf(`(SELECT p.resource_id AS id, json_agg(json_build_object('ID', p.id, 'Operation', p.operation) ORDER BY p.id) AS manual
	FROM access.privileges p WHERE p.resource_type = %d GROUP BY p.resource_id)`, access.KindRecord)

func onOne(kind access.Kind, id string) string {
	return fmt.Sprintf(`SELECT p.id, p.operation FROM access.privileges p WHERE p.resource_type = %d AND p.resource_id = %s`, kind, id)
}

func privilegesAsJSON(sql string) string {
	return `(SELECT json_agg(json_build_object('ID', p.id, 'Operation', p.operation) ORDER BY p.id) FROM (` + sql + `) p)`
}

// matchesPattern says whether a zone's name matches a privilege's pattern, which the table
// has as a regular expression.
func matchesPattern(name, expression string) string {
	return "(lower(" + name + ") || '.') ~ " + expression
}

// RecordLives leaves out the records whose zone or link to a view is gone or not open yet at the
// moment, and those that an import has ended; record is the alias of their table. OFFSET 0 keeps it a test
// of each row, so that rows come in the order of an index, and a page costs what it shows.
func RecordLives(record string) string {
	return recordLives(record, table.At("dns.zone_views", "zone_id, view_id, links"))
}

// RecordLivesNow is RecordLives of the present, whatever the moment.
func RecordLivesNow(record string) string { return recordLives(record, "dns.zone_views") }

func recordLives(record, links string) string {
	return fmt.Sprintf(`EXISTS (SELECT FROM %[2]s l
		WHERE l.zone_id = %[1]s.zone_id AND l.view_id = %[1]s.view_id
		AND %[1]s.link = ANY (l.links) AND %[1]s.ends <> ALL (l.links) OFFSET 0)`, record, links)
}
