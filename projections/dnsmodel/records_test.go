package dnsmodel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// linkedZone starts a log with two views and zone 1 in both of them, with n
// records in each: ids 1 to n in view 1, n+1 to 2n in view 2.
func linkedZone(n int64) *modeltest.Chain {
	log := &modeltest.Chain{}
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v1"}})
	log.Add(1, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v2"}})
	log.Add(1, dns.ZoneCreated{ID: 1, Zone: zoneOne})
	for id := range 2 * n {
		log.Add(1, dns.RecordAdded{ID: id + 1, ZoneID: 1, Record: numbered(id/n+1, id+1)})
	}
	return log
}

func numbered(view, id int64) dns.RecordData {
	return dns.RecordData{ViewID: view, Host: fmt.Sprintf("h%d", id), Type: "A", TTL: 600, Value: "192.0.2.1"}
}

// zoneIn is zoneOne with other views.
func zoneIn(views ...int64) dns.ZoneData {
	z := zoneOne
	z.ViewIDs = views
	return z
}

// TestRecordsGoWithTheirLink shows invariant 2: unlinking hides, linking again
// does not bring back, and what is hidden is taken to the past in the end.
func TestRecordsGoWithTheirLink(t *testing.T) {
	t.Parallel()
	const n = 30
	pool := modeltest.Serving(t)
	log := linkedZone(n)
	model := modeltest.NewDNS()
	modeltest.ApplyAll(t, pool, model, "dns", log.Events, 1000)
	expectRecords(t, pool, 1, 2*n)

	step := func(event domain.Event) {
		log.Add(1, event)
		modeltest.ApplyAll(t, pool, model, "dns", log.Events[len(log.Events)-1:], 1)
	}
	step(dns.ZoneUpdated{ID: 1, Before: zoneIn(1, 2), After: zoneIn(2)})
	expectRecords(t, pool, 1, n)
	if _, err := dnsmodel.NewReader(pool).Record(t.Context(), 1); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("record of an unlinked view: %v", err)
	}
	step(dns.ZoneUpdated{ID: 1, Before: zoneIn(2), After: zoneIn(1, 2)})
	expectRecords(t, pool, 1, n)
	step(dns.RecordAdded{ID: 2*n + 1, ZoneID: 1, Record: numbered(1, 1)})
	expectRecords(t, pool, 1, n+1)
	step(dns.ZoneDeleted{ID: 1, Zone: zoneIn(1, 2)})
	expectRecords(t, pool, 1, 0)
	step(dns.ZoneCreated{ID: 2, Zone: zoneIn(1)})
	step(dns.RecordAdded{ID: 2*n + 2, ZoneID: 2, Record: numbered(1, 1)})
	expectRecords(t, pool, 2, 1)

	purge(t, pool, model, "dns")
	if left := storedRecords(t, pool); left != 1 {
		t.Errorf("%d records are stored after the purge, want the visible one", left)
	}
	ofThen := query.AsOf(t.Context(), 2*n)
	if list, total := modeltest.MustPage(dnsmodel.NewReader(pool).Records(ofThen, rights.System(), dnsmodel.RecordFilter{}, modeltest.PageOf(1, 1))); total == 0 || len(list) == 0 {
		t.Error("of what was purged the past shows nothing")
	}
	entries, _ := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{TargetType: oplog.TargetZone, OperationType: oplog.OperationDelete}, modeltest.PageOf(1, 10)))
	modeltest.Same(t, "entries", len(entries), 1)
	modeltest.Same(t, "detail", entries[0].TargetDetail, fmt.Sprintf("id: 1\nZone名称: a.example\nZone归属: 内部域名\nZone类型: master\n关联View: ['v1', 'v2']\n删除记录数: %d\n", n+1))
}

// TestPurgeIsBounded shows that unlinking costs the modeltest.Same for many records, and
// that they are taken to the past a chunk at a time by whatever is applied afterwards.
func TestPurgeIsBounded(t *testing.T) {
	t.Parallel()
	const n = 3 * dnsmodel.PurgeChunk
	pool := modeltest.Serving(t)
	log, model := linkedZone(n), modeltest.NewDNS()
	modeltest.ApplyAll(t, pool, model, "dns", log.Events, 5000)
	log.Add(1, dns.ZoneUpdated{ID: 1, Before: zoneIn(1, 2), After: zoneIn(2)})
	tail := len(log.Events) - 1
	for range 10 {
		log.Add(1, dns.ViewUpdated{ID: 2, After: dns.ViewData{Name: "v2"}})
	}
	stored := storedRecords(t, pool)
	for _, e := range log.Events[tail:] {
		modeltest.ApplyAll(t, pool, model, "dns", []domain.Recorded{e}, 1)
		left := storedRecords(t, pool)
		if stored-left > dnsmodel.PurgeChunk {
			t.Errorf("one event purged %d records", stored-left)
		}
		stored = left
		expectRecords(t, pool, 1, n)
	}
	if stored != n {
		t.Errorf("%d records are stored in the end, want %d", stored, n)
	}
}

func expectRecords(t *testing.T, pool *pgxpool.Pool, zone int64, want int) {
	t.Helper()
	r := dnsmodel.NewReader(pool)
	for what, f := range map[string]dnsmodel.RecordFilter{"zone": {ZoneID: &zone}, "zone by type": {ZoneID: &zone, Type: "A"}} {
		list, total := modeltest.MustPage(r.Records(t.Context(), rights.System(), f, modeltest.PageOf(1, 1000)))
		if total != want || len(list) != min(want, 1000) {
			t.Errorf("%s: %d records of %d, want %d", what, len(list), total, want)
		}
	}
	list, total := modeltest.MustPage(r.Records(t.Context(), rights.System(), dnsmodel.RecordFilter{}, modeltest.PageOf(1, 1000)))
	if total != want || len(list) != min(want, 1000) {
		t.Errorf("all zones: %d records of %d, want %d", len(list), total, want)
	}
}

func storedRecords(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM dns.Records").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// purge runs the purge to its end.
func purge(t *testing.T, pool *pgxpool.Pool, model *dnsmodel.Model, schema string) {
	t.Helper()
	for more := true; more; {
		modeltest.InTx(t, pool, func(ctx context.Context, tx pgx.Tx) (err error) {
			more, err = model.Purge(ctx, tx, schema, 7)
			return err
		})
	}
}

// What ends in two parts of one change, which were applied one after the other, is taken to the
// past whole, also while the first part of it is being looked for.
func TestEndingInParts(t *testing.T) {
	t.Parallel()
	const n = 600 // more than one Apply looks for
	pool, log := modeltest.Serving(t), linkedZone(n)
	log.Add(1, dns.ZoneUpdated{ID: 1, Before: zoneIn(1, 2), After: zoneIn(2)})
	log.Add(1, dns.ZoneDeleted{ID: 1, Zone: zoneIn(2)})
	parts := log.Events[len(log.Events)-2:]
	for i := range parts {
		parts[i].More, parts[i].ChangeEnd = 1-i, parts[1].Position
	}
	model := modeltest.NewDNS()
	modeltest.ApplyAll(t, pool, model, "dns", log.Events[:len(log.Events)-2], 1000)
	for i := range parts {
		modeltest.ApplyAll(t, pool, model, "dns", parts[i:i+1], 1)
	}
	purge(t, pool, model, "dns")
	left, err := query.Only(t.Context(), pool, pgx.RowTo[int], "SELECT count(*) FROM dns.records")
	if err != nil || left != 0 {
		t.Errorf("%d dead records are left, %v", left, err)
	}
}
