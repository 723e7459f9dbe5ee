package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestPrepare(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.tell(t, mixed(1_200)...)
	prepare := func(m Model) error { return Prepare(t.Context(), p.pool, p.store, m) }
	if err := prepare(&diary{}); err != nil {
		t.Fatal(err)
	}
	p.complete(t, 1) // without a runner
	identity := func() (oid uint32) {
		if err := p.pool.QueryRow(t.Context(), `SELECT 'dns.pages'::regclass::oid`).Scan(&oid); err != nil {
			t.Fatal(err)
		}
		return oid
	}
	first := identity()
	if err := prepare(&diary{}); err != nil || identity() != first {
		t.Errorf("tables that fit were made anew, %v", err)
	}
	if err := prepare(&diary{version: 2}); err != nil {
		t.Fatal(err)
	}
	p.complete(t, 2)
	second := identity()
	if err := prepare(&diary{}); err == nil || !strings.Contains(err.Error(), "newer") || identity() != second {
		t.Errorf("an older program touched newer tables, %v", err)
	}
	if _, err := p.pool.Exec(t.Context(), `UPDATE dns.checkpoint SET log = gen_random_uuid(), version = 9, position = 1000000`); err != nil {
		t.Fatal(err)
	}
	if err := prepare(&diary{version: 2}); err != nil {
		t.Fatal(err)
	}
	p.complete(t, 2)
	if _, err := p.pool.Exec(t.Context(), `DELETE FROM dns.checkpoint`); err != nil {
		t.Fatal(err)
	}
	if err := prepare(&diary{version: 2}); err != nil {
		t.Fatal(err)
	}
	p.complete(t, 2)
}

// A rebuild runs while events are appended, applied by another process's runner,
// and read. Readers find all tables at any moment, with all that they found before.
func TestRebuildWhileServing(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.tell(t, mixed(2_000)...)
	r := p.process(t, &diary{})
	var appended atomic.Int64
	stopAppending := testkit.Background(t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			appended.Store(int64(p.tell(t, mixed(3)...)))
			backoff.Sleep(ctx, time.Millisecond)
		}
		return nil
	})
	for range 2 {
		testkit.Background(t, func(ctx context.Context) error { return readAlong(ctx, p.pool) })
	}
	for round := range 2 {
		var reached, head domain.Position
		err := Rebuild(t.Context(), p.pool, p.store, &diary{}, func(at, of domain.Position) {
			if at < reached || of < at {
				t.Errorf("progress went from %d to %d of %d", reached, at, of)
			}
			reached, head = at, of
		})
		if err != nil {
			t.Fatal(err)
		}
		if reached == 0 || reached != head {
			t.Errorf("round %d: the last progress was %d of %d", round, reached, head)
		}
		r.await(t, domain.Position(appended.Load()))
	}
	stopAppending()
	r.await(t, domain.Position(appended.Load()))
	p.complete(t, 1)
	var left int
	if err := p.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname IN ('dns_next', 'dns_old')`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
}

// readAlong checks what readers rely on, until ctx ends.
func readAlong(ctx context.Context, pool *pgxpool.Pool) error {
	var before, pages int64
	for ctx.Err() == nil {
		var now, position int64
		err := pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM dns.pages), position FROM dns.checkpoint`).Scan(&now, &position)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("a reader failed: %w", err)
		}
		if position < before || now < pages {
			return fmt.Errorf("a reader saw position %d with %d pages after %d with %d", position, now, before, pages)
		}
		before, pages = position, now
		backoff.Sleep(ctx, 100*time.Microsecond)
	}
	return nil
}

// A rebuild that dies leaves its half-built tables to the next one, and the old
// tables to their readers.
func TestRebuildDies(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	r := p.process(t, &diary{})
	r.await(t, p.tell(t, mixed(1_500)...))
	ctx, cancel := context.WithCancel(t.Context())
	err := Rebuild(ctx, p.pool, p.store, &diary{before: func(context.Context) error { cancel(); return nil }}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if _, err := readCheckpoint(t.Context(), p.pool, "dns_next"); err != nil {
		t.Errorf("the test is void, nothing half-built is left: %v", err)
	}
	p.complete(t, 1)

	err = Rebuild(t.Context(), p.pool, p.store, &diary{refuse: func(domain.Recorded) error { return errRefused }}, nil)
	if !errors.Is(err, errRefused) {
		t.Errorf("error %v, want the model's", err)
	}
	r.await(t, p.tell(t, mixed(10)...))
	p.complete(t, 1)

	if err := Rebuild(t.Context(), p.pool, p.store, &diary{}, nil); err != nil {
		t.Fatal(err)
	}
	r.await(t, p.tell(t, mixed(10)...))
	p.complete(t, 1)
}

func TestOneRebuildAtATime(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.process(t, &diary{})
	p.tell(t, mixed(3)...)
	var inner error
	err := Rebuild(t.Context(), p.pool, p.store, &diary{before: func(ctx context.Context) error {
		inner = Rebuild(ctx, p.pool, p.store, &diary{}, nil)
		return nil
	}}, nil)
	if err != nil || !errors.Is(inner, ErrRebuilding) {
		t.Errorf("the first: %v, the second: %v, want ErrRebuilding", err, inner)
	}
}

// While the switch applies what is missing, no runner can apply to the old tables.
func TestSwitchHoldsTheOldCheckpoint(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	if err := Prepare(t.Context(), p.pool, p.store, &diary{}); err != nil {
		t.Fatal(err)
	}
	p.tell(t, mixed(3)...) // few enough to be left to the switch
	var held error
	err := Rebuild(t.Context(), p.pool, p.store, &diary{before: func(ctx context.Context) error {
		_, held = p.pool.Exec(ctx, `SELECT FROM dns.checkpoint FOR UPDATE NOWAIT`)
		return nil
	}}, nil)
	var pg *pgconn.PgError
	if err != nil || !errors.As(held, &pg) || pg.Code != "55P03" {
		t.Errorf("%v; the old checkpoint's lock was taken by another: %v", err, held)
	}
}

// A runner whose checkpoint was moved by another, or that had begun to wait for it
// when the tables were replaced, must not touch the tables.
func TestCheckpointIsFenced(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	if err := Prepare(t.Context(), p.pool, p.store, &diary{}); err != nil {
		t.Fatal(err)
	}
	row, err := readCheckpoint(t.Context(), p.pool, "dns")
	if err != nil {
		t.Fatal(err)
	}
	move := func(from checkpoint) bool {
		ok, err := moveCheckpoint(t.Context(), p.pool, "dns", from, from.position+1)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	for name, from := range map[string]checkpoint{
		"position": {position: 5, log: row.log, version: row.version},
		"log":      {log: uuid.New(), version: row.version},
		"version":  {log: row.log, version: row.version + 1},
	} {
		if move(from) {
			t.Errorf("moved by a runner that is wrong about the %s", name)
		}
	}
	if !move(row) || move(row) {
		t.Error("the same step was not taken exactly once")
	}
	if err := retireCheckpoint(t.Context(), p.pool, "dns"); err != nil {
		t.Fatal(err)
	}
	row.position++
	if move(row) {
		t.Error("moved after it was retired")
	}
}
