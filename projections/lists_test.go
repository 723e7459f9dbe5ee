package projections

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain/dns"
)

// listed is the outcome of a list: the ids in order, and the total.
type listed struct {
	ids   []int64
	total int
}

func ids[T any](rows []T, id func(T) int64) []int64 { return Column(rows, id) }

// listsLog has a bit of everything to filter by.
func listsLog() *chain {
	log := &chain{}
	for i := int64(1); i <= 5; i++ {
		d := dns.ServerData{Host: fmt.Sprintf("NS%d.example", i), IP: fmt.Sprintf("2001:db8::%da", i), Env: []string{"Prod", "dev"}[i%2], Type: []string{"master", "slave"}[i%2]}
		log.add(1, dns.ServerCreated{ID: i, Server: d})
		log.add(2, dns.ViewCreated{ID: i, View: dns.ViewData{Name: fmt.Sprintf("View_%d", i), ACL: "any"}})
	}
	log.add(3, dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{Name: "Alpha.example", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}})
	log.add(3, dns.ZoneCreated{ID: 2, Zone: dns.ZoneData{Name: "beta.example", Group: 2, Type: dns.ZoneForwardOnly, Forwarders: []string{"192.0.2.1"}, ViewIDs: []int64{2}}})
	log.add(3, dns.ZoneCreated{ID: 3, Zone: dns.ZoneData{Name: "gamma.example", Group: 0, Type: dns.ZoneMaster}})
	for i := int64(1); i <= 8; i++ {
		d := dns.RecordData{ViewID: i%2 + 1, Host: fmt.Sprintf("Host%d", i), Type: []string{"A", "TXT"}[i%2], TTL: uint32(i%2) * 60, Value: fmt.Sprintf("value_%d%%", i)}
		log.add(3, dns.RecordAdded{ID: i, ZoneID: 1, Record: d})
	}
	log.add(3, dns.RecordAdded{ID: 9, ZoneID: 3, Record: dns.RecordData{Line: "View_1", Host: "x", Type: "A", Value: "y"}})
	return log
}

func TestFiltersAndPages(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	applyAll(t, pool, newDNS(), "dns", listsLog().events, 1000)
	r, ctx := NewReader(pool), t.Context()
	servers := func(f ServerFilter, p Page) listed {
		rows, total := mustPage(r.Servers(ctx, System(), f, p))
		return listed{ids(rows, func(s Server) int64 { return s.ID }), total}
	}
	views := func(f ViewFilter, p Page) listed {
		rows, total := mustPage(r.Views(ctx, f, p))
		return listed{ids(rows, func(v View) int64 { return v.ID }), total}
	}
	zones := func(f ZoneFilter, p Page) listed {
		rows, total := mustPage(r.Zones(ctx, System(), f, p))
		return listed{ids(rows, func(z Zone) int64 { return z.ID }), total}
	}
	records := func(f RecordFilter, p Page) listed {
		rows, total := mustPage(r.Records(ctx, System(), f, p))
		return listed{ids(rows, func(r Record) int64 { return r.ID }), total}
	}
	oplogs := func(f OplogFilter, p Page) listed {
		rows, total := mustPage(r.Oplogs(ctx, System(), f, p))
		return listed{ids(rows, func(o Oplog) int64 { return o.ID }), total}
	}
	all := pageOf(1, 10)
	zone := new(int64(1))
	tests := []struct {
		name  string
		got   listed
		ids   []int64
		total int
	}{
		{"servers", servers(ServerFilter{}, all), []int64{5, 4, 3, 2, 1}, 5},
		{"page 2", servers(ServerFilter{}, pageOf(2, 2)), []int64{3, 2}, 5},
		{"last page", servers(ServerFilter{}, pageOf(3, 2)), []int64{1}, 5},
		{"past the end", servers(ServerFilter{}, pageOf(4, 2)), nil, 5},
		{"far past the end", servers(ServerFilter{}, pageOf(math.MaxInt, 1000)), nil, 5},
		{"filtered past the end", servers(ServerFilter{Type: "slave"}, pageOf(9, 2)), nil, 3},
		{"server id", servers(ServerFilter{ID: new(int64(2))}, all), []int64{2}, 1},
		{"unknown server", servers(ServerFilter{ID: new(int64(77))}, all), nil, 0},
		{"host is a substring without case", servers(ServerFilter{Host: "ns3.E"}, all), []int64{3}, 1},
		{"ip is a substring without case", servers(ServerFilter{IP: "::4A"}, all), []int64{4}, 1},
		{"env is a substring", servers(ServerFilter{Env: "ro"}, all), []int64{4, 2}, 2},
		{"env has case", servers(ServerFilter{Env: "prod"}, all), nil, 0},
		{"type is exact", servers(ServerFilter{Type: "mast"}, all), nil, 0},
		{"two filters", servers(ServerFilter{Type: "slave", Host: "ns5"}, all), []int64{5}, 1},
		{"a pattern is no pattern", servers(ServerFilter{Host: "%"}, all), nil, 0},
		{"a NUL matches nothing", servers(ServerFilter{Host: "ns\x00"}, all), nil, 0},
		{"a broken text matches nothing", servers(ServerFilter{Type: "\xff"}, all), nil, 0},
		{"a quote is a quote", servers(ServerFilter{Host: "' OR true --"}, all), nil, 0},
		{"views", views(ViewFilter{}, pageOf(1, 3)), []int64{5, 4, 3}, 5},
		{"view name", views(ViewFilter{Name: "_4"}, all), []int64{4}, 1},
		{"view id", views(ViewFilter{ID: new(int64(4))}, all), []int64{4}, 1},
		{"zones", zones(ZoneFilter{}, all), []int64{3, 2, 1}, 3},
		{"zones past the end", zones(ZoneFilter{}, pageOf(2, 3)), nil, 3},
		{"zone name", zones(ZoneFilter{Name: "ALPHA"}, all), []int64{1}, 1},
		{"zone group", zones(ZoneFilter{Group: new(2)}, all), []int64{2}, 1},
		{"external zones", zones(ZoneFilter{Group: new(0)}, all), []int64{3}, 1},
		{"no such group", zones(ZoneFilter{Group: new(math.MaxInt)}, all), nil, 0},
		{"zone type", zones(ZoneFilter{Type: "forward only"}, all), []int64{2}, 1},
		{"zone id", zones(ZoneFilter{ID: new(int64(3))}, all), []int64{3}, 1},
		{"all records", records(RecordFilter{}, all), []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}, 9},
		{"records of a zone", records(RecordFilter{ZoneID: zone}, pageOf(2, 3)), []int64{5, 4, 3}, 8},
		{"records past the end", records(RecordFilter{ZoneID: zone}, pageOf(4, 3)), nil, 8},
		{"records of no zone", records(RecordFilter{ZoneID: new(int64(8))}, all), nil, 0},
		{"record id", records(RecordFilter{ZoneID: zone, ID: new(int64(3))}, all), []int64{3}, 1},
		{"record of another zone", records(RecordFilter{ZoneID: zone, ID: new(int64(9))}, all), nil, 0},
		{"record host", records(RecordFilter{ZoneID: zone, Host: "host3"}, all), []int64{3}, 1},
		{"record value", records(RecordFilter{ZoneID: zone, Value: "_4%"}, all), []int64{4}, 1},
		{"record type", records(RecordFilter{ZoneID: zone, Type: "TXT"}, pageOf(1, 2)), []int64{7, 5}, 4},
		{"record ttl", records(RecordFilter{ZoneID: zone, TTL: new(uint32(0))}, all), []int64{8, 6, 4, 2}, 4},
		{"record ttl beyond all", records(RecordFilter{ZoneID: zone, TTL: new(uint32(math.MaxUint32))}, all), nil, 0},
		{"record view", records(RecordFilter{ZoneID: zone, ViewName: "View_1"}, all), []int64{8, 6, 4, 2}, 4},
		{"view or line", records(RecordFilter{ViewName: "View_1"}, all), []int64{9, 8, 6, 4, 2}, 5},
		{"no such view", records(RecordFilter{ZoneID: zone, ViewName: "View"}, all), nil, 0},
		{"entries by target", oplogs(OplogFilter{TargetType: "Zone", TargetID: "2"}, all), []int64{23}, 1},
		{"entries by types", oplogs(OplogFilter{TargetTypes: []string{TargetZone, TargetUser}}, pageOf(1, 2)), []int64{25, 23}, 3},
		{"entries of no type", oplogs(OplogFilter{TargetTypes: []string{}}, all), nil, 0},
		{"entries by type", oplogs(OplogFilter{TargetType: "View"}, pageOf(2, 2)), []int64{11, 7}, 5},
		{"entries by operator", oplogs(OplogFilter{Operator: "user2"}, pageOf(1, 2)), []int64{19, 15}, 5},
		{"entries by operation", oplogs(OplogFilter{OperationType: "删除"}, all), nil, 0},
		{"entries by name", oplogs(OplogFilter{TargetName: "Alpha.example"}, all), []int64{21}, 1},
		{"a name is exact", oplogs(OplogFilter{TargetName: "Alpha"}, all), nil, 0},
		{"entry by id", oplogs(OplogFilter{ID: new(int64(21))}, all), []int64{21}, 1},
		{"entries past the end", oplogs(OplogFilter{}, pageOf(9, 10)), nil, 22},
	}
	for _, test := range tests {
		if !slices.Equal(test.got.ids, test.ids) || test.got.total != test.total {
			t.Errorf("%s: %v, want %v of %d", test.name, test.got, test.ids, test.total)
		}
	}
}

// TestPagesFollowIndexes shows that a page of a long list, in tables that nobody
// has analysed, is read in the order of an index: no sort, no whole table.
func TestPagesFollowIndexes(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	applyAll(t, pool, newDNS(), "dns", busyLog(10_000).events, 5000)
	page := pageOf(1, 10)
	zones, records, all, oplogs := listZones(System(), ZoneFilter{}), listRecords(System(), RecordFilter{ZoneID: new(int64(7))}), listRecords(System(), RecordFilter{}), listOplogs(System(), OplogFilter{})
	for name, list := range map[string]struct {
		sql  string
		args *[]any
	}{
		"zones": {zones.sql(page), &zones.args}, "records of a zone": {records.sql(page), &records.args},
		"all records": {all.sql(page), &all.args}, "oplogs": {oplogs.sql(page), &oplogs.args},
	} {
		rows, _ := pool.Query(t.Context(), "EXPLAIN "+list.sql, *list.args...)
		plan := strings.Join(must(pgx.CollectRows(rows, pgx.RowTo[string])), "\n")
		for _, table := range []string{"zones", "records", "oplogs"} {
			if strings.Contains(plan, "Seq Scan on "+table) || strings.Contains(plan, "Bitmap Heap Scan on "+table) {
				t.Errorf("%s: more is read than the page:\n%s", name, plan)
			}
		}
	}
}

// TestOplogsOfAllContexts shows that the list is the union, newest first.
func TestOplogsOfAllContexts(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	applyAll(t, pool, newDNS(), "dns", listsLog().events, 1000)
	people := &chain{}
	people.add(0, registered(1, "admin"))
	people.events[0].Position = 14 // between two dns events
	applyAll(t, pool, NewAccessModel(), "access", people.events, 1)
	rows, total := mustPage(NewReader(pool).Oplogs(t.Context(), System(), OplogFilter{}, pageOf(2, 15)))
	same(t, "ids", ids(rows, func(o Oplog) int64 { return o.ID }), []int64{14, 13, 11, 9, 7, 5, 3, 1})
	same(t, "total", total, 23)
}
