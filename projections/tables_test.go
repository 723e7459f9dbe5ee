package projections

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// chain builds a log of one context by hand. Between its events lie others.
type chain struct {
	events   []domain.Recorded
	position domain.Position
	// clock is the last position of all contexts, nil for a chain that makes its own.
	clock *domain.Position
}

var firstEvent = time.Date(2026, 3, 1, 16, 30, 0, 0, time.UTC)

// shanghai is written out so that tests need no time zone data.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// add appends an event of the actor and returns its position.
func (c *chain) add(actor domain.UserID, event domain.Event) domain.Position {
	prev := c.position
	if c.clock == nil {
		c.position += 1 + c.position%2
	} else {
		*c.clock++
		c.position = *c.clock
	}
	c.events = append(c.events, domain.Recorded{
		Position: c.position, Prev: prev, Actor: actor, Event: event,
		At: firstEvent.Add(time.Duration(c.position) * time.Second),
	})
	return c.position
}

// pageOf is a page of the given number and size.
func pageOf(number, size int) Page { return Page{Number: number, Size: size} }

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

func newDNS() *DNSModel { return NewDNSModel(someNames, shanghai) }

// serving returns a database with the empty tables of both contexts.
func serving(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := testkit.Postgres(t)
	makeTables(t, pool, newDNS(), "dns")
	makeTables(t, pool, NewAccessModel(), "access")
	return pool
}

func makeTables(t testing.TB, pool *pgxpool.Pool, model Model, schema string) {
	t.Helper()
	inTx(t, pool, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize()); err != nil {
			return err
		}
		if err := createCheckpoint(ctx, tx, schema, uuid.UUID{1}, model.Version()); err != nil {
			return err
		}
		return model.Create(ctx, tx, schema)
	})
}

// applyAll applies the events in batches of the given size, as a runner does.
func applyAll(t testing.TB, pool *pgxpool.Pool, model Model, schema string, events []domain.Recorded, size int) {
	t.Helper()
	for len(events) > 0 {
		n := min(size, len(events))
		inTx(t, pool, func(ctx context.Context, tx pgx.Tx) error { return applyBatch(ctx, tx, model, schema, events[:n]) })
		events = events[n:]
	}
}

func applyBatch(ctx context.Context, tx pgx.Tx, model Model, schema string, events []domain.Recorded) error {
	if err := model.Apply(ctx, tx, schema, events); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE "+checkpointTable(schema)+" SET position = $1", int64(events[len(events)-1].Position))
	return err
}

// refused applies the events in a transaction of its own and returns the error.
func refused(t testing.TB, pool *pgxpool.Pool, model Model, schema string, events []domain.Recorded) error {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return applyBatch(t.Context(), tx, model, schema, events) })
	if err == nil {
		t.Error("impossible events were applied")
	}
	return err
}

func inTx(t testing.TB, pool *pgxpool.Pool, f func(context.Context, pgx.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return f(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// must returns the value of a call that must not fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
