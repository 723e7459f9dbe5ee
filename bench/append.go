package bench

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"
)

// Append measures how many conditional appends the log takes.
func Append() Case {
	var c appendCase
	return Case{
		Name:  "append",
		Usage: "record creations decided and appended, next to the same rows inserted without any check",
		Description: `Each writer repeats: build the command of a record creation, decide it on the log (actor, zone, view and the
names beside it are the condition), append one event with three tags and full metadata under an idempotency key of
its own, wait for the commit. Names are new, zones are taken in turn. What is timed is all of that, in this process.
The baseline inserts rows that such appends wrote (events, tags, commands) by unnest in one transaction for each
batch, in batches as large as the writer's were on average, without positions to give, conditions, look-ups, partitions
or triggers, from one connection and without anything to decide. Both take turns on one server that syncs each commit.
Writers, store and PostgreSQL share the machine's processors: what the writers themselves compute counts against the
store, as it does in a process that serves.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "writers", Usage: "concurrent writers, one line each", Value: "1,16,64,256", Destination: &c.writers},
			&cli.DurationFlag{Name: "duration", Usage: "of each measurement", Value: 3 * time.Second, Destination: &c.duration},
			&cli.IntFlag{Name: "rounds", Usage: "turns of each line", Value: 3, Destination: &c.rounds},
			&cli.IntFlag{Name: "zones", Usage: "zones that records are added to", Value: 1000, Destination: &c.zones},
		},
		Tiny: []string{"--writers", "1,4", "--duration", "20ms", "--rounds", "1", "--zones", "3"},
		Run:  c.run,
	}
}

type appendCase struct {
	writers       string
	duration      time.Duration
	rounds, zones int
}

func (c *appendCase) run(ctx context.Context, e *Env) error {
	counts, err := numbers("--writers", c.writers)
	if err != nil {
		return err
	}
	s, err := newEstate(ctx, e, c.zones)
	if err != nil {
		return err
	}
	// Plans, caches and the server's own files get warm.
	if _, err := s.append(ctx, 64, c.duration/3, new(Latencies)); err != nil {
		return err
	}
	bare, err := newBareRows(ctx, e, s.store, s.pool)
	if err != nil {
		return err
	}
	for _, writers := range counts {
		if err := c.line(ctx, e, s, bare, writers); err != nil {
			return err
		}
	}
	return nil
}

func (c *appendCase) line(ctx context.Context, e *Env, s *estate, bare *bareRows, writers int) error {
	e.Progress("append: %d writers", writers)
	var took, bareTook Latencies
	var batches, events int64
	store, base, err := AB(ctx, c.rounds,
		func(ctx context.Context) (Work, error) {
			b, n := s.batches.Load(), s.events.Load()
			w, err := s.append(ctx, writers, c.duration, &took)
			batches, events = batches+s.batches.Load()-b, events+s.events.Load()-n
			return w, err
		},
		func(ctx context.Context, _ Work) (Work, error) {
			return bare.insert(ctx, int((events+batches/2)/max(batches, 1)), c.duration, &bareTook)
		})
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params: []Field{{"writers", writers}},
		Result: append([]Field{{"events_per_s", store.Rate()}, {"batch", float64(events) / float64(max(batches, 1))}}, took.Fields()...),
		Baseline: []Field{
			{"events_per_s", base.Rate()}, {"batch_p50_ms", Milliseconds(bareTook.Percentile(50))},
		},
		Ratio: store.Rate() / base.Rate(),
	})
}

// append lets writers add records for a while.
func (s *estate) append(ctx context.Context, writers int, during time.Duration, took *Latencies) (Work, error) {
	return timed(func() (int, error) {
		var n atomic.Int64
		group, ctx := errgroup.WithContext(ctx)
		end := time.Now().Add(during)
		for range writers {
			group.Go(func() error {
				var own []time.Duration
				defer func() { took.Add(own...); n.Add(int64(len(own))) }()
				for start := time.Now(); start.Before(end); {
					if err := s.addRecord(ctx); err != nil {
						return err
					}
					now := time.Now()
					own, start = append(own, now.Sub(start)), now
				}
				return nil
			})
		}
		err := group.Wait()
		return int(n.Load()), err
	})
}
