package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// firstRecords sorts no more rows than it returns.
var firstRecords = "SELECT " + table.Names((&Record{}).shown()) + ` FROM dns.zone_views l
	JOIN dns.records r ON r.zone_id = l.zone_id AND r.view_id = l.view_id AND r.link = ANY (l.links) AND r.ends <> ALL (l.links)
	LEFT JOIN dns.views v ON v.id = r.view_id WHERE l.zone_id = $1 AND l.view_id = $2` + inOrder + " LIMIT $3"

// FirstRecords returns the first records that a zone has in a view, so many at most, in the order of
// [Content.All].
func (r *Reader) FirstRecords(ctx context.Context, zone, view int64, most int) ([]Record, error) {
	return query.All(ctx, r.pool, query.Row((*Record).shown), firstRecords, zone, view, most)
}
