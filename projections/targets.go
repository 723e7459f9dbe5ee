package projections

import (
	"fmt"

	"github.com/opsledger/opsledger/domain/access"
)

// targetColumns are what an [access.Target] is made of, of the row a of
// resources. A list orders by its one column called id.
const targetColumns = `a.kind, a.id AS resource_id, a.name AS resource_name, a.privilege, a.created, a.creator, a.manual`

// targetJoin adds the row a of the resource of a kind whose id stands in a
// column. Each row of the page looks up its own, whatever the planner thinks.
func targetJoin(kind access.Kind, id string) string {
	return fmt.Sprintf(` JOIN LATERAL (SELECT a.kind, a.id, a.name, a.privilege, a.created, a.creator, %s AS manual FROM dns.resources a WHERE a.kind = %d AND a.id = %s OFFSET 0) a ON true`,
		manualOn(kind, "a.id"), kind, id)
}

// manualOn are the privileges made by hand that concern a resource, null without any.
func manualOn(kind access.Kind, id string) string {
	return `(SELECT json_agg(json_build_object('ID', p.id, 'Operation', p.operation) ORDER BY p.id)
		FROM access.privileges p WHERE p.resource_type = ` + decimal(int64(kind)) + ` AND p.resource_id = ` + id + ` AND p.until = ` + forEver + `)`
}

func scanTarget(t *access.Target) []any {
	return []any{&t.Kind, &t.ID, &t.Name, &t.Privilege, &t.Created, &t.Creator, &t.Manual}
}
