package projections

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// BenchmarkLists reads pages of a database with 50,000 zones, one of which has
// 100,000 records, in tables that nobody has analysed.
func BenchmarkLists(b *testing.B) {
	const zones, records = 50_000, 100_000
	log := &chain{}
	log.add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1"}})
	log.add(1, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v2"}})
	record := int64(0)
	add := func(zone int64) {
		record++
		log.add(1, dns.RecordAdded{ID: record, ZoneID: zone, Record: busyRecord(record, record%2)})
	}
	for id := int64(1); id <= zones; id++ {
		log.add(1, dns.ZoneCreated{ID: id, Zone: dns.ZoneData{Name: fmt.Sprintf("zone%d.example", id), Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}, Privilege: 3*id + 5})
		add(id)
		add(1)
		add(1)
	}
	pool := serving(b)
	applyAll(b, pool, newDNS(), "dns", log.events, 5000)
	grantMany(b, pool)
	keeper, holder := NewCaller(2, []int64{access.RoleZoneAdmin}), NewCaller(3, []int64{8})
	r, ctx, zone := NewReader(pool), b.Context(), new(int64(1))
	for name, read := range map[string]func() (int, error){
		"Zones": func() (int, error) { _, n, err := r.Zones(ctx, System(), ZoneFilter{}, pageOf(1, 10)); return n, err },
		"ZonesLastPage": func() (int, error) {
			_, n, err := r.Zones(ctx, System(), ZoneFilter{}, pageOf(zones/10, 10))
			return n, err
		},
		"ZonesByName": func() (int, error) {
			_, n, err := r.Zones(ctx, System(), ZoneFilter{Name: "zone777"}, pageOf(1, 10))
			return n, err
		},
		"Zone": func() (int, error) { _, err := r.Zone(ctx, 7); return 0, err },
		"Records": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{ZoneID: zone}, pageOf(1, 10))
			return n, err
		},
		"RecordsPageOf1000": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{ZoneID: zone}, pageOf(1, 1000))
			return n, err
		},
		"RecordsSmallZone": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{ZoneID: new(int64(99))}, pageOf(1, 10))
			return n, err
		},
		"RecordsLastPage": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{ZoneID: zone}, pageOf(records/10, 10))
			return n, err
		},
		"RecordsByHost": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{ZoneID: zone, Host: "777"}, pageOf(1, 10))
			return n, err
		},
		"RecordsByView": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{ZoneID: zone, ViewName: "v2"}, pageOf(1, 10))
			return n, err
		},
		"RecordsOfAllZones": func() (int, error) {
			_, n, err := r.Records(ctx, System(), RecordFilter{}, pageOf(1, 10))
			return n, err
		},
		"Record": func() (int, error) { _, err := r.Record(ctx, 777); return 0, err },
		"Oplogs": func() (int, error) { _, n, err := r.Oplogs(ctx, System(), OplogFilter{}, pageOf(1, 10)); return n, err },
		"OplogsOfOneResource": func() (int, error) {
			_, n, err := r.Oplogs(ctx, System(), OplogFilter{TargetType: "Record", TargetID: "777"}, pageOf(1, 10))
			return n, err
		},
		"OplogsByOperator": func() (int, error) {
			_, n, err := r.Oplogs(ctx, System(), OplogFilter{Operator: "user1"}, pageOf(1, 10))
			return n, err
		},
		// Who sees all zones by a built-in role, and who sees 10,000 by as many privileges.
		"ZonesByRole": func() (int, error) { _, n, err := r.Zones(ctx, keeper, ZoneFilter{}, pageOf(1, 10)); return n, err },
		"ZonesByGrants": func() (int, error) {
			_, n, err := r.Zones(ctx, holder, ZoneFilter{}, pageOf(1, 10))
			return n, err
		},
		"RecordsByGrants": func() (int, error) {
			_, n, err := r.Records(ctx, holder, RecordFilter{ZoneID: zone}, pageOf(1, 10))
			return n, err
		},
		"OplogsByRole":   func() (int, error) { _, n, err := r.Oplogs(ctx, keeper, OplogFilter{}, pageOf(1, 10)); return n, err },
		"OplogsByGrants": func() (int, error) { _, n, err := r.Oplogs(ctx, holder, OplogFilter{}, pageOf(1, 10)); return n, err },
		"Roles":          func() (int, error) { _, n, err := r.Roles(ctx, RoleFilter{}, pageOf(1, 10)); return n, err },
		"RolesBuiltin":   func() (int, error) { _, n, err := r.Roles(ctx, RoleFilter{}, pageOf(101, 10)); return n, err },
		"Privileges": func() (int, error) {
			_, n, err := r.Privileges(ctx, PrivilegeFilter{}, pageOf(1, 10))
			return n, err
		},
		"PrivilegesByName": func() (int, error) {
			_, n, err := r.Privileges(ctx, PrivilegeFilter{Name: "zone777"}, pageOf(1, 10))
			return n, err
		},
		"Snapshot": func() (int, error) { return 0, r.Snapshot(ctx, &memory{}) },
	} {
		b.Run(name, func(b *testing.B) {
			total := 0
			for b.Loop() {
				n, err := read()
				if err != nil {
					b.Fatal(err)
				}
				total = n
			}
			b.ReportMetric(float64(total), "total")
		})
	}
}

// grantMany makes 1,003 roles of which each tenth has 10,000 privileges, as the
// events would, 3 million rows at once would take too long.
func grantMany(b *testing.B, pool *pgxpool.Pool) {
	b.Helper()
	for _, sql := range []string{
		`INSERT INTO access.user_roles VALUES (2, 6, 1, ` + forEver + `), (3, 8, 1, ` + forEver + `)`,
		`INSERT INTO access.roles SELECT n, 'role' || n, n FROM generate_series(8, 1010) n`,
		`INSERT INTO access.role_privileges SELECT r, 3 * (5 * n + r % 5) + 5, 1, ` + forEver + ` FROM generate_series(0, 9999) n, unnest('{8, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010}'::bigint[]) r`,
	} {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
}
