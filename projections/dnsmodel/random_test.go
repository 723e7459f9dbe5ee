package dnsmodel_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rights"
)

// TestRandomHistories compares the read models with the naive ones.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool := modeltest.Serving(t)
			m := modeltest.NewNaive(seed)
			for n := 350; n <= 700; n += 350 {
				done := len(m.Events)
				m.Run(n)
				modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", m.Events[done:], 1+int(seed)*50)
				m.Named()
				compare(t, pool, m)
				compareSnapshot(t, pool, m)
			}
		})
	}
}

func compare(t *testing.T, pool *pgxpool.Pool, m *modeltest.Naive) {
	t.Helper()
	r, ctx := dnsmodel.NewReader(pool), t.Context()
	page := modeltest.PageOf(1, 1000)
	servers, total := modeltest.MustPage(r.Servers(ctx, rights.System(), dnsmodel.ServerFilter{}, page))
	sameRows(t, "servers", servers, total, m.Servers)
	views, total := modeltest.MustPage(r.Views(ctx, dnsmodel.ViewFilter{}, page))
	sameRows(t, "views", views, total, m.Views)
	zones, total := modeltest.MustPage(r.Zones(ctx, rights.System(), dnsmodel.ZoneFilter{}, page))
	sameRows(t, "zones", zones, total, m.Zones)
	records, total := modeltest.MustPage(r.Records(ctx, rights.System(), dnsmodel.RecordFilter{}, page))
	sameRows(t, "records", inUTC(records), total, m.Records)
	for id := range m.Zones {
		records, total := modeltest.MustPage(r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: &id}, page))
		mine := maps.Clone(m.Records)
		maps.DeleteFunc(mine, func(_ int64, r dnsmodel.Record) bool { return r.ZoneID != id })
		sameRows(t, "records of a zone", inUTC(records), total, mine)
	}
	if m.Conf != nil {
		modeltest.Same(t, "configuration", modeltest.Must(r.BindConf(ctx)), *m.Conf)
	}
	_, total = modeltest.MustPage(oplog.NewReader(pool).Entries(ctx, rights.System(), oplog.Filter{}, page))
	modeltest.Same(t, "entries", total, m.Entries)
	for at, n := range m.Removed {
		entries, _ := modeltest.MustPage(oplog.NewReader(pool).Entries(ctx, rights.System(), oplog.Filter{ID: new(int64(at))}, page))
		want := fmt.Sprintf("\n删除记录数: %d\n", n)
		if n == 0 && len(entries) == 1 && entries[0].OperationType == oplog.OperationChange {
			want = "]\n" // an unlinking that took no record says nothing of records
		}
		if len(entries) != 1 || !strings.HasSuffix(entries[0].TargetDetail, want) {
			t.Errorf("entry %d: %+v, want %q", at, entries, want)
		}
	}
}

func inUTC(records []dnsmodel.Record) []dnsmodel.Record {
	for i := range records {
		records[i].Created = records[i].Created.UTC()
	}
	return records
}

// sameRows compares a list, newest first, with rows by id.
func sameRows[T any](t *testing.T, what string, got []T, total int, rows map[int64]T) {
	t.Helper()
	all := modeltest.SortedKeys(rows)
	slices.Reverse(all)
	want := modeltest.Column(all, func(id int64) T { return rows[id] })
	modeltest.Same(t, what, got, want)
	modeltest.Same(t, "total of "+what, total, len(want))
}

// dnsTables are all tables; those with versions have two.
var dnsTables = append([]string{"content_changes", "ended_links", "endings", "oplogs", "oplog_counts", "oplog_totals", "state"}, both(
	"servers", "views", "zones", "zone_views", "resources", "records", "imports", "bind_conf", "fleet", "view_order", "zone_settings", "serial_bases")...)

func both(tables ...string) (all []string) {
	for _, name := range tables {
		all = append(all, name, name+"_past")
	}
	return all
}

// TestBatchSizes shows invariant 2 of Model, table by table: when dead records have been
// taken to the past, the rows do not depend on how the events were cut into batches.
func TestBatchSizes(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	m := modeltest.NewNaive(42)
	m.Run(800)
	dumps, events := map[int]string{}, modeltest.InChanges(m.Events, 42)
	for _, size := range []int{1, 7, 100, len(events)} {
		schema := fmt.Sprintf("dns_by_%d", size)
		modeltest.MakeTables(t, pool, modeltest.NewDNS(), schema)
		modeltest.ApplyAll(t, pool, modeltest.NewDNS(), schema, events, size)
		purge(t, pool, modeltest.NewDNS(), schema)
		dumps[size] = modeltest.Dump(t, pool, schema, dnsTables, nil)
	}
	if empty := regexp.MustCompile(`(?m)^\w+ 0$`).FindAllString(dumps[1], -1); !slices.Equal(empty, []string{"endings 0"}) {
		t.Errorf("tables are empty, the log shows nothing of them: %v", empty)
	}
	for size, text := range dumps {
		if text != dumps[1] {
			t.Errorf("batches of %d and of 1 make other rows:\n%s", size, modeltest.FirstDifference(dumps[1], text))
		}
	}
}
