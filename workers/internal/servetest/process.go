// Package servetest runs what every serve process runs, whomever it serves, for
// tests on real PostgreSQL and JetStream: the log, its relay, and the read model of
// one context. The planes of the packages beside it add what serves their agents.
package servetest

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
)

// Process is one serve process. It is opened, connected and run, in this order.
type Process struct {
	t     testing.TB
	model projections.Model

	Pool     *pgxpool.Pool
	Store    *eventstore.Store
	NC       *nats.Conn
	JS       jetstream.JetStream
	Progress *projections.Progress
	// Sealer seals what the relay publishes, if there is one.
	Sealer eventstore.Sealer
	// Stop ends the process; the database and the NATS server stay.
	Stop func()
}

// Parts are functions that run until ctx ends, by name.
type Parts map[string]func(ctx context.Context) error

// Open opens the log.
func Open(t testing.TB, pool *pgxpool.Pool) *Process {
	t.Helper()
	p := &Process{t: t, Pool: pool}
	var err error
	p.Store, err = eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	p.Check(err)
	p.Stop = p.Store.Close
	return p
}

// Connect joins the bus and prepares the read model.
func (p *Process) Connect(server *embeddednats.Server, model projections.Model) {
	p.t.Helper()
	p.ConnectBy(testkit.Connect(p.t, server), eventstore.StreamConfig{}, model)
}

// ConnectBy is Connect by a connection to any bus, with the stream as it is to be there.
func (p *Process) ConnectBy(nc *nats.Conn, stream eventstore.StreamConfig, model projections.Model) {
	p.t.Helper()
	p.NC, p.model = nc, model
	var err error
	p.JS = testkit.JetStream(p.t, p.NC)
	p.Check(eventstore.EnsureStream(p.t.Context(), p.JS, p.Store, stream))
	p.Progress, err = projections.NewProgress(p.NC, p.Store.LogID())
	p.Check(err)
	p.Check(projections.Prepare(p.t.Context(), p.Pool, p.Store, model))
}

// Run runs the process with the given parts until Stop or the test's end.
func (p *Process) Run(more Parts) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	begin := func(parts Parts) {
		for name, run := range parts {
			running.Go(func() {
				if err := run(ctx); err != nil && ctx.Err() == nil {
					p.t.Errorf("%s ended: %v", name, err)
				}
			})
		}
	}
	log := slog.New(slog.DiscardHandler)
	begin(Parts{
		"store": p.Store.Run,
		"relay": eventstore.NewRelay(p.Store, p.JS, log, nil).WithSealer(p.Sealer).Run,
		"projection": projections.NewRunner(projections.RunnerConfig{
			Pool: p.Pool, Store: p.Store, JS: p.JS, Model: p.model, Progress: p.Progress, Log: log,
		}).Run,
	})
	begin(more)
	p.Stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		p.Progress.Close()
		p.Store.Close()
		p.NC.Close()
	})
	p.t.Cleanup(p.Stop)
}

// Check fails the test on an error.
func (p *Process) Check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// Append appends events and returns the position of the last.
func (p *Process) Append(events ...domain.Event) domain.Position {
	p.t.Helper()
	return p.Execute(testkit.Events(events))
}

// Execute executes a command of the system and returns the position of its last event.
func (p *Process) Execute(c domain.Command) domain.Position {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	receipt, err := p.Store.Execute(ctx, eventstore.Request{Door: domain.DoorSystem, Command: c, Actor: domain.System})
	p.Check(err)
	return receipt.Last
}

// Eventually polls for what has no signal.
func (p *Process) Eventually(what string, holds func() bool) {
	p.t.Helper()
	testkit.Eventually(p.t, what, holds)
}
