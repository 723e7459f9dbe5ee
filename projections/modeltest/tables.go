package modeltest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// Chain builds a log of one context by hand. Between its events lie others.
type Chain struct {
	Events   []domain.Recorded
	Position domain.Position
	// clock is the last position of all contexts, nil for a Chain that makes its own.
	clock *domain.Position
}

var firstEvent = time.Date(2026, 3, 1, 16, 30, 0, 0, time.UTC)

// shanghai is written out so that tests need no time zone data.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// Add appends an event of the actor and returns its position.
func (c *Chain) Add(actor domain.UserID, event domain.Event) domain.Position {
	prev := c.Position
	if c.clock == nil {
		c.Position += 1 + c.Position%2
	} else {
		*c.clock++
		c.Position = *c.clock
	}
	c.Events = append(c.Events, domain.Recorded{
		Position: c.Position, Prev: prev, Actor: actor, Event: event,
		At: firstEvent.Add(time.Duration(c.Position) * time.Second),
	})
	return c.Position
}

// InChanges returns the events as changes of some of them each.
func InChanges(events []domain.Recorded, seed uint64) []domain.Recorded {
	rng, grouped := rand.New(rand.NewPCG(seed, 2)), slices.Clone(events)
	for from := 0; from < len(grouped); {
		to := min(from+1+rng.IntN(4), len(grouped))
		for i := from; i < to; i++ {
			grouped[i].More, grouped[i].ChangeEnd = to-1-i, grouped[to-1].Position
		}
		from = to
	}
	return grouped
}

// PageOf is a page of the given number and size.
func PageOf(number, size int) query.Page { return query.Page{Number: number, Size: size} }

// someNames knows the users 1 to 9.
func someNames(_ context.Context, ids []domain.UserID) (map[domain.UserID]string, error) {
	names := map[domain.UserID]string{}
	for _, id := range ids {
		if id < 10 {
			names[id] = fmt.Sprintf("user%d", id)
		}
	}
	return names, nil
}

// NewDNS is the model of a program in Shanghai, which knows the users 1 to 9.
func NewDNS() *dnsmodel.Model { return dnsmodel.New(someNames, shanghai) }

// NewOps is the model of a program in Shanghai, which knows the users 1 to 9.
func NewOps() *opsmodel.Model { return opsmodel.New(someNames, shanghai) }

// Serving returns a database with the empty tables of all contexts.
func Serving(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, _ := testkit.PostgresWith(t, "serving", func(ctx context.Context, pool *pgxpool.Pool) (none struct{}, err error) {
		for schema, model := range map[string]projections.Model{"dns": NewDNS(), "access": accessmodel.New(), "ops": NewOps()} {
			err = errors.Join(err, makeTables(ctx, pool, model, schema))
		}
		return none, err
	})
	return pool
}

// MakeTables makes a model's empty tables and the checkpoint in a new schema.
func MakeTables(t testing.TB, pool *pgxpool.Pool, model projections.Model, schema string) {
	t.Helper()
	check(t, makeTables(t.Context(), pool, model, schema))
}

func makeTables(ctx context.Context, pool *pgxpool.Pool, model projections.Model, schema string) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		name := pgx.Identifier{schema}.Sanitize()
		sql := "CREATE SCHEMA " + name + "; CREATE TABLE " + name + ".checkpoint (position bigint NOT NULL)"
		if _, err := tx.Exec(ctx, sql+"; INSERT INTO "+name+".checkpoint VALUES (0)"); err != nil {
			return err
		}
		return model.Create(ctx, tx, schema)
	})
}

// ApplyAll applies the events in batches of the given size, or more where a change would be
// cut, as a runner does.
func ApplyAll(t testing.TB, pool *pgxpool.Pool, model projections.Model, schema string, events []domain.Recorded, size int) {
	t.Helper()
	for len(events) > 0 {
		n := min(size, len(events))
		for n < len(events) && events[n-1].More > 0 {
			n++
		}
		InTx(t, pool, func(ctx context.Context, tx pgx.Tx) error { return applyBatch(ctx, tx, model, schema, events[:n]) })
		events = events[n:]
	}
}

func applyBatch(ctx context.Context, tx pgx.Tx, model projections.Model, schema string, events []domain.Recorded) error {
	if err := model.Apply(ctx, tx, schema, events); err != nil {
		return err
	}
	sql := "UPDATE " + pgx.Identifier{schema, "checkpoint"}.Sanitize() + " SET position = $1"
	_, err := tx.Exec(ctx, sql, int64(events[len(events)-1].Position))
	return err
}

// Refused applies the events in a transaction of its own and returns the error.
func Refused(t testing.TB, pool *pgxpool.Pool, model projections.Model, schema string, events []domain.Recorded) error {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return applyBatch(t.Context(), tx, model, schema, events) })
	if err == nil {
		t.Error("impossible events were applied")
	}
	return err
}

// InTx runs f in a transaction.
func InTx(t testing.TB, pool *pgxpool.Pool, f func(context.Context, pgx.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return f(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// Must returns the value of a call that Must not fail.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// MustPage is [Must] for a page of a list.
func MustPage[T any](rows []T, total int, err error) ([]T, int) {
	if err != nil {
		panic(err)
	}
	return rows, total
}

// Same compares what was got with what is wanted.
func Same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", what, got, want)
	}
}

// Column returns one value of each row.
func Column[R, V any](rows []R, value func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// Listed is a list read page by page.
type Listed[T any] struct {
	Rows  []T
	Total int
}

// Paged reads two pages of seven rows, and the rest at once.
func Paged[T any](list func(query.Page) ([]T, int, error)) (all Listed[T]) {
	for page := PageOf(1, 7); ; page.Number++ {
		rows, total := MustPage(list(page))
		all.Rows, all.Total = append(all.Rows, rows...), total
		if len(rows) < page.Size {
			return all
		}
		if page.Number == 2 {
			rest, _ := MustPage(list(PageOf(1, 1000)))
			all.Rows = append(all.Rows, rest[14:]...)
			return all
		}
	}
}

// Registered is the registration of a user with all that is secret or personal.
func Registered(id domain.UserID, name string) access.UserRegistered {
	return access.UserRegistered{
		ID: id, Username: name, Source: access.SourceLocal, Mail: "sealed-mail", Nickname: "sealed-nick", Phone: "sealed-phone",
		Position: "sealed-position", Location: "sealed-location",
		Department: "运维部", MailDigest: "digest", PasswordHash: "hash-id", PersonalKey: "key-id",
	}
}

// Dump returns all rows of some tables. A condition, if there is one for a table,
// restricts its rows t.
func Dump(t testing.TB, pool *pgxpool.Pool, schema string, tables []string, conditions map[string]string) string {
	t.Helper()
	var out strings.Builder
	for _, table := range tables {
		rows, _ := pool.Query(t.Context(), "SELECT t::text FROM "+pgx.Identifier{schema, table}.Sanitize()+" t"+conditions[table]+" ORDER BY 1")
		lines := Must(pgx.CollectRows(rows, pgx.RowTo[string]))
		fmt.Fprintln(&out, table, len(lines))
		fmt.Fprintln(&out, strings.Join(lines, "\n"))
	}
	return out.String()
}

// FirstDifference returns the first lines that differ.
func FirstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return left[i] + "\n" + right[i]
		}
	}
	return "one has more"
}

// FollowsIndexes shows that a statement reads no more of a table than it must.
func FollowsIndexes(t testing.TB, pool *pgxpool.Pool, table, sql string, args []any) {
	t.Helper()
	rows, _ := pool.Query(t.Context(), "EXPLAIN "+sql, args...)
	plan := strings.Join(Must(pgx.CollectRows(rows, pgx.RowTo[string])), "\n")
	if strings.Contains(plan, "Seq Scan on "+table) || strings.Contains(plan, "Bitmap Heap Scan on "+table) {
		t.Errorf("more of %s is read than the page:\n%s", table, plan)
	}
}
