package modeltest_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rights"
)

// BenchmarkLists reads pages of a database with 50,000 zones, one of which has
// 100,000 records, in tables that nobody has analysed.
func BenchmarkLists(b *testing.B) {
	const zones, records = 50_000, 100_000
	log := &modeltest.Chain{}
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1"}})
	log.Add(1, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v2"}})
	record := int64(0)
	add := func(zone int64) {
		record++
		log.Add(1, dns.RecordAdded{ID: record, ZoneID: zone, Record: modeltest.BusyRecord(record, record%2)})
	}
	for id := int64(1); id <= zones; id++ {
		log.Add(1, dns.ZoneCreated{ID: id, Zone: dns.ZoneData{Name: fmt.Sprintf("zone%d.example", id), Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}, Privilege: 3*id + 5})
		add(id)
		add(1)
		add(1)
	}
	pool := modeltest.Serving(b)
	modeltest.ApplyAll(b, pool, modeltest.NewDNS(), "dns", log.Events, 5000)
	grantMany(b, pool)
	keeper, holder := rights.NewCaller(2, []int64{access.RoleZoneAdmin}), rights.NewCaller(3, []int64{8})
	r, people, ctx, zone := dnsmodel.NewReader(pool), accessmodel.NewReader(pool), b.Context(), new(int64(1))
	for name, read := range map[string]func() (int, error){
		"Zones": func() (int, error) {
			_, n, err := r.Zones(ctx, rights.System(), dnsmodel.ZoneFilter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"ZonesLastPage": func() (int, error) {
			_, n, err := r.Zones(ctx, rights.System(), dnsmodel.ZoneFilter{}, modeltest.PageOf(zones/10, 10))
			return n, err
		},
		"ZonesByName": func() (int, error) {
			_, n, err := r.Zones(ctx, rights.System(), dnsmodel.ZoneFilter{Name: "zone777"}, modeltest.PageOf(1, 10))
			return n, err
		},
		"Zone": func() (int, error) { _, err := r.Zone(ctx, 7); return 0, err },
		"Records": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(1, 10))
			return n, err
		},
		"RecordsPageOf1000": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(1, 1000))
			return n, err
		},
		"RecordsSmallZone": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: new(int64(99))}, modeltest.PageOf(1, 10))
			return n, err
		},
		"RecordsLastPage": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(records/10, 10))
			return n, err
		},
		"RecordsByHost": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: zone, Host: "777"}, modeltest.PageOf(1, 10))
			return n, err
		},
		"RecordsByView": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: zone, ViewName: "v2"}, modeltest.PageOf(1, 10))
			return n, err
		},
		"RecordsOfAllZones": func() (int, error) {
			_, n, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"Record": func() (int, error) { _, err := r.Record(ctx, 777); return 0, err },
		"Oplogs": func() (int, error) {
			_, n, err := oplog.NewReader(pool).Entries(ctx, rights.System(), oplog.Filter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"OplogsOfOneResource": func() (int, error) {
			_, n, err := oplog.NewReader(pool).Entries(ctx, rights.System(), oplog.Filter{TargetType: "Record", TargetID: "777"}, modeltest.PageOf(1, 10))
			return n, err
		},
		"OplogsByOperator": func() (int, error) {
			_, n, err := oplog.NewReader(pool).Entries(ctx, rights.System(), oplog.Filter{Operator: "user1"}, modeltest.PageOf(1, 10))
			return n, err
		},
		// Who sees all zones by a built-in role, and who sees 10,000 by as many privileges.
		"ZonesByRole": func() (int, error) {
			_, n, err := r.Zones(ctx, keeper, dnsmodel.ZoneFilter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"ZonesByGrants": func() (int, error) {
			_, n, err := r.Zones(ctx, holder, dnsmodel.ZoneFilter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"RecordsByGrants": func() (int, error) {
			_, n, err := r.Records(ctx, holder, dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(1, 10))
			return n, err
		},
		"OplogsByRole": func() (int, error) {
			_, n, err := oplog.NewReader(pool).Entries(ctx, keeper, oplog.Filter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"OplogsByGrants": func() (int, error) {
			_, n, err := oplog.NewReader(pool).Entries(ctx, holder, oplog.Filter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"Roles": func() (int, error) {
			_, n, err := people.Roles(ctx, accessmodel.RoleFilter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"RolesBuiltin": func() (int, error) {
			_, n, err := people.Roles(ctx, accessmodel.RoleFilter{}, modeltest.PageOf(101, 10))
			return n, err
		},
		"Privileges": func() (int, error) {
			_, n, err := people.Privileges(ctx, accessmodel.PrivilegeFilter{}, modeltest.PageOf(1, 10))
			return n, err
		},
		"PrivilegesByName": func() (int, error) {
			_, n, err := people.Privileges(ctx, accessmodel.PrivilegeFilter{Name: "zone777"}, modeltest.PageOf(1, 10))
			return n, err
		},
		"Snapshot": func() (int, error) { return 0, r.Snapshot(ctx, blind{}) },
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

// grantMany makes 1,003 roles of which each tenth has 10,000 privileges, as
// events would do one by one, since 3 million rows at once would take too long.
func grantMany(b *testing.B, pool *pgxpool.Pool) {
	b.Helper()
	for _, sql := range []string{
		`INSERT INTO access.user_roles VALUES (2, 6, 1), (3, 8, 1)`,
		`INSERT INTO access.roles SELECT n, 'role' || n, n, n, n FROM generate_series(8, 1010) n`,
		`INSERT INTO access.role_privileges SELECT r, 3 * (5 * n + r % 5) + 5, 1 FROM generate_series(0, 9999) n, unnest('{8, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010}'::bigint[]) r`,
	} {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
}

// blind is a visitor that looks at nothing.
type blind struct{}

func (blind) Begin(domain.Position, domain.Position) error                          { return nil }
func (blind) Server(dnsmodel.Server) error                                          { return nil }
func (blind) View(dnsmodel.View) error                                              { return nil }
func (blind) BindConf(dnsmodel.BindConf) error                                      { return nil }
func (blind) ServerSettings(dnsmodel.ServerSettings) error                          { return nil }
func (blind) Fleet(dnsmodel.Fleet) error                                            { return nil }
func (blind) Order(dnsmodel.ViewOrder) error                                        { return nil }
func (blind) Rollout(dnsmodel.Rollout) error                                        { return nil }
func (blind) Base(dns.SerialName, dns.SerialBase) error                             { return nil }
func (blind) Zone(dnsmodel.Zone, dns.ZoneSettings, map[int64]domain.Position) error { return nil }
func (blind) Record(dnsmodel.Record) error                                          { return nil }
