package eventstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A command is remembered for seven days, a refusal for one.
func TestLivesOfCommands(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s := run(t, pool)
	lives := map[uuid.UUID]time.Duration{uuid.New(): 7 * 24 * time.Hour, uuid.New(): 7 * 24 * time.Hour, uuid.New(): 24 * time.Hour}
	var done, nothing, refused uuid.UUID
	for id, life := range lives {
		switch {
		case life < 7*24*time.Hour:
			refused = id
		case done == uuid.Nil:
			done = id
		default:
			nothing = id
		}
	}
	keyed(t, s, done, note(noted{}))
	keyed(t, s, nothing, note())
	if err := s.SaveRefusal(t.Context(), refused, nil, eventstore.Refusal{Status: 400, Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	for id, want := range lives {
		var life time.Duration
		err := pool.QueryRow(t.Context(), "SELECT expires_at - recorded_at FROM cache.commands WHERE command_id = $1", id).Scan(&life)
		if err != nil || life != want {
			t.Errorf("a command lives for %v, %v; want %v", life, err, want)
		}
	}
}

// Two processes remove what has expired, more than a page, and nothing else. A
// command that was removed may be carried out again, one that is remembered may not.
func TestExpiredCommandsAreRemoved(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	stores := []*eventstore.Store{run(t, pool), run(t, pool)}
	old, young := uuid.New(), uuid.New()
	first := keyed(t, stores[0], old, note(noted{}))
	keyed(t, stores[0], young, note(noted{}))
	testExec(t, pool, "UPDATE cache.commands SET expires_at = now() - interval '1 s' WHERE command_id = $1", old)
	testExec(t, pool, `INSERT INTO cache.commands (command_id, fingerprint, first, last, recorded_at, expires_at)
		SELECT gen_random_uuid(), '', 0, 0, now(), now() - interval '1 h' FROM generate_series(1, 2500)`)

	ctx, stop := context.WithCancel(t.Context())
	var expiring sync.WaitGroup
	for _, s := range stores {
		expiring.Go(func() {
			if err := s.ExpireCommands(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	testkit.Eventually(t, "one command is left", func() bool {
		var n int
		return pool.QueryRow(t.Context(), "SELECT count(*) FROM cache.commands").Scan(&n) == nil && n == 1
	})
	stop()
	expiring.Wait()
	if again := keyed(t, stores[1], old, note(noted{})); again.Replayed || again.First == first.First {
		t.Errorf("what has expired is answered with %+v", again)
	}
	if again := keyed(t, stores[1], young, note(noted{})); !again.Replayed {
		t.Errorf("what is remembered was carried out again: %+v", again)
	}
}

// keyed executes a command under an id.
func keyed(t *testing.T, s *eventstore.Store, id uuid.UUID, command domain.Command) eventstore.Receipt {
	t.Helper()
	receipt, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: command, CommandID: id})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func testExec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
