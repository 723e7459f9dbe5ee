package dnsmodel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// TestCompare shows the invariants of Comparison on random histories, against the lists as of any
// two positions.
func TestCompare(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			m := modeltest.NewNaive(seed)
			m.Run(500)
			events := modeltest.InChanges(m.Events, seed)
			pool := modeltest.Serving(t)
			modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", events, 1+int(seed)*40)
			if seed == 1 {
				purge(t, pool, modeltest.NewDNS(), "dns")
			}
			rng := rand.New(rand.NewPCG(seed, 7))
			n := 0
			for range 40 {
				from := domain.Position(rng.Int64N(int64(m.Position) + 1))
				to := min(m.Position, from+domain.Position(rng.Int64N(1<<rng.IntN(10))))
				from, to = endOf(events, from), endOf(events, to)
				for _, zone := range zonesEver(events) {
					n += compared(t, pool, events, zone, from, to)
				}
			}
			if n < 100 {
				t.Errorf("only %d records were different", n)
			}
		})
	}
}

// endOf is the end of the change at or before a position.
func endOf(events []domain.Recorded, p domain.Position) (end domain.Position) {
	for _, e := range events {
		if e.End() <= p {
			end = e.End()
		}
	}
	return end
}

func zonesEver(events []domain.Recorded) (ids []int64) {
	for _, e := range events {
		if created, ok := e.Event.(dns.ZoneCreated); ok {
			ids = append(ids, created.ID)
		}
	}
	return ids
}

// touched are the records of a zone that events between two positions were on.
func touched(events []domain.Recorded, zone int64, from, to domain.Position) []int64 {
	ids := []int64{}
	for _, e := range events {
		if e.Position <= from || e.Position > to {
			continue
		}
		switch e := e.Event.(type) {
		case dns.RecordAdded:
			ids = append(ids, ofZone(e.ZoneID, zone, e.ID)...)
		case dns.RecordUpdated:
			ids = append(ids, ofZone(e.ZoneID, zone, e.ID)...)
		case dns.RecordDeleted:
			ids = append(ids, ofZone(e.ZoneID, zone, e.ID)...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func ofZone(is, want, id int64) []int64 {
	if is != want {
		return nil
	}
	return []int64{id}
}

// compared compares a comparison with two lists, and returns how many records are different.
func compared(t *testing.T, pool *pgxpool.Pool, events []domain.Recorded, zone int64, from, to domain.Position) int {
	t.Helper()
	r, ctx := dnsmodel.NewReader(pool), t.Context()
	before, after := listedAt(t, r, query.AsOf(ctx, from), zone), listedAt(t, r, query.AsOf(ctx, to), zone)
	wanted := map[int64][2]dnsmodel.Record{}
	for id, was := range before {
		if is := after[id]; was.RecordData != is.RecordData || was.ViewName != is.ViewName {
			wanted[id] = [2]dnsmodel.Record{was, is}
		}
	}
	for id, is := range after {
		if before[id].ID == 0 {
			wanted[id] = [2]dnsmodel.Record{{}, is}
		}
	}
	for _, ids := range [][]int64{nil, touched(events, zone, from, to)} {
		c, err := r.Compare(ctx, zone, 0, from, to, ids)
		if err != nil {
			t.Fatal(err)
		}
		if got := different(t, c); !reflect.DeepEqual(got, wanted) {
			t.Fatalf("zone %d from %d to %d, all %v:\n%+v, want\n%+v", zone, from, to, ids == nil, got, wanted)
		}
	}
	return len(wanted)
}

func listedAt(t *testing.T, r *dnsmodel.Reader, ctx context.Context, zone int64) map[int64]dnsmodel.Record {
	t.Helper()
	list, _, err := r.Records(ctx, rights.System(), dnsmodel.RecordFilter{ZoneID: &zone}, query.Everything())
	if err != nil {
		t.Fatal(err)
	}
	records := map[int64]dnsmodel.Record{}
	for _, row := range list {
		records[row.ID] = compareable(row)
	}
	return records
}

// compareable leaves out what only says who may do what.
func compareable(r dnsmodel.Record) dnsmodel.Record {
	r.Zone, r.Target, r.Created = access.Target{}, access.Target{}, r.Created.UTC()
	return r
}

func different(t *testing.T, c *dnsmodel.Comparison) map[int64][2]dnsmodel.Record {
	t.Helper()
	got := map[int64][2]dnsmodel.Record{}
	for _, err := range []error{
		c.EachAdded(t.Context(), func(r dnsmodel.Record) error {
			got[r.ID] = [2]dnsmodel.Record{{}, compareable(r)}
			return nil
		}),
		c.EachRemoved(t.Context(), func(r dnsmodel.Record) error {
			got[r.ID] = [2]dnsmodel.Record{compareable(r), {}}
			return nil
		}),
		c.EachChanged(t.Context(), func(before, after dnsmodel.Record) error {
			got[after.ID] = [2]dnsmodel.Record{compareable(before), compareable(after)}
			return nil
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return got
}
