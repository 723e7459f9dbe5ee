package opsmodel

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
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/query"
)

// chain is a log of the ops context.
type chain struct{ events []domain.Recorded }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// add appends events and returns the position of the last. Positions have gaps,
// as where other contexts' events lie in between.
func (c *chain) add(events ...domain.Event) domain.Position {
	for _, e := range events {
		prev := domain.Position(0)
		if n := len(c.events); n > 0 {
			prev = c.events[n-1].Position
		}
		c.events = append(c.events, domain.Recorded{
			Position: prev + 2, Prev: prev, Actor: 1, At: start.Add(time.Duration(len(c.events)) * time.Second), Event: e,
		})
	}
	return c.events[len(c.events)-1].Position
}

// serving returns a database with the model's empty tables.
func serving(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := testkit.Postgres(t)
	inTx(t, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "CREATE SCHEMA ops"); err != nil {
			return err
		}
		return newModel().Create(t.Context(), tx, "ops")
	})
	return pool
}

// newModel is the model of a program that knows all users.
func newModel() *Model {
	return New(func(_ context.Context, ids []domain.UserID) (map[domain.UserID]string, error) {
		names := map[domain.UserID]string{}
		for _, id := range ids {
			names[id] = fmt.Sprint("user", id)
		}
		return names, nil
	}, time.UTC)
}

func inTx(t *testing.T, pool *pgxpool.Pool, f func(pgx.Tx) error) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), pool, f); err != nil {
		t.Fatal(err)
	}
}

// apply applies the events in batches of the size.
func apply(t *testing.T, pool *pgxpool.Pool, events []domain.Recorded, size int) {
	t.Helper()
	for len(events) > 0 {
		n := min(size, len(events))
		inTx(t, pool, func(tx pgx.Tx) error { return newModel().Apply(t.Context(), tx, "ops", events[:n]) })
		events = events[n:]
	}
}

func taskName(n int64) string { return fmt.Sprintf("%032x", n) }

func created(n int64) domain.Event {
	return ops.TaskCreated{
		ID: n, Task: taskName(n), Machine: 1 + n%3, IP: fmt.Sprint("10.0.0.", 1+n%3), Creator: domain.UserID(2 + n%2), CreatorName: []string{"Wang", "li"}[n%2],
		Order: ops.Order{Action: []string{"update", "hello"}[n%2], Target: fmt.Sprint("web", n%5), Version: "7", Content: "a\nb"}, Description: "新页面",
	}
}

// step returns a next event of a task that its state allows, or none.
func step(random *rand.Rand, n int64, t ops.Task) domain.Event {
	name, attempt := taskName(n), t.Attempt.Number
	if !t.Exists {
		if t.ID != 0 && random.IntN(3) == 0 {
			return ops.TaskRestored{ID: n, Task: name, Machine: t.Machine}
		}
		return nil
	}
	if t.State.Open() || t.Attempt.Presumed {
		return []domain.Event{
			ops.CancelRequested{Task: name, Machine: t.Machine, Attempt: attempt},
			ops.AttemptStarted{Task: name, Machine: t.Machine, Attempt: attempt},
			ops.AttemptProgressed{Task: name, Machine: t.Machine, Attempt: attempt, Percent: random.IntN(100)},
			ops.AttemptFinished{Task: name, Machine: t.Machine, Attempt: attempt, Outcome: ops.Succeeded, Result: "好", Lines: 9},
			ops.AttemptFinished{Task: name, Machine: t.Machine, Attempt: attempt, Outcome: ops.Failed},
			ops.AttemptPresumed{Task: name, Machine: t.Machine, Attempt: attempt, Outcome: ops.Unknown},
		}[random.IntN(6)]
	}
	if random.IntN(4) == 0 {
		return ops.TaskDeleted{Task: name, Machine: t.Machine}
	}
	e := ops.AttemptAccepted{
		Task: name, Machine: t.Machine, Mode: ops.ModeUpdate, Executor: 3, ExecutorName: "li",
		Order: t.Order, Deadline: start.Add(time.Duration(random.IntN(100)) * time.Minute),
	}
	if t.State == ops.StateSucceeded {
		e.Mode, e.Of = ops.ModeRevert, t.Executed
	}
	return e
}

// randomTasks makes a log of many tasks and says what is to be seen at its end.
func randomTasks(seed uint64) (*chain, map[int64]ops.Task) {
	random := rand.New(rand.NewPCG(seed, 1))
	log, want := &chain{}, map[int64]ops.Task{}
	follow := func(n int64, e domain.Event) {
		log.add(e)
		task := want[n]
		task.Apply(log.events[len(log.events)-1])
		want[n] = task
	}
	next := int64(900) // across the border of two blocks
	for range 900 {
		if random.IntN(3) == 0 {
			next++
			follow(next, created(next))
			continue
		}
		n := 900 + random.Int64N(next-899)
		if e := step(random, n, want[n]); e != nil {
			follow(n, e)
		}
	}
	return log, want
}

// Whatever the batches, the rows are what the domain says of each task, and each
// page is the right part of the list.
func TestTasksAreWhatTheDomainSays(t *testing.T) {
	t.Parallel()
	for seed, size := range []int{1, 7, 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			pool := serving(t)
			log, want := randomTasks(uint64(seed))
			apply(t, pool, log.events, size)
			r := NewReader(pool)
			var all []Task
			for n := range int64(2000) {
				if task, ok := want[n]; ok && task.Exists {
					all = append(all, Task{Name: taskName(n), Task: task})
				}
			}
			for _, page := range [][2]int{{0, 10}, {0, 1000}, {len(all) / 2, 20}, {len(all) - 1, 5}, {len(all), 5}, {100000, 1}, {3, 0}} {
				rows, total, err := r.Tasks(t.Context(), TaskFilter{}, query.Range{Start: page[0], Count: page[1]})
				if err != nil || total != len(all) {
					t.Fatalf("page %v: total %d, want %d, %v", page, total, len(all), err)
				}
				from := min(page[0], len(all))
				same(t, rows, all[from:min(from+page[1], len(all))])
				rows, _, err = r.Tasks(t.Context(), TaskFilter{}, query.Range{Start: page[0], Count: page[1], Newest: true})
				if err != nil {
					t.Fatal(err)
				}
				slices.Reverse(rows)
				same(t, rows, all[max(0, len(all)-from-page[1]):len(all)-from])
			}
			checkFilters(t, r, all)
			checkCounts(t, r, all)
			checkWork(t, r, all)
		})
	}
}

// A block whose tasks were deleted has a row, whether they came and went in one
// batch or in two: rows do not depend on the batches.
func TestBlockOfDeletedTasks(t *testing.T) {
	t.Parallel()
	pool, log := serving(t), &chain{}
	for _, n := range []int64{1, 1001} {
		log.add(created(n))
		log.add(ops.TaskDeleted{Task: taskName(n), Machine: 1 + n%3})
	}
	apply(t, pool, log.events[:2], 1)
	apply(t, pool, log.events[2:], 2)
	var blocks, live int
	if err := pool.QueryRow(t.Context(), `SELECT count(*), sum(live) FROM ops.task_blocks`).Scan(&blocks, &live); err != nil || blocks != 2 || live != 0 {
		t.Errorf("%d blocks with %d tasks: %v", blocks, live, err)
	}
}

// checkWork compares what the workers ask.
func checkWork(t *testing.T, r *Reader, tasks []Task) {
	t.Helper()
	open := map[int64]int{}
	due := 0
	now := start.Add(50 * time.Minute)
	for _, task := range tasks {
		if task.State.Open() {
			open[task.Machine]++
		}
		if (task.State == ops.StateQueued || task.State == ops.StateRevertQueued) && !task.Attempt.Deadline.After(now) {
			due++
		}
	}
	attempts, err := r.OpenBefore(t.Context(), start.Add(time.Hour))
	if err != nil {
		t.Error(err)
	}
	for _, a := range attempts {
		open[a.Machine]--
	}
	for machine, n := range open {
		if n != 0 {
			t.Errorf("machine %d: %d open attempts too few", machine, n)
		}
	}
	open = map[int64]int{}
	begun := 0
	for _, task := range tasks {
		if task.State.Open() {
			open[task.Machine]++
			if task.Attempt.Begun {
				begun++
			}
		}
	}
	if list, err := r.Running(t.Context(), []int64{1, 2, 3}); err != nil || len(list) != begun {
		t.Errorf("%d running, want %d, %v", len(list), begun, err)
	}
	for machine, n := range open {
		if list, err := r.Open(t.Context(), machine); err != nil || len(list) != n {
			t.Errorf("machine %d: %d open, want %d, %v", machine, len(list), n, err)
		}
	}
	if list, err := r.Due(t.Context(), now, 1000); err != nil || len(list) != due {
		t.Errorf("%d due, want %d, %v", len(list), due, err)
	}
}

func same[T any](t *testing.T, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("row %d is\n%+v, want\n%+v", i, got[i], want[i])
		}
	}
}

func TestMachines(t *testing.T) {
	t.Parallel()
	a := ops.MachineData{Name: "a", InsideIP: "10.0.0.1", OutsideIP: "192.0.2.1", Usage: "web", Location: "here"}
	b := ops.MachineData{Name: "b", InsideIP: "10.0.0.2", OutsideIP: "10.0.0.2", Usage: "db", Initialized: 1, Location: "there"}
	spare, swappedA, swappedB := a, a, b
	spare.Name, swappedA.Name, swappedB.Name = "c", "b", "a"
	for _, size := range []int{1, 100} {
		pool := serving(t)
		log := &chain{}
		log.add(ops.MachineAdded{ID: 1, Machine: a}, ops.MachineAdded{ID: 2, Machine: b})
		enrolled := log.add(ops.HostEnrolled{ID: 2})
		log.add(
			ops.MachineUpdated{ID: 1, Before: a, After: spare}, ops.MachineUpdated{ID: 2, Before: b, After: swappedB},
			ops.MachineUpdated{ID: 1, Before: spare, After: swappedA},
			ops.MachineAdded{ID: 3, Machine: ops.MachineData{Name: "x"}}, ops.MachineDeleted{ID: 3, Machine: ops.MachineData{Name: "x"}},
		)
		apply(t, pool, log.events, size)
		r := NewReader(pool)
		want := []Machine{
			{ID: 1, MachineData: swappedA, Changed: 12}, {ID: 2, MachineData: swappedB, Enrolled: true, Enrolment: enrolled, Changed: 10},
		}
		rows, total, err := r.Machines(t.Context(), query.Range{Count: 10})
		if err != nil || total != 2 {
			t.Fatal(total, err)
		}
		same(t, rows, want)
		if m, err := r.MachineByIP(t.Context(), "192.0.2.1"); err != nil || m.ID != 1 {
			t.Error(m, err)
		}
		if m, err := r.MachineByName(t.Context(), "a"); err != nil || m.ID != 2 {
			t.Error(m, err)
		}
		if _, err := r.MachineByName(t.Context(), "x"); !errors.Is(err, query.ErrNotFound) {
			t.Error(err)
		}
		if list, err := r.Enrolled(t.Context()); err != nil || len(list) != 1 || list[0].ID != 2 {
			t.Error(list, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	key := ops.AccountKey{User: 2, Username: "Wang", Key: "ssh-ed25519 AAAA"}
	log := &chain{}
	log.add(ops.MachineAdded{ID: 1, Machine: ops.MachineData{Name: "a", InsideIP: "10.0.0.1", OutsideIP: "192.0.2.1"}})
	log.add(ops.UserKeysChanged{User: 2, Before: []string{}, After: []string{key.Key}})
	log.add(ops.AccountGranted{User: 2, Username: "Wang", Machine: 1, IP: "192.0.2.1", Account: "root"})
	log.add(ops.AccountKeysSet{Machine: 1, Account: "root", Keys: []ops.AccountKey{key}})
	log.add(ops.AccountKeysSet{Machine: 1, Account: "web", Keys: []ops.AccountKey{}})
	apply(t, pool, log.events, 100)
	r, ctx := NewReader(pool), t.Context()
	want := Grant{User: 2, Username: "Wang", Machine: 1, IP: "192.0.2.1", Account: "root"}
	for who, ask := range map[string]func() ([]Grant, error){
		"user": func() ([]Grant, error) { return r.GrantsOf(ctx, "wang") },
		"ip":   func() ([]Grant, error) { return r.GrantsAt(ctx, "10.0.0.1") },
	} {
		if list, err := ask(); err != nil || len(list) != 1 || list[0] != want {
			t.Errorf("%s: %v, %v", who, list, err)
		}
	}
	if sets, err := r.KeysOnMachine(ctx, 1); err != nil || len(sets) != 2 || len(sets[0].Keys) != 1 || sets[0].Keys[0] != key {
		t.Errorf("%+v, %v", sets, err)
	}
	before := ops.MachineData{Name: "a", InsideIP: "10.0.0.1", OutsideIP: "192.0.2.1"}
	log.add(ops.MachineUpdated{ID: 1, Before: before, After: ops.MachineData{Name: "a", InsideIP: "10.0.0.7", OutsideIP: "192.0.2.7"}})
	apply(t, pool, log.events[5:], 1)
	if list, err := r.GrantsOf(ctx, "wang"); err != nil || len(list) != 1 || list[0].IP != "10.0.0.7" {
		t.Error("a machine is named by an address that it no longer has", list, err)
	}
	log.add(ops.AccountRevoked{User: 2, Username: "Wang", Machine: 1, Account: "root"})
	log.add(ops.AccountKeysSet{Machine: 1, Account: "root", Keys: []ops.AccountKey{}})
	apply(t, pool, log.events[6:], 1)
	if list, err := r.GrantsOf(ctx, "Wang"); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	for second, keys := range map[int]int{2: -1, 3: 1, 6: 1, 7: 0} {
		set, err := r.KeysAt(ctx, 1, "root", start.Add(time.Duration(second)*time.Second))
		if keys < 0 {
			if !errors.Is(err, query.ErrNotFound) {
				t.Error(err)
			}
		} else if err != nil || len(set.Keys) != keys {
			t.Errorf("after %d s: %+v, %v", second, set, err)
		}
	}
	if keys, err := r.KeysOf(ctx, 2); err != nil || len(keys) != 1 {
		t.Error(keys, err)
	}
}

func TestImpossibleEvents(t *testing.T) {
	t.Parallel()
	pool := serving(t)
	log := &chain{}
	log.add(created(1))
	apply(t, pool, log.events, 1)
	for says, event := range map[string]domain.Event{
		"duplicate key": created(1),
		"task " + taskName(9) + " does not exist": ops.TaskDeleted{Task: taskName(9)},
		"machine 9 does not exist":                ops.MachineDeleted{ID: 9},
	} {
		next := &chain{events: log.events[:1:1]}
		next.add(event)
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return newModel().Apply(t.Context(), tx, "ops", next.events[1:]) })
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return newModel().Apply(t.Context(), tx, "ops", log.events) })
	if err == nil || !strings.Contains(err.Error(), "predecessor") {
		t.Errorf("an event applied twice: %v", err)
	}
}
