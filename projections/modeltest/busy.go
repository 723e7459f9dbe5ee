package modeltest

import (
	"fmt"

	"github.com/opsledger/opsledger/domain/dns"
)

// BusyLog is a log of about n events: zones of 20 records in three views, of
// which every tenth record is changed and every twentieth deleted later.
func BusyLog(n int) *Chain {
	log := &Chain{}
	for id := int64(1); id <= 3; id++ {
		log.Add(1, dns.ViewCreated{ID: id, View: dns.ViewData{Name: fmt.Sprintf("view%d", id), ACL: "any"}})
	}
	record := int64(0)
	for zone := int64(1); len(log.Events) < n; zone++ {
		data := dns.ZoneData{Name: fmt.Sprintf("zone%d.example", zone), Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2, 3}}
		log.Add(1, dns.ZoneCreated{ID: zone, Zone: data})
		for i := range int64(20) {
			record++
			log.Add(1, dns.RecordAdded{ID: record, ZoneID: zone, Record: BusyRecord(record, i)})
			if id := record - 5000; i%10 == 9 && id > 0 {
				log.Add(1, dns.RecordUpdated{ID: id, ZoneID: (id-1)/20 + 1, Before: BusyRecord(id, i), After: BusyRecord(id, i+1)})
			}
			if id := record - 10_000; i == 11 && id > 0 {
				log.Add(1, dns.RecordDeleted{ID: id, ZoneID: (id-1)/20 + 1, Record: BusyRecord(id, i)})
			}
		}
	}
	return log
}

// BusyRecord is such a record.
func BusyRecord(id, i int64) dns.RecordData {
	return dns.RecordData{ViewID: i%3 + 1, Host: fmt.Sprintf("host-%d", id), Type: "A", TTL: 600, Value: fmt.Sprintf("10.%d.%d.%d", id>>16&255, id>>8&255, id&255), Comment: "bench"}
}

// ListsLog has a bit of everything to filter by.
func ListsLog() *Chain {
	log := &Chain{}
	for i := int64(1); i <= 5; i++ {
		d := dns.ServerData{Host: fmt.Sprintf("NS%d.example", i), IP: fmt.Sprintf("2001:db8::%da", i), Env: []string{"Prod", "dev"}[i%2], Type: []string{"master", "slave"}[i%2]}
		log.Add(1, dns.ServerCreated{ID: i, Server: d})
		log.Add(2, dns.ViewCreated{ID: i, View: dns.ViewData{Name: fmt.Sprintf("View_%d", i), ACL: "any"}})
	}
	log.Add(3, dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{Name: "Alpha.example", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}})
	log.Add(3, dns.ZoneCreated{ID: 2, Zone: dns.ZoneData{Name: "beta.example", Group: 2, Type: dns.ZoneForwardOnly, Forwarders: []string{"192.0.2.1"}, ViewIDs: []int64{2}}})
	log.Add(3, dns.ZoneCreated{ID: 3, Zone: dns.ZoneData{Name: "gamma.example", Group: 0, Type: dns.ZoneMaster}})
	for i := int64(1); i <= 8; i++ {
		d := dns.RecordData{ViewID: i%2 + 1, Host: fmt.Sprintf("Host%d", i), Type: []string{"A", "TXT"}[i%2], TTL: uint32(i%2) * 60, Value: fmt.Sprintf("value_%d%%", i)}
		log.Add(3, dns.RecordAdded{ID: i, ZoneID: 1, Record: d})
	}
	log.Add(3, dns.RecordAdded{ID: 9, ZoneID: 3, Record: dns.RecordData{Line: "View_1", Host: "x", Type: "A", Value: "y"}})
	return log
}
