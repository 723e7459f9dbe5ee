package projections

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestRandomHistories compares the read models with the naive ones.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool := serving(t)
			m := newNaive(seed)
			for n := 350; n <= 700; n += 350 {
				done := len(m.events)
				m.run(n)
				applyAll(t, pool, newDNS(), "dns", m.events[done:], 1+int(seed)*50)
				m.named()
				compare(t, pool, m)
				compareSnapshot(t, pool, m)
			}
		})
	}
}

func compare(t *testing.T, pool *pgxpool.Pool, m *naive) {
	t.Helper()
	r, ctx := NewReader(pool), t.Context()
	page := pageOf(1, 1000)
	servers, total := mustPage(r.Servers(ctx, System(), ServerFilter{}, page))
	sameRows(t, "servers", servers, total, m.servers)
	views, total := mustPage(r.Views(ctx, ViewFilter{}, page))
	sameRows(t, "views", views, total, m.views)
	zones, total := mustPage(r.Zones(ctx, System(), ZoneFilter{}, page))
	sameRows(t, "zones", zones, total, m.zones)
	records, total := mustPage(r.Records(ctx, System(), RecordFilter{}, page))
	sameRows(t, "records", inUTC(records), total, m.records)
	for id := range m.zones {
		records, total := mustPage(r.Records(ctx, System(), RecordFilter{ZoneID: &id}, page))
		mine := maps.Clone(m.records)
		maps.DeleteFunc(mine, func(_ int64, r Record) bool { return r.ZoneID != id })
		sameRows(t, "records of a zone", inUTC(records), total, mine)
	}
	if m.conf != nil {
		same(t, "configuration", must(r.BindConf(ctx)), *m.conf)
	}
	_, total = mustPage(r.Oplogs(ctx, System(), OplogFilter{}, page))
	same(t, "entries", total, m.entries)
	for at, n := range m.removed {
		entries, _ := mustPage(r.Oplogs(ctx, System(), OplogFilter{ID: new(int64(at))}, page))
		want := fmt.Sprintf("\n删除记录数: %d\n", n)
		if n == 0 && len(entries) == 1 && entries[0].OperationType == OperationChange {
			want = "]\n" // an unlinking that took no record says nothing of records
		}
		if len(entries) != 1 || !strings.HasSuffix(entries[0].TargetDetail, want) {
			t.Errorf("entry %d: %+v, want %q", at, entries, want)
		}
	}
}

func inUTC(records []Record) []Record {
	for i := range records {
		records[i].Created = records[i].Created.UTC()
	}
	return records
}

// sameRows compares a list, newest first, with rows by id.
func sameRows[T any](t *testing.T, what string, got []T, total int, rows map[int64]T) {
	t.Helper()
	all := sortedKeys(rows)
	slices.Reverse(all)
	want := Column(all, func(id int64) T { return rows[id] })
	same(t, what, got, want)
	same(t, "total of "+what, total, len(want))
}

// TestBatchSizes shows invariant 2 of Model, table by table: but for dead
// records, the rows do not depend on how the events were cut into batches.
func TestBatchSizes(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	m := newNaive(42)
	m.run(800)
	dumps := map[int]string{}
	for _, size := range []int{1, 7, 100, len(m.events)} {
		schema := fmt.Sprintf("dns_by_%d", size)
		makeTables(t, pool, newDNS(), schema)
		applyAll(t, pool, newDNS(), schema, m.events, size)
		dumps[size] = dump(t, pool, schema)
	}
	for size, text := range dumps {
		if text != dumps[1] {
			t.Errorf("batches of %d and of 1 make other rows:\n%s", size, firstDifference(dumps[1], text))
		}
	}
}

// dump returns all rows of all tables but what waits to be purged.
func dump(t *testing.T, pool *pgxpool.Pool, schema string) string {
	t.Helper()
	var out strings.Builder
	for _, table := range []string{"servers", "views", "zones", "zone_views", "resources", "ended_links", "records", "bind_conf", "oplogs", "oplog_counts", "state"} {
		sql := "SELECT t::text FROM " + pgx.Identifier{schema, table}.Sanitize() + " t"
		if table == "records" {
			sql += " WHERE " + strings.ReplaceAll(recordIsLive, "dns.", pgx.Identifier{schema}.Sanitize()+".")
		}
		rows, _ := pool.Query(t.Context(), sql+" ORDER BY 1")
		lines := must(pgx.CollectRows(rows, pgx.RowTo[string]))
		if len(lines) == 0 {
			t.Fatalf("%s is empty: the log shows nothing of it", table)
		}
		fmt.Fprintln(&out, table)
		fmt.Fprintln(&out, strings.Join(lines, "\n"))
	}
	return out.String()
}

func firstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return left[i] + "\n" + right[i]
		}
	}
	return "one has more"
}
