package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// arena is one database with two processes on it.
type arena struct {
	t      *testing.T
	stores [2]*eventstore.Store
}

func newArena(t *testing.T) *arena {
	t.Helper()
	url := testkit.PostgresURL(t)
	a := &arena{t: t}
	for i := range a.stores {
		a.stores[i] = runStore(t, deployment.OpenPool(t, url))
	}
	holdTransaction(t, deployment.OpenPool(t, url))
	return a
}

// runStore opens a store with a running writer, like a process of its own.
func runStore(t *testing.T, pool *pgxpool.Pool) *eventstore.Store {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := store.Run(ctx); err != nil {
			t.Errorf("event store: %v", err)
		}
	})
	t.Cleanup(func() { stop(); wg.Wait(); store.Close() })
	return store
}

// holdTransaction keeps a write transaction open that is older than everything the test does.
func holdTransaction(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // its pool closes after it
	if _, err := tx.Exec(t.Context(), "CREATE TABLE unrelated AS SELECT txid_current()"); err != nil {
		t.Fatal(err)
	}
}

// raceRounds is how many rounds each invariant has; `make soak` takes OPSLEDGER_TEST_RACES=300. A missing guard
// has two winners in nearly every round.
func raceRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("OPSLEDGER_TEST_RACES")
	if text == "" {
		return 50
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("OPSLEDGER_TEST_RACES: %v", err)
	}
	return n
}

func (a *arena) run(r race) {
	a.t.Helper()
	rounds := make([][]domain.Command, raceRounds(a.t))
	var before []domain.Event
	for i := range rounds {
		s := &scene{t: a.t, round: i}
		rounds[i] = r.prepare(s)
		before = append(before, s.before...)
	}
	if _, err := a.stores[0].Execute(a.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: testkit.Events(before)}); err != nil {
		a.t.Fatal(err)
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range raceWidth {
		wg.Go(func() {
			for i := range next {
				a.round(r, i, rounds[i])
			}
		})
	}
	for i := range rounds {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (a *arena) round(r race, round int, commands []domain.Command) {
	if len(commands) != racers {
		a.t.Errorf("%d racers", len(commands))
	}
	appended := a.race(commands)
	slices.SortFunc(appended, func(x, y domain.Recorded) int { return int(x.Position - y.Position) })
	settled := r.settled
	if settled == nil {
		settled = exactlyOne
	}
	if err := settled(appended); err != nil {
		a.t.Errorf("round %d: %v", round, err)
	}
}

// race lets all commands decide on one state before any of them may append,
// and returns the events of all.
func (a *arena) race(commands []domain.Command) []domain.Recorded {
	var mu sync.Mutex
	var appended []domain.Recorded
	line := newStartLine(len(commands))
	var wg sync.WaitGroup
	for i, c := range commands {
		wg.Go(func() {
			racer := &waiting{Command: c, line: line}
			receipt, err := a.stores[i%2].Execute(a.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: racer})
			racer.arrive() // if it never came to decide
			var refused *domain.Error
			if err != nil && !errors.As(err, &refused) {
				a.t.Errorf("racer %d: %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			appended = append(appended, receipt.Events...)
		})
	}
	wg.Wait()
	return appended
}

// startLine holds decisions until all of a round were made once.
type startLine struct{ decided sync.WaitGroup }

func newStartLine(n int) *startLine {
	l := &startLine{}
	l.decided.Add(n)
	return l
}

// waiting is a command whose first decision waits for those of the others.
type waiting struct {
	domain.Command
	first sync.Once
	line  *startLine
}

func (w *waiting) arrive() { w.first.Do(w.line.decided.Done) }

func (w *waiting) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := w.Command.Decide(h, env)
	w.arrive()
	w.line.decided.Wait()
	return events, err
}

func (w *waiting) Allocates() []domain.Sequence {
	if a, ok := w.Command.(domain.Allocator); ok {
		return a.Allocates()
	}
	return nil
}

func exactlyOne(appended []domain.Recorded) error {
	if len(appended) != 1 {
		return fmt.Errorf("%d winners: %+v", len(appended), appended)
	}
	return nil
}

// nothingAfter wants at most one event of the type end, and none of the other type after it.
func nothingAfter(end, other string) func([]domain.Recorded) error {
	return func(appended []domain.Recorded) error {
		ended := false
		for _, r := range appended {
			switch r.Event.EventType() {
			case end:
				if ended {
					return fmt.Errorf("%s twice: %+v", end, appended)
				}
				ended = true
			case other:
				if ended {
					return fmt.Errorf("%s after %s: %+v", other, end, appended)
				}
			}
		}
		if len(appended) == 0 {
			return errors.New("nobody won")
		}
		return nil
	}
}

// made builds a command of a constructor's results; what is built here is sound.
func made[C domain.Command](t *testing.T) func(C, error) domain.Command {
	return func(c C, err error) domain.Command {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return c
	}
}
