package modeltest

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
)

// Models makes the read models of a log.
type Models func(*eventstore.Store) []projections.Model

// Log is for [testkit.PostgresWith]: it fills a database with a log, the tables of its read models, and what
// begin has the running log append. To make all that anew for each test takes longer than most tests.
func Log[T any](models Models, begin func(context.Context, *pgxpool.Pool, *eventstore.Store) (T, error)) func(context.Context, *pgxpool.Pool) (T, error) {
	return func(ctx context.Context, pool *pgxpool.Pool) (begun T, err error) {
		store, err := open(ctx, pool)
		if err != nil {
			return begun, err
		}
		defer store.Close()
		if err := projections.Prepare(ctx, pool, store, models(store)...); err != nil {
			return begun, err
		}
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- store.Run(running) }()
		begun, err = begin(ctx, pool, store)
		stop()
		return begun, errors.Join(err, <-ended)
	}
}

// EmptyLog fills a database with a log that has no event, the partitions that the first one needs, and the
// tables of its read models.
func EmptyLog(models Models) func(context.Context, *pgxpool.Pool) (struct{}, error) {
	return Log(models, func(ctx context.Context, pool *pgxpool.Pool, _ *eventstore.Store) (struct{}, error) {
		_, err := pool.Exec(ctx, "SELECT log.extend(0, $1)", eventstore.DefaultPartitionSize)
		return struct{}{}, err
	})
}

func open(ctx context.Context, pool *pgxpool.Pool) (*eventstore.Store, error) {
	return eventstore.Open(ctx, eventstore.Config{Pool: pool, Codec: testkit.Codec(), Bound: dns.NewBounded, Complete: dns.InStages})
}
