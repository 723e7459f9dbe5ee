package deployment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/opsmodel"
)

// SameAsReplay wants the log, replayed into fresh read models in another database,
// to give the same rows in every table as the live ones have.
func (l *Log) SameAsReplay() {
	l.t.Helper()
	for {
		before := l.head()
		different := l.unlikeReplay()
		if len(different) > 0 && l.head().Position != before.Position {
			continue // what the system appends by itself came in between
		}
		for _, text := range different {
			l.t.Error(text)
		}
		return
	}
}

// unlikeReplay says which tables are not as they are when they are made anew.
func (l *Log) unlikeReplay() (different []string) {
	l.t.Helper()
	fresh := testkit.Postgres(l.t)
	models := l.models()
	if err := projections.Prepare(l.t.Context(), fresh, l.Store, models...); err != nil {
		l.t.Fatal(err)
	}
	for _, m := range models {
		schema := string(m.Context())
		l.caughtUp(m.Context())
		for _, table := range l.tables(fresh, schema) {
			want, got := l.rows(fresh, schema, table), l.rows(l.Pool, schema, table)
			if !slices.Equal(want, got) {
				different = append(different,
					fmt.Sprintf("%s.%s: %d rows live, %d made anew: %s", schema, table, len(got), len(want), firstDifference(got, want)))
			}
		}
	}
	return different
}

func (l *Log) head() eventstore.Head {
	l.t.Helper()
	head, err := l.Store.Head(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return head
}

// models are those that serve has by default, one for each context.
func (l *Log) models() []projections.Model {
	l.t.Helper()
	location, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		l.t.Fatal(err)
	}
	models := []projections.Model{
		accessmodel.New(), dnsmodel.New(oplog.NewUsernames(l.Store), location), opsmodel.New(oplog.NewUsernames(l.Store), location),
	}
	if len(models) != len(domain.Contexts()) {
		l.t.Errorf("%d read models of %d are compared", len(models), len(domain.Contexts()))
	}
	return models
}

// caughtUp waits until the live tables have all events of their context.
func (l *Log) caughtUp(of domain.Context) {
	l.t.Helper()
	head := l.head()
	testkit.Eventually(l.t, string(of)+" has all its events", func() bool {
		var at domain.Position
		err := l.Pool.QueryRow(l.t.Context(), "SELECT position FROM "+pgx.Identifier{string(of), "checkpoint"}.Sanitize()).Scan(&at)
		return err == nil && at >= head.Last[of]
	})
}

func (l *Log) tables(pool *pgxpool.Pool, schema string) []string {
	l.t.Helper()
	rows, _ := pool.Query(l.t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", schema)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		l.t.Fatalf("tables of %s: %v, %v", schema, tables, err)
	}
	return tables
}

// rows returns all rows as text, but for what is no part of the state: how far
// the tables are, and how many of the records whose zone or link is gone were taken
// to the past, which depends on when there was time for it.
func (l *Log) rows(pool *pgxpool.Pool, schema, table string) []string {
	l.t.Helper()
	sql := "SELECT t::text FROM " + pgx.Identifier{schema, table}.Sanitize() + " t"
	switch schema + "." + table {
	case schema + ".checkpoint", "dns.endings":
		return nil
	case "dns.records":
		sql += ` WHERE EXISTS (SELECT FROM dns.zone_views l WHERE (l.zone_id, l.view_id) = (t.zone_id, t.view_id)
			AND t.link = ANY (l.links) AND t.ends <> ALL (l.links))`
	case "dns.records_past": // those that ended before their link did
		sql += ` WHERE EXISTS (SELECT FROM (
				SELECT zone_id, view_id, links, since, NULL::bigint AS until FROM dns.zone_views
				UNION ALL SELECT zone_id, view_id, links, since, until FROM dns.zone_views_past) l
			WHERE (l.zone_id, l.view_id) = (t.zone_id, t.view_id) AND l.since <= t.until AND (l.until > t.until) IS NOT FALSE
			AND t.link = ANY (l.links) AND t.ends <> ALL (l.links))`
	}
	rows, _ := pool.Query(l.t.Context(), sql)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		l.t.Fatal(err)
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
