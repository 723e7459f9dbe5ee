package bench

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/ops"
)

const (
	// throughLimit bounds the wait for the last task.
	throughLimit = 10 * time.Minute
	// throughLook is how often it is looked whether all are done.
	throughLook = 50 * time.Millisecond
	// throughAction is that of the tasks, and of no others.
	throughAction = "pretend"
)

// runThrough measures how many tasks go through many hosts.
func (c *tasksCase) runThrough(ctx context.Context, e *Env, s *starting) error {
	f, err := openFleet(ctx, e, s.plane, pretence{name: "through", block: 2, machines: map[int64]string{}, percents: c.percents, step: c.step})
	if err != nil {
		return err
	}
	if err := f.start(ctx, e, c.hosts); err != nil {
		return err
	}
	e.Progress("%d tasks through %d hosts", c.tasks, c.hosts)
	head, err := f.store.Head(ctx)
	if err != nil {
		return err
	}
	took, err := f.drive(ctx, c.tasks, c.batch)
	if err != nil {
		return err
	}
	written, err := f.written(ctx, head.Position)
	if err != nil {
		return err
	}
	bare, err := f.bare(ctx, e, written)
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params: []Field{{"part", "through"}, {"hosts", c.hosts}, {"tasks", c.tasks}},
		Result: []Field{
			{"completed_per_s", PerSecond(c.tasks, took.completing)}, {"with_creation_per_s", PerSecond(c.tasks, took.all)},
			{"accepting_s", took.accepting.Seconds()}, {"completing_s", took.completing.Seconds()},
			{"events", written.events}, {"percent_events", written.percents}, {"append_events", float64(written.events) / float64(max(written.appends, 1))},
			{"serve_cpu_s", took.cpu.Seconds()},
		},
		Baseline: []Field{{"events_per_s", bare.Rate()}},
		Ratio:    PerSecond(written.events, took.all) / bare.Rate(),
	})
}

// driveTimes are what tasks took from their creation on (all), from their
// acceptance on until they were done (completing), and of processor time of the
// control plane.
type driveTimes struct{ all, accepting, completing, cpu time.Duration }

// drive has tasks created, then accepted, and waits until the hosts have done them all.
func (f *fleet) drive(ctx context.Context, n, atOnce int) (took driveTimes, err error) {
	began, cpu := time.Now(), f.cpu()
	names, err := f.createTasks(ctx, n, atOnce)
	if err != nil {
		return took, err
	}
	created := time.Now()
	if err := f.accept(ctx, names, atOnce); err != nil {
		return took, err
	}
	took.accepting = time.Since(created)
	if err := f.awaitSucceeded(ctx, n); err != nil {
		return took, err
	}
	took.completing, took.all = time.Since(created), time.Since(began)
	took.cpu = f.cpu() - cpu
	return took, nil
}

// createTasks creates tasks for the hosts in turn and returns their names.
func (f *fleet) createTasks(ctx context.Context, n, atOnce int) ([]string, error) {
	hosts := slices.Sorted(maps.Keys(f.pretend.machines))
	creator, action, target, version, content, description := "admin", throughAction, "web", "7", "index.html", "made by bench"
	names := make([]string, n)
	_, err := f.carry(ctx, atOnce, n, func(i int) []batch.Operation {
		id := uuid.New()
		names[i] = hex.EncodeToString(id[:])
		ip := f.pretend.machines[hosts[i%len(hosts)]]
		return []batch.Operation{batch.Of(ops.NewCreateTask(names[i], ops.TaskInput{
			IP: &ip, Creator: &creator, Action: &action, Target: &target, Version: &version, Content: &content, Description: &description,
		}))}
	})
	return names, err
}

// accept has the tasks executed.
func (f *fleet) accept(ctx context.Context, names []string, atOnce int) error {
	_, err := f.carry(ctx, atOnce, len(names), func(i int) []batch.Operation {
		return []batch.Operation{batch.Of(ops.NewAcceptAttempt(names[i], "admin", ops.ModeUpdate, time.Hour, nil))}
	})
	return err
}

// awaitSucceeded waits until the read model has so many tasks, all succeeded.
func (f *fleet) awaitSucceeded(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, throughLimit)
	defer cancel()
	for {
		var all, succeeded, open int
		err := f.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE state = 'succeeded'),
			count(*) FILTER (WHERE state IN ('created', 'queued', 'running')) FROM ops.tasks WHERE action = $1`, throughAction).Scan(&all, &succeeded, &open)
		switch {
		case err != nil:
			return fmt.Errorf("%d of %d tasks succeeded: %w", succeeded, n, err)
		case succeeded == n && all == n:
			return nil
		case all == n && open == 0:
			return fmt.Errorf("%d of %d tasks succeeded, the others ended otherwise", succeeded, n)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d tasks succeeded: %w", succeeded, n, ctx.Err())
		case <-time.After(throughLook):
		}
	}
}

// writing is what a part of the log has.
type writing struct{ events, percents, appends int }

// written counts what was appended behind a position. Events of one append have one time.
func (b *beside) written(ctx context.Context, after domain.Position) (w writing, err error) {
	err = b.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE type = $2), count(DISTINCT recorded_at)
		FROM log.events WHERE position > $1`, int64(after), ops.AttemptProgressed{}.EventType()).Scan(&w.events, &w.percents, &w.appends)
	return w, err
}

// bare inserts as many events like the last of the log, in batches as large as
// its appends were on average.
func (b *beside) bare(ctx context.Context, e *Env, w writing) (Work, error) {
	rows, err := newBareRows(ctx, e, b.store, b.pool)
	if err != nil {
		return Work{}, err
	}
	size := max(1, w.events/max(w.appends, 1))
	return timed(func() (n int, err error) {
		for ; n < w.events && err == nil; n += size {
			err = rows.commit(ctx, size)
		}
		return n, err
	})
}
