package dnsmodel_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// TestListsFollowTheDomain compares, on random histories, what the lists let
// through with what the domain decides, for every user.
func TestListsFollowTheDomain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool, w := modeltest.Serving(t), world{modeltest.NewWorld(t, seed)}
			people, things := 0, 0
			for range 2 {
				w.Live(250)
				modeltest.ApplyAll(t, pool, accessmodel.New(), "access", w.People.Events[people:], 1+int(seed)*7)
				modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", w.Events[things:], 1+int(seed)*20)
				people, things = len(w.People.Events), len(w.Events)
				for user := domain.UserID(1); user <= modeltest.WorldUsers; user++ {
					w.compareLists(t, pool, user)
				}
			}
		})
	}
}

// world is compared with lists.
type world struct{ *modeltest.World }

func (w world) compareLists(t *testing.T, pool *pgxpool.Pool, user domain.UserID) {
	t.Helper()
	r, ctx, c := dnsmodel.NewReader(pool), t.Context(), rights.NewCaller(user, w.Held[user])
	what := func(list string) string { return fmt.Sprintf("%s of user %d, roles %v", list, user, w.Held[user]) }
	servers := modeltest.Paged(func(p query.Page) ([]dnsmodel.Server, int, error) {
		return r.Servers(ctx, c, dnsmodel.ServerFilter{}, p)
	})
	w.sameList(t, what("servers"), user, access.KindServer, ids(servers.Rows, func(s dnsmodel.Server) int64 { return s.ID }), servers.Total, modeltest.SortedKeys(w.Servers))
	zones := modeltest.Paged(func(p query.Page) ([]dnsmodel.Zone, int, error) { return r.Zones(ctx, c, dnsmodel.ZoneFilter{}, p) })
	w.sameList(t, what("zones"), user, access.KindZone, ids(zones.Rows, func(z dnsmodel.Zone) int64 { return z.ID }), zones.Total, modeltest.SortedKeys(w.Zones))
	named := modeltest.Paged(func(p query.Page) ([]dnsmodel.Zone, int, error) {
		return r.Zones(ctx, c, dnsmodel.ZoneFilter{Name: "1"}, p)
	})
	w.sameList(t, what("zones with a 1"), user, access.KindZone, ids(named.Rows, func(z dnsmodel.Zone) int64 { return z.ID }), named.Total,
		slices.DeleteFunc(modeltest.SortedKeys(w.Zones), func(id int64) bool { return !slices.Contains([]byte(w.Zones[id].Name), '1') }))
	records := func(f dnsmodel.RecordFilter) modeltest.Listed[dnsmodel.Record] {
		return modeltest.Paged(func(p query.Page) ([]dnsmodel.Record, int, error) { return r.Records(ctx, c, f, p) })
	}
	all := records(dnsmodel.RecordFilter{})
	w.sameList(t, what("records"), user, access.KindRecord, ids(all.Rows, func(r dnsmodel.Record) int64 { return r.ID }), all.Total, modeltest.SortedKeys(w.Records))
	for zone := range w.Zones {
		mine := records(dnsmodel.RecordFilter{ZoneID: &zone})
		w.sameList(t, what("records of a zone"), user, access.KindRecord, ids(mine.Rows, func(r dnsmodel.Record) int64 { return r.ID }), mine.Total,
			slices.DeleteFunc(modeltest.SortedKeys(w.Records), func(id int64) bool { return w.Records[id].ZoneID != zone }))
	}
	found, next, err := r.SearchRecords(ctx, c, dnsmodel.Search{Text: "h1", Before: math.MaxInt64, Limit: math.MaxInt}, time.Now().Add(time.Hour))
	if err != nil || next != 0 {
		t.Fatal(next, err)
	}
	w.sameList(t, what("records found"), user, access.KindRecord, ids(found, func(r dnsmodel.Record) int64 { return r.ID }), len(found),
		slices.DeleteFunc(modeltest.SortedKeys(w.Records), func(id int64) bool { return !strings.HasPrefix(w.Records[id].Host, "h1") }))
	var shown []int64
	if err := r.EachRecord(ctx, c, dnsmodel.RecordsWith{}, func(r dnsmodel.Record) error { shown = append(shown, r.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	w.sameList(t, what("records shown"), user, access.KindRecord, shown, len(shown), modeltest.SortedKeys(w.Records))
	seen := modeltest.Must(r.SearchZones(ctx, c, dnsmodel.Search{Text: "zone", Before: math.MaxInt64, Limit: math.MaxInt}))
	w.sameList(t, what("zones found"), user, access.KindZone, ids(seen, func(z dnsmodel.Zone) int64 { return z.ID }), len(seen), modeltest.SortedKeys(w.Zones))
	hosts := modeltest.Must(r.SearchServers(ctx, c, dnsmodel.Search{Text: "ns", Before: math.MaxInt64, Limit: math.MaxInt}))
	w.sameList(t, what("servers found"), user, access.KindServer, ids(hosts, func(s dnsmodel.Server) int64 { return s.ID }), len(hosts), modeltest.SortedKeys(w.Servers))
	w.compareTargets(t, user, servers.Rows, zones.Rows, all.Rows)
}

// TestThePastFollowsTheDomain compares, on random histories, what the lists of the past let through
// with what the domain decides now, for every user.
func TestThePastFollowsTheDomain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool, w := modeltest.Serving(t), world{modeltest.NewWorld(t, seed)}
			w.Live(400)
			modeltest.ApplyAll(t, pool, accessmodel.New(), "access", w.People.Events, 50)
			modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", w.Events, 50)
			for _, part := range []int{4, 2, 1} {
				at := w.Events[len(w.Events)/part-1].Position
				for user := domain.UserID(1); user <= modeltest.WorldUsers; user++ {
					w.comparePast(t, pool, user, at)
				}
			}
		})
	}
}

func (w world) comparePast(t *testing.T, pool *pgxpool.Pool, user domain.UserID, at domain.Position) {
	t.Helper()
	r, ctx, c := dnsmodel.NewReader(pool), query.AsOf(t.Context(), at), rights.NewCaller(user, w.Held[user])
	same := func(kind access.Kind, list func(rights.Caller) ([]int64, int)) {
		t.Helper()
		want, _ := list(rights.System())
		want = slices.DeleteFunc(want, func(id int64) bool { return !w.Sees(user, modeltest.Key{Kind: kind, ID: id}) })
		got, total := list(c)
		if !slices.Equal(got, want) || total != len(want) {
			t.Errorf("%s as of %d of user %d, roles %v: %v, total %d, want %v", kind, at, user, w.Held[user], got, total, want)
		}
	}
	same(access.KindServer, func(c rights.Caller) ([]int64, int) {
		rows, total := modeltest.MustPage(r.Servers(ctx, c, dnsmodel.ServerFilter{}, modeltest.PageOf(1, 1000)))
		for _, s := range rows {
			w.seesRow(t, user, s.Target, access.On(s.Target, access.OperationAccess))
		}
		return ids(rows, func(s dnsmodel.Server) int64 { return s.ID }), total
	})
	var zones []int64
	same(access.KindZone, func(c rights.Caller) ([]int64, int) {
		rows, total := modeltest.MustPage(r.Zones(ctx, c, dnsmodel.ZoneFilter{}, modeltest.PageOf(1, 1000)))
		for _, z := range rows {
			w.seesRow(t, user, z.Target, access.On(z.Target, access.OperationAccess))
		}
		zones = append(zones, ids(rows, func(z dnsmodel.Zone) int64 { return z.ID })...)
		return ids(rows, func(z dnsmodel.Zone) int64 { return z.ID }), total
	})
	records := func(f dnsmodel.RecordFilter) func(rights.Caller) ([]int64, int) {
		return func(c rights.Caller) ([]int64, int) {
			rows, total := modeltest.MustPage(r.Records(ctx, c, f, modeltest.PageOf(1, 1000)))
			for _, r := range rows[:min(len(rows), 20)] {
				w.seesRow(t, user, r.Target, access.OnRecord(r.Target, r.Zone, access.OperationAccess))
			}
			return ids(rows, func(r dnsmodel.Record) int64 { return r.ID }), total
		}
	}
	same(access.KindRecord, records(dnsmodel.RecordFilter{}))
	for _, zone := range zones {
		same(access.KindRecord, records(dnsmodel.RecordFilter{ZoneID: &zone}))
	}
}

// seesRow shows that a row has all that the domain needs to say who sees it.
func (w world) seesRow(t *testing.T, user domain.UserID, target access.Target, right access.Right) {
	t.Helper()
	key := modeltest.Key{Kind: target.Kind, ID: target.ID}
	if got, want := w.Actor(user).May(right), w.Sees(user, key); got != want {
		t.Errorf("user %d sees %s %d by the row: %v, by the log: %v", user, target.Kind, target.ID, got, want)
	}
}

func (w world) sameList(t *testing.T, what string, user domain.UserID, kind access.Kind, ids []int64, total int, all []int64) {
	t.Helper()
	want := slices.DeleteFunc(all, func(id int64) bool { return !w.May(user, modeltest.Key{Kind: kind, ID: id}, access.OperationAccess) })
	slices.Reverse(want)
	if !slices.Equal(ids, want) || total != len(want) {
		t.Errorf("%s: %v, total %d, want %v", what, ids, total, want)
	}
}

// compareTargets shows that a row has all that the domain needs to say what its reader may do.
func (w world) compareTargets(t *testing.T, user domain.UserID, servers []dnsmodel.Server, zones []dnsmodel.Zone, records []dnsmodel.Record) {
	t.Helper()
	actor := w.Actor(user)
	check := func(kind access.Kind, id int64, right func(access.Operation) access.Right) {
		for _, o := range []access.Operation{access.OperationAccess, access.OperationUpdate, access.OperationDelete} {
			if got, want := actor.May(right(o)), w.May(user, modeltest.Key{Kind: kind, ID: id}, o); got != want {
				t.Errorf("user %d may %s %s %d by the row: %v, by the log: %v", user, o, kind, id, got, want)
			}
		}
	}
	for _, s := range servers {
		check(access.KindServer, s.ID, func(o access.Operation) access.Right { return access.On(s.Target, o) })
	}
	for _, z := range zones {
		check(access.KindZone, z.ID, func(o access.Operation) access.Right { return access.On(z.Target, o) })
	}
	for _, r := range records[:min(len(records), 20)] {
		check(access.KindRecord, r.ID, func(o access.Operation) access.Right { return access.OnRecord(r.Target, r.Zone, o) })
	}
}
