package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// check compares, once everything has come to rest, what was acknowledged with
// the log, the read models, the read models made anew, and what named answers.
func (w *workload) check() {
	w.t.Helper()
	w.live()
	pool := openPool(w.t, w.serve.databaseURL())
	store := openLogOf(w.t, pool)
	w.checkLog(store)
	all := w.everything()
	w.checkRows(projections.NewReader(pool), all)
	w.checkPeople(projections.NewReader(pool), all)
	w.checkMachines(opsmodel.NewReader(pool), all)
	sameAsReplay(w.t, store, pool)
	w.checkNamed(all)
}

// openLogOf opens the log for reading.
func openLogOf(t *testing.T, pool *pgxpool.Pool) *eventstore.Store {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: newCodec()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// checkLog: every acknowledged write is in the log once, at its position, and
// nothing else is there that clients could have written, but for their logins.
func (w *workload) checkLog(store *eventstore.Store) {
	w.t.Helper()
	head, err := store.Head(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	missing, at := maps.Clone(w.acked), int64(0)
	err = store.Scan(w.t.Context(), 0, head.Position, func(page []protocol.Envelope) error {
		for _, e := range page {
			if at++; int64(e.Position) != at {
				return fmt.Errorf("event %d follows event %d", e.Position, at-1)
			}
			if e.Actor != access.AdminID || e.Type == (access.UserLoggedIn{}).EventType() {
				continue
			}
			if want := missing[at]; want != e.Type {
				w.t.Errorf("event %d is %s of command %s; acknowledged was %q", at, e.Type, e.CommandID, want)
			}
			delete(missing, at)
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
	if len(missing) > 0 {
		w.t.Errorf("acknowledged, but not in the log: %v", missing)
	}
	w.t.Logf("%d events, %d writes acknowledged", at, len(w.acked))
}

// everything unites what all clients have.
func (w *workload) everything() belongings {
	all := newBelongings()
	for _, c := range w.clients {
		maps.Copy(all.servers, c.own.servers)
		maps.Copy(all.views, c.own.views)
		maps.Copy(all.zones, c.own.zones)
		maps.Copy(all.records, c.own.records)
		maps.Copy(all.users, c.own.users)
		maps.Copy(all.roles, c.own.roles)
		maps.Copy(all.privileges, c.own.privileges)
		maps.Copy(all.machines, c.own.machines)
		maps.Copy(all.tasks, c.own.tasks)
		all.ran = append(all.ran, c.own.ran...)
		all.gone = append(all.gone, c.own.gone...)
		all.conf += c.own.conf // one client has it
	}
	return all
}

// checkRows: the read models hold what was acknowledged, each once.
func (w *workload) checkRows(r *projections.Reader, all belongings) {
	w.t.Helper()
	ctx := w.t.Context()
	servers := rowsOf(w, func(p projections.Page) ([]projections.Server, int, error) {
		return r.Servers(ctx, projections.System(), projections.ServerFilter{}, p)
	}, func(s projections.Server) (int64, dns.ServerData) { return s.ID, s.ServerData })
	maps.DeleteFunc(servers, func(_ int64, s dns.ServerData) bool { return s.IP == "127.0.0.1" }) // the agent's
	sameRows(w, "servers", servers, all.servers)
	views := rowsOf(w, func(p projections.Page) ([]projections.View, int, error) {
		return r.Views(ctx, projections.ViewFilter{}, p)
	}, func(v projections.View) (int64, dns.ViewData) { return v.ID, v.ViewData })
	sameRows(w, "views", views, all.views)
	zones := rowsOf(w, func(p projections.Page) ([]projections.Zone, int, error) {
		return r.Zones(ctx, projections.System(), projections.ZoneFilter{}, p)
	}, func(z projections.Zone) (int64, string) { return z.ID, fmt.Sprint(z.ZoneData) })
	sameRows(w, "zones", zones, textOf(all.zones))
	records := rowsOf(w, func(p projections.Page) ([]projections.Record, int, error) {
		return r.Records(ctx, projections.System(), projections.RecordFilter{}, p)
	}, func(x projections.Record) (int64, ownRecord) { return x.ID, ownRecord{x.ZoneID, x.RecordData} })
	sameRows(w, "records", records, all.records)
	if all.conf != "" {
		if conf, err := r.BindConf(ctx); err != nil || conf.Text != all.conf {
			w.t.Errorf("configuration %q, %v; acknowledged was %q", conf.Text, err, all.conf)
		}
	}
	told := len(w.positions(domain.ContextDNS, domain.ContextAccess))
	_, entries, err := r.Oplogs(ctx, projections.System(), projections.OplogFilter{Operator: "admin"}, projections.Page{Number: 1, Size: 1})
	if err != nil || entries != told {
		w.t.Errorf("%d entries in the operation log, %v; %d writes of which it tells acknowledged", entries, err, told)
	}
}

func textOf(zones map[int64]dns.ZoneData) map[int64]string {
	out := map[int64]string{}
	for id, z := range zones {
		out[id] = fmt.Sprint(z)
	}
	return out
}

// rowsOf reads all pages of a list.
func rowsOf[K comparable, R, V any](w *workload, list func(projections.Page) ([]R, int, error), row func(R) (K, V)) map[K]V {
	w.t.Helper()
	out := map[K]V{}
	for page := (projections.Page{Number: 1, Size: 1000}); ; page.Number++ {
		rows, total, err := list(page)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range rows {
			id, v := row(r)
			if _, twice := out[id]; twice {
				w.t.Errorf("%v is listed twice: %+v", id, v)
			}
			out[id] = v
		}
		if len(rows) < page.Size {
			if total != len(out) {
				w.t.Errorf("%d rows of %d", len(out), total)
			}
			return out
		}
	}
}

func sameRows[K, V comparable](w *workload, what string, got, want map[K]V) {
	w.t.Helper()
	for id, v := range want {
		if g, ok := got[id]; !ok || g != v {
			w.t.Errorf("%s: %v is %+v (%v), acknowledged was %+v", what, id, g, ok, v)
		}
	}
	for id, v := range got {
		if _, ok := want[id]; !ok {
			w.t.Errorf("%s: %v is there, but not what was acknowledged: %+v", what, id, v)
		}
	}
	w.t.Logf("%d %s", len(want), what)
}

// sameAsReplay: the log replayed into fresh read models, in another database,
// gives the same rows in every table as the live ones have.
func sameAsReplay(t *testing.T, store *eventstore.Store, live *pgxpool.Pool) {
	t.Helper()
	fresh := testkit.Postgres(t)
	location, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	models := newModels(store, Config{location: location})
	if err := projections.Prepare(t.Context(), fresh, store, models...); err != nil {
		t.Fatal(err)
	}
	for _, m := range models {
		schema := string(m.Context())
		caughtUp(t, store, live, m.Context())
		for _, table := range tablesOf(t, fresh, schema) {
			want, got := tableRows(t, fresh, schema, table), tableRows(t, live, schema, table)
			if !slices.Equal(want, got) {
				t.Errorf("%s.%s: %d rows live, %d made anew: %s", schema, table, len(got), len(want), firstDifference(got, want))
			}
		}
	}
}

// caughtUp waits until the live tables have all events of their context.
func caughtUp(t *testing.T, store *eventstore.Store, live *pgxpool.Pool, of domain.Context) {
	t.Helper()
	head, err := store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, string(of)+" has all its events", func() bool {
		var at domain.Position
		err := live.QueryRow(t.Context(), "SELECT position FROM "+pgx.Identifier{string(of), "checkpoint"}.Sanitize()).Scan(&at)
		return err == nil && at >= head.Last[of]
	})
}

func tablesOf(t *testing.T, pool *pgxpool.Pool, schema string) []string {
	t.Helper()
	rows, _ := pool.Query(t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", schema)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		t.Fatalf("tables of %s: %v, %v", schema, tables, err)
	}
	return tables
}

// tableRows returns all rows as text, but for what is no part of the state: how
// far the tables are, and how far the purge of records whose zone or link is
// gone came, which depends on when there was time for it.
func tableRows(t *testing.T, pool *pgxpool.Pool, schema, table string) []string {
	t.Helper()
	sql := "SELECT t::text FROM " + pgx.Identifier{schema, table}.Sanitize() + " t"
	switch schema + "." + table {
	case schema + ".checkpoint", "dns.purges":
		return nil
	case "dns.records":
		sql += ` WHERE EXISTS (SELECT FROM dns.zone_views l WHERE (l.zone_id, l.view_id, l.link) = (t.zone_id, t.view_id, t.link))`
	}
	rows, _ := pool.Query(t.Context(), sql)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return cmp.Or(strings.Join(a[min(len(a), len(b)):], "\n"), strings.Join(b[min(len(a), len(b)):], "\n"))
}
