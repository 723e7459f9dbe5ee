package dnsmodel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
)

// A reverse zone that stands already counts as changed by a record of a zone that comes to its name in the
// same batch.
func TestRecordsOfZonesOfTheSameBatchTouchKeepers(t *testing.T) {
	t.Parallel()
	pool, log, model := modeltest.Serving(t), &modeltest.Chain{}, modeltest.NewDNS()
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1", ACL: "any"}})
	done := 0
	apply := func() {
		t.Helper()
		modeltest.ApplyAll(t, pool, model, "dns", log.Events[done:], len(log.Events))
		done = len(log.Events)
	}
	named := func(name string, views ...int64) dns.ZoneData {
		return dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: views}
	}
	with, without := named("X.com", 1), named("X.com")
	made := func(id int64, z dns.ZoneData) domain.Event { return dns.ZoneCreated{ID: id, Zone: z} }
	gone := func(id int64, z dns.ZoneData) []domain.Event {
		return []domain.Event{made(id, z), dns.ZoneDeleted{ID: id, Zone: z}}
	}
	becomes := func(id int64, before, after dns.ZoneData) domain.Event {
		return dns.ZoneUpdated{ID: id, Before: before, After: after}
	}
	for i, c := range []struct {
		name          string
		before, batch []domain.Event
	}{
		{"made", nil, []domain.Event{made(1, with)}},
		{"made, and linked", nil, []domain.Event{made(2, without), becomes(2, without, with)}},
		{"restored", gone(3, with), []domain.Event{dns.ZoneRestored{ID: 3, After: with}}},
		{"restored, and linked", gone(4, without), []domain.Event{dns.ZoneRestored{ID: 4, After: without}, becomes(4, without, with)}},
		{"renamed", []domain.Event{made(5, named("y.com", 1))}, []domain.Event{becomes(5, named("y.com", 1), with)}},
		{"renamed, and linked", []domain.Event{made(6, named("y.com"))}, []domain.Event{becomes(6, named("y.com"), without), becomes(6, without, with)}},
	} {
		zone, reverse := int64(1+i), int64(101+i)
		add := func(events ...domain.Event) {
			for _, e := range events {
				log.Add(1, e)
			}
		}
		add(c.before...)
		log.Add(1, dns.ZoneCreated{ID: reverse, Zone: named(fmt.Sprint(i, ".in-addr.arpa"), 1)})
		log.Add(1, dns.ZoneSettingsChanged{ID: reverse, After: dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"x.com"}}}})
		apply()
		add(c.batch...)
		record := dns.RecordData{ViewID: 1, Host: "www", Type: "A", Value: fmt.Sprint(i, ".0.0.1")}
		added := log.Add(1, dns.RecordAdded{ID: reverse, ZoneID: zone, Record: record})
		apply()
		err := dnsmodel.NewReader(pool).Content(t.Context(), reverse, 1, func(content *dnsmodel.Content) error {
			if content.Position != added {
				t.Errorf("%s: the reverse zone is of position %d, want that of the record, %d", c.name, content.Position, added)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		log.Add(1, dns.RecordDeleted{ID: reverse, ZoneID: zone, Record: record})
		log.Add(1, dns.ZoneDeleted{ID: zone, Zone: with})
		log.Add(1, dns.ZoneDeleted{ID: reverse, Zone: named(fmt.Sprint(i, ".in-addr.arpa"), 1)})
		apply()
	}
}

// A change of one address touches the reverse zone of its name alone, also one that has the name since the same
// batch.
func TestAddressesTouchTheirReverseZones(t *testing.T) {
	t.Parallel()
	pool, log, model := modeltest.Serving(t), &modeltest.Chain{}, modeltest.NewDNS()
	zone := func(name string) dns.ZoneData {
		return dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}
	}
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1", ACL: "any"}})
	log.Add(1, dns.ZoneCreated{ID: 1, Zone: zone("a.com")})
	names := []string{"1.10.in-addr.arpa", "2.10.in-addr.arpa", "elsewhere.com"}
	want := map[int64]domain.Position{}
	for i, name := range names {
		log.Add(1, dns.ZoneCreated{ID: int64(2 + i), Zone: zone(name)})
		want[int64(2+i)] = log.Add(1, dns.ZoneSettingsChanged{ID: int64(2 + i), After: dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"a.com"}}}})
	}
	modeltest.ApplyAll(t, pool, model, "dns", log.Events, len(log.Events))
	before := len(log.Events)
	want[4] = log.Add(1, dns.ZoneUpdated{ID: 4, Before: zone("elsewhere.com"), After: zone("3.10.in-addr.arpa")})
	for i, value := range []string{"10.1.0.1", "10.3.0.1", "192.0.2.1"} {
		at := log.Add(1, dns.RecordAdded{ID: int64(1 + i), ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: fmt.Sprint("h", i), Type: "A", Value: value}})
		switch value {
		case "10.1.0.1":
			want[2] = at
		case "10.3.0.1":
			want[4] = at
		}
	}
	modeltest.ApplyAll(t, pool, model, "dns", log.Events[before:], len(log.Events))
	for id, position := range want {
		err := dnsmodel.NewReader(pool).Content(t.Context(), id, 1, func(content *dnsmodel.Content) error {
			if content.Position != position {
				t.Errorf("zone %d is of position %d, want %d", id, content.Position, position)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// What decides of many records with one address is listed alone, and that not all is listed is said.
func TestAddresses(t *testing.T) {
	t.Parallel()
	pool, log := modeltest.Serving(t), &modeltest.Chain{}
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1", ACL: "any"}})
	for id := range int64(3) {
		name := string(rune('a'+id)) + ".com"
		log.Add(1, dns.ZoneCreated{ID: 1 + id, Zone: dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}})
	}
	for id, r := range []struct {
		zone int64
		last int
	}{{2, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 2}, {1, 3}, {2, 3}, {3, 3}} {
		record := dns.RecordData{ViewID: 1, Host: fmt.Sprint("h", id), Type: "A", Value: fmt.Sprint("192.0.2.", r.last)}
		log.Add(1, dns.RecordAdded{ID: int64(id), ZoneID: r.zone, Record: record})
	}
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 100)
	for name, c := range map[string]struct {
		owners []string
		apart  []int64
		most   int
		want   []int64
		more   bool
	}{
		"the oldest of each zone":         {nil, nil, 10, []int64{0, 1, 5, 6, 7}, false},
		"of an owner":                     {[]string{"1"}, nil, 10, []int64{0, 1}, false},
		"without those that are apart":    {[]string{"1"}, []int64{1, 3}, 10, []int64{0, 1, 2}, false},
		"all of them":                     {nil, nil, 5, []int64{0, 1, 5, 6, 7}, false},
		"the first names":                 {nil, nil, 4, []int64{0, 1, 5}, true},
		"not all of the first name":       {nil, nil, 1, nil, true},
		"others apart than there are any": {[]string{"2"}, []int64{100}, 10, []int64{5}, false},
	} {
		all, more, err := dnsmodel.NewReader(pool).Addresses(t.Context(), 1, []string{"a.com", "b.com"}, "2.0.192.in-addr.arpa", c.owners, c.apart, c.most)
		ids := modeltest.Column(all, func(a dnsmodel.Address) int64 { return a.ID })
		if slices.Sort(ids); err != nil || !slices.Equal(ids, c.want) || more != c.more {
			t.Errorf("%s: %v, more: %v, %v", name, ids, more, err)
		}
	}
}
