package dnsmodel_test

import (
	"testing"

	"github.com/opsledger/opsledger/projections/modeltest"
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
