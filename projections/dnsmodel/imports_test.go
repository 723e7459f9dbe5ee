package dnsmodel_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
)

// importInto adds an import of one new record for each host into zone 1 and the view 1, and returns its
// end.
func importInto(log *modeltest.Chain, first int64, hosts ...string) (end dns.ZoneImported) {
	id := log.Add(1, dns.ImportBegun{ZoneID: 1, ViewID: 1, Mode: "merge"})
	end = dns.ZoneImported{Import: id, ZoneID: 1, ViewID: 1}
	for i, host := range hosts {
		part := dns.RecordsStaged{Import: id, ZoneID: 1, ViewID: 1, Added: []dns.StagedRecord{{
			ID: first + int64(i), Record: dns.RecordData{ViewID: 1, Host: host, Type: "A", TTL: 60, Value: "192.0.2.1"},
		}}}
		log.Add(1, part)
		end.ImportCounts = end.Plus(part.Counts())
	}
	return end
}

// The rows of a running import are kept. Those of a void one are purged, and those that an import
// has ended are taken to the past.
func TestPurgeOfImports(t *testing.T) {
	t.Parallel()
	pool, log, model := modeltest.Serving(t), linkedZone(2), modeltest.NewDNS()
	rows := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM dns.records").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	apply := func(want int) {
		t.Helper()
		modeltest.ApplyAll(t, pool, model, "dns", log.Events, 100)
		log.Events = nil
		more := true
		for more {
			if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) (err error) {
				more, err = model.Purge(t.Context(), tx, "dns", 100)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if n := rows(); n != want {
			t.Errorf("%d rows, want %d", n, want)
		}
	}
	apply(recordsIn(log))
	before := rows()
	void := importInto(log, 1001, "a", "b", "c")
	log.Add(1, dns.ImportVoided{Import: void.Import, ZoneID: 1, ViewID: 1, Reason: dns.VoidCancelled})
	end := importInto(log, 1011, "d", "e")
	apply(before + 2)
	log.Add(1, end)
	apply(before + 2)

	gone := dns.RecordData{ViewID: 1, Host: "d", Type: "A", TTL: 60, Value: "192.0.2.1"}
	id := log.Add(1, dns.ImportBegun{ZoneID: 1, ViewID: 1, Mode: "replace"})
	part := dns.RecordsStaged{Import: id, ZoneID: 1, ViewID: 1, Removed: []dns.StagedRecord{{ID: 1011, Record: gone}}}
	log.Add(1, part)
	apply(before + 2)
	log.Add(1, dns.ZoneImported{Import: id, ZoneID: 1, ViewID: 1, ImportCounts: part.Counts()})
	apply(before + 1)
}

// recordsIn is how many records the log's events add.
func recordsIn(log *modeltest.Chain) (n int) {
	for _, e := range log.Events {
		if _, is := e.Event.(dns.RecordAdded); is {
			n++
		}
	}
	return n
}

// Events of imports that contradict what there is are errors.
func TestImpossibleImports(t *testing.T) {
	t.Parallel()
	pool, log := modeltest.Serving(t), linkedZone(1)
	end := importInto(log, 1001, "a")
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 100)
	wrong := end
	wrong.Added = 2
	other := dns.RecordData{ViewID: 1, Host: "other", Type: "A", TTL: 60, Value: "192.0.2.1"}
	elsewhere := dns.RecordData{ViewID: 2, Host: "x", Type: "A", TTL: 60, Value: "192.0.2.1"}
	for want, event := range map[string]domain.Event{
		"has staged":                         wrong,
		"import 1 does not exist":            dns.ImportVoided{Import: 1, ZoneID: 1, ViewID: 1},
		"is no import into zone 2":           dns.ImportVoided{Import: end.Import, ZoneID: 2, ViewID: 1},
		"record 77 does not exist in zone 1": dns.RecordsStaged{Import: end.Import, ZoneID: 1, ViewID: 1, Removed: []dns.StagedRecord{{ID: 77, Record: other}}},
		"its import in view 1":               dns.RecordsStaged{Import: end.Import, ZoneID: 1, ViewID: 1, Added: []dns.StagedRecord{{ID: 78, Record: elsewhere}}},
		"duplicate key":                      dns.RecordsStaged{Import: end.Import, ZoneID: 1, ViewID: 1, Added: []dns.StagedRecord{{ID: 1001, Record: other}}},
		"zone 1 is not linked to view 9":     dns.ImportBegun{ZoneID: 1, ViewID: 9},
	} {
		next := *log
		next.Events = nil
		next.Add(1, event)
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			return modeltest.NewDNS().Apply(t.Context(), tx, "dns", next.Events)
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v, want %q", event, err, want)
		}
	}
}

// The few imports that are under way are found among very many that have ended by an index of theirs.
func TestRunningImportsFollowIndex(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO dns.imports
		(id, zone_id, view_id, mode, state, reason, read, changes, added, changed, removed, begun, ended, link, since)
		SELECT n, 1, 1, 'merge', 'done', '', 0, 0, 0, 0, 0, now(), n, 0, n FROM generate_series(1, 20000) n`); err != nil {
		t.Fatal(err)
	}
	rows, _ := pool.Query(t.Context(), "EXPLAIN "+dnsmodel.RunningImports)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !strings.Contains(strings.Join(plan, "\n"), "imports_running") {
		t.Errorf("%v, %v", plan, err)
	}
}
