package rights

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Known is what [access.Actor.Sees] must know of servers, zones and records, as they are now.
type Known struct {
	// Servers and Zones have those that there are or were.
	Servers, Zones map[int64]Resource
	// Records has those that there are and for which a privilege was made by hand: those
	// privileges. Any other record is seen as its zone is.
	Records map[int64][]access.ManualPrivilege
}

// knownResources looks each of the ids up.
func knownResources(kind access.Kind) string {
	columns := append(TargetColumns(&access.Target{}), table.Column{Name: "a.deleted"})
	return "SELECT " + table.Names(columns) + " FROM unnest($1::bigint[]) AS i (id)" + JoinTarget(kind, "i.id")
}

var (
	knownServers, knownZones = knownResources(access.KindServer), knownResources(access.KindZone)

	knownRecords = fmt.Sprintf(`SELECT x.id, m.manual FROM unnest($1::bigint[]) AS i (id)
		CROSS JOIN LATERAL (SELECT %s AS manual OFFSET 0) m
		CROSS JOIN LATERAL (SELECT x.* FROM dns.records x WHERE x.id = i.id OFFSET 0) x
		WHERE m.manual IS NOT NULL AND %s`, Manual(access.KindRecord, "i.id"), RecordLivesNow("x"))
)

// Know looks up servers, zones and records by their ids.
func Know(ctx context.Context, pool *pgxpool.Pool, servers, zones, records []int64) (Known, error) {
	k := Known{Servers: map[int64]Resource{}, Zones: map[int64]Resource{}, Records: map[int64][]access.ManualPrivilege{}}
	var b pgx.Batch
	resources := func(sql string, ids []int64, to map[int64]Resource) {
		if len(ids) == 0 {
			return
		}
		b.Queue(sql, ids).Query(func(rows pgx.Rows) error {
			list, err := pgx.CollectRows(rows, query.Row(func(r *Resource) []table.Column {
				return append(TargetColumns(&r.Target), table.Column{Name: "a.deleted", Place: &r.Deleted})
			}))
			for _, r := range list {
				to[r.ID] = r
			}
			return err
		})
	}
	resources(knownServers, servers, k.Servers)
	resources(knownZones, zones, k.Zones)
	if len(records) > 0 {
		b.Queue(knownRecords, records).Query(func(rows pgx.Rows) error {
			var id int64
			var manual []access.ManualPrivilege
			_, err := pgx.ForEachRow(rows, []any{&id, &manual}, func() error { k.Records[id], manual = manual, nil; return nil })
			return err
		})
	}
	if b.Len() == 0 {
		return k, nil
	}
	return k, pool.SendBatch(ctx, &b).Close()
}

// Gone says that the resource is no longer.
func (r *Resource) Gone() bool { return r.Deleted != table.Forever }
