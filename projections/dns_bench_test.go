package projections

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// busyLog is a log of about n events: zones of 20 records in three views, of
// which every tenth record is changed and every twentieth deleted later.
func busyLog(n int) *chain {
	log := &chain{}
	for id := int64(1); id <= 3; id++ {
		log.add(1, dns.ViewCreated{ID: id, View: dns.ViewData{Name: fmt.Sprintf("view%d", id), ACL: "any"}})
	}
	record := int64(0)
	for zone := int64(1); len(log.events) < n; zone++ {
		data := dns.ZoneData{Name: fmt.Sprintf("zone%d.example", zone), Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2, 3}}
		log.add(1, dns.ZoneCreated{ID: zone, Zone: data})
		for i := range int64(20) {
			record++
			log.add(1, dns.RecordAdded{ID: record, ZoneID: zone, Record: busyRecord(record, i)})
			if id := record - 5000; i%10 == 9 && id > 0 {
				log.add(1, dns.RecordUpdated{ID: id, ZoneID: (id-1)/20 + 1, Before: busyRecord(id, i), After: busyRecord(id, i+1)})
			}
			if id := record - 10_000; i == 11 && id > 0 {
				log.add(1, dns.RecordDeleted{ID: id, ZoneID: (id-1)/20 + 1, Record: busyRecord(id, i)})
			}
		}
	}
	return log
}

func busyRecord(id, i int64) dns.RecordData {
	return dns.RecordData{ViewID: i%3 + 1, Host: fmt.Sprintf("host-%d", id), Type: "A", TTL: 600, Value: fmt.Sprintf("10.%d.%d.%d", id>>16&255, id>>8&255, id&255), Comment: "bench"}
}

// BenchmarkRebuild applies 100,000 events in the pages of a rebuild.
func BenchmarkRebuild(b *testing.B) {
	log := busyLog(100_000)
	for b.Loop() {
		b.StopTimer()
		pool := serving(b)
		b.StartTimer()
		applyAll(b, pool, newDNS(), "dns", log.events, 5000)
	}
	b.ReportMetric(float64(b.N*len(log.events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSingle applies one event in each transaction, as when all is quiet.
func BenchmarkSingle(b *testing.B) {
	log := busyLog(60_000)
	pool := serving(b)
	applyAll(b, pool, newDNS(), "dns", log.events[:10_000], 5000)
	rest := log.events[10_000:]
	for i := 0; b.Loop(); i++ {
		if i == len(rest) {
			b.Fatal("the log is too short for the wanted time")
		}
		applyAll(b, pool, newDNS(), "dns", rest[i:i+1], 1)
	}
}
