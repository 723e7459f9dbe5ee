package bench

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
)

// beside is a plane's log, open in this process as in another control plane of
// the same log: for what has no batch in the REST API, and for looking behind it.
type beside struct {
	*plane
	pool  *pgxpool.Pool
	store *eventstore.Store
}

// openBeside opens the plane's log until the Env ends.
func openBeside(ctx context.Context, e *Env, p *plane) (*beside, error) {
	pool, err := pgxpool.New(ctx, p.databaseURL)
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { pool.Close(); return nil })
	store, err := runStore(ctx, e, pool)
	return &beside{plane: p, pool: pool, store: store}, err
}

// runStore opens a log with all types of events; its writer runs until the Env ends.
func runStore(ctx context.Context, e *Env, pool *pgxpool.Pool) (*eventstore.Store, error) {
	codec := domain.NewCodec(access.Events(), dns.Events(), ops.Events())
	store, err := eventstore.Open(ctx, eventstore.Config{Pool: pool, Codec: codec, Log: e.Log})
	if err != nil {
		return nil, err
	}
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- store.Run(writing) }()
	e.Defer(func() error { stop(); err := <-done; store.Close(); return err })
	return store, nil
}

// carry has the admin's commands decided and appended together, so many at once.
func (b *beside) carry(ctx context.Context, atOnce, n int, command func(i int) []batch.Operation) ([]domain.Recorded, error) {
	var events []domain.Recorded
	for first := 0; first < n; first += atOnce {
		var operations []batch.Operation
		for i := first; i < min(n, first+atOnce); i++ {
			operations = append(operations, command(i)...)
		}
		together, err := batch.New(operations)
		if err != nil {
			return nil, err
		}
		receipt, err := b.store.Execute(ctx, eventstore.Request{Door: domain.DoorDNS, Command: together, Actor: access.AdminID})
		if err != nil {
			return nil, err
		}
		events = append(events, receipt.Events...)
	}
	return events, nil
}
