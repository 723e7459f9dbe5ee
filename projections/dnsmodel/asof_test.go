package dnsmodel_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// TestAsOf shows invariant 4 of Model on random histories: at the end of each change, and at
// a position inside the change behind it, tables that hold all of the log answer as tables
// that hold no more than that; and as of the head they answer as they do now.
func TestAsOf(t *testing.T) {
	t.Parallel()
	// In these, records come back in the batch, and in the change, in which they were made or deleted.
	for i, seed := range []uint64{2, 7} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			m := modeltest.NewNaive(seed)
			m.Run(160)
			events := modeltest.InChanges(m.Events, seed)
			whole, growing := modeltest.Serving(t), modeltest.Serving(t)
			modeltest.ApplyAll(t, whole, modeltest.NewDNS(), "dns", events, 81-i*40)
			if i == 1 {
				purge(t, whole, modeltest.NewDNS(), "dns")
			}
			sameAnswers(t, whole, 0, growing, context.Background())
			for from := 0; from < len(events); {
				to := from + 1 + events[from].More
				if inside := events[to-1].Position - 1; to-from > 1 {
					sameState(t, inside, everything(t, query.AsOf(t.Context(), inside), whole, false), everything(t, t.Context(), growing, false))
				}
				modeltest.ApplyAll(t, growing, modeltest.NewDNS(), "dns", events[from:to], 1)
				sameAnswers(t, whole, events[to-1].Position, growing, context.Background())
				if from = to; t.Failed() {
					t.FailNow()
				}
			}
			sameAnswers(t, whole, m.Position, whole, context.Background())
		})
	}
}

func sameAnswers(t *testing.T, whole *pgxpool.Pool, p domain.Position, growing *pgxpool.Pool, now context.Context) {
	t.Helper()
	sameState(t, p, everything(t, query.AsOf(t.Context(), p), whole, true), everything(t, now, growing, true))
}

func sameState(t *testing.T, p domain.Position, got, want map[string]any) {
	t.Helper()
	for what := range want {
		if !reflect.DeepEqual(got[what], want[what]) {
			t.Errorf("as of %d, %s:\n%+v, want\n%+v", p, what, got[what], want[what])
		}
	}
	if len(got) != len(want) {
		t.Errorf("as of %d: %d answers, want %d", p, len(got), len(want))
	}
}

// everything is what the reader answers to whoever sees all. Contents are asked for at the ends
// of changes alone.
func everything(t *testing.T, ctx context.Context, pool *pgxpool.Pool, contents bool) map[string]any {
	t.Helper()
	r, all, page := dnsmodel.NewReader(pool), rights.System(), modeltest.PageOf(1, 1000)
	must := func(value any, err error) any {
		if errors.Is(err, query.ErrNotFound) {
			return "none"
		}
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	answers := map[string]any{
		"fleet":  must(r.Fleet(ctx)),
		"config": must(r.BindConf(ctx)),
	}
	views, order, err := r.MatchedViews(ctx)
	answers["order"] = must([]any{views, order}, err)
	servers, total, err := r.Servers(ctx, all, dnsmodel.ServerFilter{}, page)
	answers["servers"], answers["total of servers"] = must(asNow(servers, func(s *dnsmodel.Server) { s.Target.Name, s.Target.Gone = "", false }), err), total
	zones, total, err := r.Zones(ctx, all, dnsmodel.ZoneFilter{}, page)
	answers["zones"], answers["total of zones"] = must(asNow(zones, func(z *dnsmodel.Zone) { z.Target.Gone = false }), err), total
	records := func(f dnsmodel.RecordFilter) {
		rows, total, err := r.Records(ctx, all, f, page)
		text := fmt.Sprint("records ", f.ViewName)
		if f.ZoneID != nil {
			text += fmt.Sprint(" of zone ", *f.ZoneID)
		}
		answers[text], answers["total of "+text] = must(asNow(rows, bare), err), total
	}
	records(dnsmodel.RecordFilter{})
	for _, z := range zones {
		records(dnsmodel.RecordFilter{ZoneID: &z.ID})
		answers[fmt.Sprint("settings ", z.ID)] = must(r.ZoneSettings(ctx, z.ID))
		for i, view := range z.ViewIDs {
			if z.Type != dns.ZoneMaster || !contents {
				continue
			}
			if i == 0 {
				records(dnsmodel.RecordFilter{ZoneID: &z.ID, ViewName: z.ViewNames[i]})
			}
			answers[fmt.Sprint("content ", z.ID, view)] = must(content(ctx, r, z.ID, view))
		}
	}
	found, next, err := r.SearchRecords(ctx, all, dnsmodel.Search{Text: "1.team", Before: math.MaxInt64, Limit: 1000}, time.Now().Add(time.Hour))
	answers["found"] = must([]any{asNow(found, bare), next}, err)
	return answers
}

// bare leaves of a record what does not follow from rights, which are those of now.
func bare(r *dnsmodel.Record) {
	r.Zone.Gone, r.Target.Gone, r.Created = false, false, r.Created.UTC()
}

func asNow[T any](rows []T, bare func(*T)) []T {
	for i := range rows {
		bare(&rows[i])
	}
	return rows
}

// content is what a zone serves, with its serial.
func content(ctx context.Context, r *dnsmodel.Reader, zone, view int64) (served []any, err error) {
	err = r.Content(ctx, zone, view, func(c *dnsmodel.Content) error {
		served = append(served, c.Name, c.ViewName, c.Serial, c.Position, c.Settings, c.Fleet, c.Generated)
		return c.All(func(r dnsmodel.Record) error { bare(&r); served = append(served, r); return nil })
	})
	return served, err
}

// A search in the past steps to the next ids by the keys of both tables, and looks at no version
// for it.
func TestStepsInThePastFollowKeys(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	then := query.AsOf(t.Context(), 5)
	err := pgx.BeginFunc(then, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(then, "SET LOCAL enable_seqscan = off"); err != nil { // as with many rows
			return err
		}
		rows, err := query.Rows(then, tx, "EXPLAIN "+dnsmodel.NewestRecord(query.MomentOf(then)), math.MaxInt64)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan := strings.Join(lines, "\n")
		if strings.Count(plan, "Backward") != 2 || strings.Contains(plan, "since") {
			t.Error(plan)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What changes a server, but not what zones have of the servers, makes no version of that.
func TestFleetThatStays(t *testing.T) {
	t.Parallel()
	pool, log := modeltest.Serving(t), &modeltest.Chain{}
	log.Add(1, dns.FleetChanged{After: dns.FleetData{NS: []string{"ns.example.net."}, Addresses: []string{"192.0.2.53"}}})
	for id := range int64(5) {
		log.Add(1, dns.ServerCreated{ID: id + 1, Server: dns.ServerData{Host: fmt.Sprint("s", id), IP: fmt.Sprint("192.0.2.", id+1)}})
	}
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 2)
	versions, err := query.Only(t.Context(), pool, pgx.RowTo[int], "SELECT count(*) FROM dns.fleet_past")
	if err != nil || versions != 1 {
		t.Errorf("%d versions are over, %v", versions, err)
	}
}
