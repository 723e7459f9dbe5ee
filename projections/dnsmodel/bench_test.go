package dnsmodel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// BenchmarkRebuild applies 100,000 events in the pages of a rebuild.
func BenchmarkRebuild(b *testing.B) {
	log := modeltest.BusyLog(100_000)
	for b.Loop() {
		b.StopTimer()
		pool := modeltest.Serving(b)
		b.StartTimer()
		modeltest.ApplyAll(b, pool, modeltest.NewDNS(), "dns", log.Events, 5000)
	}
	b.ReportMetric(float64(b.N*len(log.Events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSingle applies one event in each transaction, as when all is quiet.
func BenchmarkSingle(b *testing.B) {
	log := modeltest.BusyLog(60_000)
	pool := modeltest.Serving(b)
	modeltest.ApplyAll(b, pool, modeltest.NewDNS(), "dns", log.Events[:10_000], 5000)
	rest := log.Events[10_000:]
	for i := 0; b.Loop(); i++ {
		if i == len(rest) {
			b.Fatal("the log is too short for the wanted time")
		}
		modeltest.ApplyAll(b, pool, modeltest.NewDNS(), "dns", rest[i:i+1], 1)
	}
}

// BenchmarkAsOf reads a page of a zone of 1,000 records that were changed 300 times each, now
// and as of any position.
func BenchmarkAsOf(b *testing.B) {
	const records, rounds = 1000, 300
	log := &modeltest.Chain{}
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1"}})
	log.Add(1, dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{Name: "zone.example", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}})
	data := func(id, round int64) dns.RecordData {
		return dns.RecordData{ViewID: 1, Host: fmt.Sprint("h", id), Type: "A", TTL: 600, Value: fmt.Sprintf("192.0.%d.%d", round>>8, round&255)}
	}
	for id := range int64(records) {
		log.Add(1, dns.RecordAdded{ID: id + 1, ZoneID: 1, Record: data(id+1, 0)})
	}
	filled := log.Position
	for round := range int64(rounds) {
		for id := range int64(records) {
			log.Add(1, dns.RecordUpdated{ID: id + 1, ZoneID: 1, Before: data(id+1, round), After: data(id+1, round+1)})
		}
	}
	pool := modeltest.Serving(b)
	modeltest.ApplyAll(b, pool, modeltest.NewDNS(), "dns", log.Events, 5000)
	if _, err := pool.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
	r, zone := dnsmodel.NewReader(pool), new(int64(1))
	list := func(b *testing.B, ctx context.Context) {
		rows, total, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(1+rand.IntN(90), 10))
		if err != nil || len(rows) != 10 || total != records {
			b.Fatal(len(rows), total, err)
		}
	}
	b.Run("now", func(b *testing.B) {
		for b.Loop() {
			list(b, b.Context())
		}
	})
	b.Run("then", func(b *testing.B) {
		for b.Loop() {
			list(b, query.AsOf(b.Context(), filled+rand.N(log.Position-filled)))
		}
	})
}
