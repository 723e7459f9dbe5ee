package projections

import (
	"fmt"
	"testing"

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
		log.add(1, dns.ZoneCreated{ID: id, Zone: dns.ZoneData{Name: fmt.Sprintf("zone%d.example", id), Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}})
		add(id)
		add(1)
		add(1)
	}
	pool := serving(b)
	applyAll(b, pool, newDNS(), "dns", log.events, 5000)
	r, ctx, zone := NewReader(pool), b.Context(), ptr(int64(1))
	for name, read := range map[string]func() (int, error){
		"Zones":         func() (int, error) { _, n, err := r.Zones(ctx, ZoneFilter{}, pageOf(1, 10)); return n, err },
		"ZonesLastPage": func() (int, error) { _, n, err := r.Zones(ctx, ZoneFilter{}, pageOf(zones/10, 10)); return n, err },
		"ZonesByName": func() (int, error) {
			_, n, err := r.Zones(ctx, ZoneFilter{Name: "zone777"}, pageOf(1, 10))
			return n, err
		},
		"Zone": func() (int, error) { _, err := r.Zone(ctx, 7); return 0, err },
		"Records": func() (int, error) {
			_, n, err := r.Records(ctx, RecordFilter{ZoneID: zone}, pageOf(1, 10))
			return n, err
		},
		"RecordsPageOf1000": func() (int, error) {
			_, n, err := r.Records(ctx, RecordFilter{ZoneID: zone}, pageOf(1, 1000))
			return n, err
		},
		"RecordsSmallZone": func() (int, error) {
			_, n, err := r.Records(ctx, RecordFilter{ZoneID: ptr(int64(99))}, pageOf(1, 10))
			return n, err
		},
		"RecordsLastPage": func() (int, error) {
			_, n, err := r.Records(ctx, RecordFilter{ZoneID: zone}, pageOf(records/10, 10))
			return n, err
		},
		"RecordsByHost": func() (int, error) {
			_, n, err := r.Records(ctx, RecordFilter{ZoneID: zone, Host: "777"}, pageOf(1, 10))
			return n, err
		},
		"RecordsByView": func() (int, error) {
			_, n, err := r.Records(ctx, RecordFilter{ZoneID: zone, ViewName: "v2"}, pageOf(1, 10))
			return n, err
		},
		"RecordsOfAllZones": func() (int, error) { _, n, err := r.Records(ctx, RecordFilter{}, pageOf(1, 10)); return n, err },
		"Record":            func() (int, error) { _, err := r.Record(ctx, 777); return 0, err },
		"Oplogs":            func() (int, error) { _, n, err := r.Oplogs(ctx, OplogFilter{}, pageOf(1, 10)); return n, err },
		"OplogsOfOneResource": func() (int, error) {
			_, n, err := r.Oplogs(ctx, OplogFilter{TargetType: "Record", TargetID: "777"}, pageOf(1, 10))
			return n, err
		},
		"OplogsByOperator": func() (int, error) {
			_, n, err := r.Oplogs(ctx, OplogFilter{Operator: "user1"}, pageOf(1, 10))
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
