package dnsmodel_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
)

// contentOf counts the records of zone 1 in a view, and calls between before the first of them is
// read.
func contentOf(t *testing.T, pool *pgxpool.Pool, view int64, between func() error) (records int, err error) {
	t.Helper()
	err = dnsmodel.NewReader(pool).Content(t.Context(), 1, view, func(c *dnsmodel.Content) error {
		if err := between(); err != nil {
			return err
		}
		return c.All(func(dnsmodel.Record) error { records++; return nil })
	})
	return records, err
}

// A zone's content is of one position, whatever happens while it is read.
func TestContentIsOfOnePosition(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	log := linkedZone(3)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 100)
	records, err := contentOf(t, pool, 1, func() error {
		log.Add(1, dns.ZoneDeleted{ID: 1, Zone: zoneOne})
		modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events[len(log.Events)-1:], 1)
		return nil
	})
	if err != nil || records != 3 {
		t.Errorf("%d records, %v", records, err)
	}
	if _, err := contentOf(t, pool, 1, func() error { return nil }); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("a deleted zone: %v", err)
	}
}

// Tables that were exchanged while a zone was read are noticed.
func TestContentKnowsReplacedTables(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", linkedZone(1).Events, 100)
	modeltest.MakeTables(t, pool, modeltest.NewDNS(), "dns_next")
	_, err := contentOf(t, pool, 1, func() error {
		return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "ALTER SCHEMA dns RENAME TO dns_old; ALTER SCHEMA dns_next RENAME TO dns")
			return err
		})
	})
	if !errors.Is(err, dnsmodel.ErrReplaced) {
		t.Errorf("read of exchanged tables: %v", err)
	}
}

// A large zone is read in order, and not held. The test runs alone, since it looks at the heap.
func TestContentIsNotHeld(t *testing.T) {
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", linkedZone(1).Events, 100)
	const more = 200_000
	_, err := pool.Exec(t.Context(), `INSERT INTO dns.records (id, zone_id, view_id, line, host, type, ttl, value, literal, comment, creator,
			created, changed, link, ends, gone, typed, place, reverse, since)
		SELECT 1000 + i, zone_id, view_id, line, 'x' || i, type, ttl, value, literal, comment, creator, created, changed, link, ends, gone, typed,
			'z' || reverse(to_char(i, '000000000')), reverse, since FROM dns.records, generate_series(1, $1::int) i WHERE id = 1`, more)
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	err = dnsmodel.NewReader(pool).Content(t.Context(), 1, 1, func(c *dnsmodel.Content) error {
		before, records := heap(), 0
		err := c.All(func(dnsmodel.Record) error {
			if records++; records%50_000 == 0 {
				if grown := heap() - before; grown > 4<<20 {
					t.Errorf("after %d records the heap has grown by %d bytes", records, grown)
				}
			}
			return nil
		})
		if records != more+1 {
			t.Errorf("%d records", records)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
