package dnsmodel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// listed is the outcome of a list: the ids in order, and the total.
type listed struct {
	ids   []int64
	total int
}

func ids[T any](rows []T, id func(T) int64) []int64 { return modeltest.Column(rows, id) }

func TestFiltersAndPages(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", modeltest.ListsLog().Events, 1000)
	r, ctx := dnsmodel.NewReader(pool), t.Context()
	servers := func(f dnsmodel.ServerFilter, p query.Page) listed {
		rows, total := modeltest.MustPage(r.Servers(ctx, rights.System(), f, p))
		return listed{ids(rows, func(s dnsmodel.Server) int64 { return s.ID }), total}
	}
	views := func(f dnsmodel.ViewFilter, p query.Page) listed {
		rows, total := modeltest.MustPage(r.Views(ctx, f, p))
		return listed{ids(rows, func(v dnsmodel.View) int64 { return v.ID }), total}
	}
	zones := func(f dnsmodel.ZoneFilter, p query.Page) listed {
		rows, total := modeltest.MustPage(r.Zones(ctx, rights.System(), f, p))
		return listed{ids(rows, func(z dnsmodel.Zone) int64 { return z.ID }), total}
	}
	records := func(f dnsmodel.RecordFilter, p query.Page) listed {
		rows, total := modeltest.MustPage(r.Records(ctx, rights.System(), f, p))
		return listed{ids(rows, func(r dnsmodel.Record) int64 { return r.ID }), total}
	}
	all := modeltest.PageOf(1, 10)
	zone := new(int64(1))
	tests := []struct {
		name  string
		got   listed
		ids   []int64
		total int
	}{
		{"servers", servers(dnsmodel.ServerFilter{}, all), []int64{5, 4, 3, 2, 1}, 5},
		{"page 2", servers(dnsmodel.ServerFilter{}, modeltest.PageOf(2, 2)), []int64{3, 2}, 5},
		{"last page", servers(dnsmodel.ServerFilter{}, modeltest.PageOf(3, 2)), []int64{1}, 5},
		{"past the end", servers(dnsmodel.ServerFilter{}, modeltest.PageOf(4, 2)), nil, 5},
		{"far past the end", servers(dnsmodel.ServerFilter{}, modeltest.PageOf(math.MaxInt, 1000)), nil, 5},
		{"filtered past the end", servers(dnsmodel.ServerFilter{Type: "slave"}, modeltest.PageOf(9, 2)), nil, 3},
		{"server id", servers(dnsmodel.ServerFilter{ID: new(int64(2))}, all), []int64{2}, 1},
		{"unknown server", servers(dnsmodel.ServerFilter{ID: new(int64(77))}, all), nil, 0},
		{"host is a substring without case", servers(dnsmodel.ServerFilter{Host: "ns3.E"}, all), []int64{3}, 1},
		{"ip is a substring without case", servers(dnsmodel.ServerFilter{IP: "::4A"}, all), []int64{4}, 1},
		{"env is a substring", servers(dnsmodel.ServerFilter{Env: "ro"}, all), []int64{4, 2}, 2},
		{"env has case", servers(dnsmodel.ServerFilter{Env: "prod"}, all), nil, 0},
		{"type is exact", servers(dnsmodel.ServerFilter{Type: "mast"}, all), nil, 0},
		{"two filters", servers(dnsmodel.ServerFilter{Type: "slave", Host: "ns5"}, all), []int64{5}, 1},
		{"a pattern is no pattern", servers(dnsmodel.ServerFilter{Host: "%"}, all), nil, 0},
		{"a NUL matches nothing", servers(dnsmodel.ServerFilter{Host: "ns\x00"}, all), nil, 0},
		{"a broken text matches nothing", servers(dnsmodel.ServerFilter{Type: "\xff"}, all), nil, 0},
		{"a quote is a quote", servers(dnsmodel.ServerFilter{Host: "' OR true --"}, all), nil, 0},
		{"views", views(dnsmodel.ViewFilter{}, modeltest.PageOf(1, 3)), []int64{5, 4, 3}, 5},
		{"view name", views(dnsmodel.ViewFilter{Name: "_4"}, all), []int64{4}, 1},
		{"view id", views(dnsmodel.ViewFilter{ID: new(int64(4))}, all), []int64{4}, 1},
		{"zones", zones(dnsmodel.ZoneFilter{}, all), []int64{3, 2, 1}, 3},
		{"zones past the end", zones(dnsmodel.ZoneFilter{}, modeltest.PageOf(2, 3)), nil, 3},
		{"zone name", zones(dnsmodel.ZoneFilter{Name: "ALPHA"}, all), []int64{1}, 1},
		{"zone group", zones(dnsmodel.ZoneFilter{Group: new(2)}, all), []int64{2}, 1},
		{"external zones", zones(dnsmodel.ZoneFilter{Group: new(0)}, all), []int64{3}, 1},
		{"no such group", zones(dnsmodel.ZoneFilter{Group: new(math.MaxInt)}, all), nil, 0},
		{"zone type", zones(dnsmodel.ZoneFilter{Type: "forward only"}, all), []int64{2}, 1},
		{"zone id", zones(dnsmodel.ZoneFilter{ID: new(int64(3))}, all), []int64{3}, 1},
		{"all records", records(dnsmodel.RecordFilter{}, all), []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}, 9},
		{"records of a zone", records(dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(2, 3)), []int64{5, 4, 3}, 8},
		{"records past the end", records(dnsmodel.RecordFilter{ZoneID: zone}, modeltest.PageOf(4, 3)), nil, 8},
		{"records of no zone", records(dnsmodel.RecordFilter{ZoneID: new(int64(8))}, all), nil, 0},
		{"record id", records(dnsmodel.RecordFilter{ZoneID: zone, ID: new(int64(3))}, all), []int64{3}, 1},
		{"record of another zone", records(dnsmodel.RecordFilter{ZoneID: zone, ID: new(int64(9))}, all), nil, 0},
		{"record host", records(dnsmodel.RecordFilter{ZoneID: zone, Host: "host3"}, all), []int64{3}, 1},
		{"record value", records(dnsmodel.RecordFilter{ZoneID: zone, Value: "_4%"}, all), []int64{4}, 1},
		{"record type", records(dnsmodel.RecordFilter{ZoneID: zone, Type: "TXT"}, modeltest.PageOf(1, 2)), []int64{7, 5}, 4},
		{"record ttl", records(dnsmodel.RecordFilter{ZoneID: zone, TTL: new(uint32(0))}, all), []int64{8, 6, 4, 2}, 4},
		{"record ttl beyond all", records(dnsmodel.RecordFilter{ZoneID: zone, TTL: new(uint32(math.MaxUint32))}, all), nil, 0},
		{"record view", records(dnsmodel.RecordFilter{ZoneID: zone, ViewName: "View_1"}, all), []int64{8, 6, 4, 2}, 4},
		{"view or line", records(dnsmodel.RecordFilter{ViewName: "View_1"}, all), []int64{9, 8, 6, 4, 2}, 5},
		{"no such view", records(dnsmodel.RecordFilter{ZoneID: zone, ViewName: "View"}, all), nil, 0},
	}
	for _, test := range tests {
		if !slices.Equal(test.got.ids, test.ids) || test.got.total != test.total {
			t.Errorf("%s: %v, want %v of %d", test.name, test.got, test.ids, test.total)
		}
	}
}

// TestPagesFollowIndexes shows that a page of a long list, in tables that nobody
// has analysed, is read in the order of an index: no sort, no whole table. The log is so
// long that the planner's guess of a zone's records is well above a page.
func TestPagesFollowIndexes(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", modeltest.BusyLog(20_000).Events, 5000)
	page, all := modeltest.PageOf(1, 10), rights.System()
	sql, args := dnsmodel.ListZones(query.Moment{}, all, dnsmodel.ZoneFilter{}).SQL(page)
	modeltest.FollowsIndexes(t, pool, "zones", sql, args)
	sql, args = dnsmodel.ListRecords(query.Moment{}, all, dnsmodel.RecordFilter{ZoneID: new(int64(7))}).SQL(page)
	modeltest.FollowsIndexes(t, pool, "records", sql, args)
	sql, args = dnsmodel.ListRecords(query.Moment{}, all, dnsmodel.RecordFilter{}).SQL(page)
	modeltest.FollowsIndexes(t, pool, "records", sql, args)
}
