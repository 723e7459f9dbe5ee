// Package planetest runs a whole control plane for tests, on real PostgreSQL and
// JetStream: log, relay, read model of the dns context, roster, consumers,
// snapshots and reporter; everything but the API.
package planetest

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/workers/consumers"
	"github.com/opsledger/opsledger/workers/reporter"
	"github.com/opsledger/opsledger/workers/roster"
	"github.com/opsledger/opsledger/workers/snapshots"
)

// Plane is what one serve process runs for its agents.
type Plane struct {
	t        testing.TB
	Pool     *pgxpool.Pool
	Server   *embeddednats.Server
	NC       *nats.Conn
	JS       jetstream.JetStream
	Store    *eventstore.Store
	Vault    *vault.Vault
	Reader   *projections.Reader
	Progress *projections.Progress
	Roster   *roster.Servers
	Reporter *reporter.Reporter

	keyFile string
	stop    func()
}

// Start starts a control plane on a database and a NATS server of its own.
func Start(t testing.TB) *Plane {
	t.Helper()
	return start(t, testkit.Postgres(t), testkit.NATSServer(t), filepath.Join(t.TempDir(), "vault.key"))
}

// Beside starts another process of the same control plane.
func (p *Plane) Beside() *Plane {
	p.t.Helper()
	return start(p.t, p.Pool, p.Server, p.keyFile)
}

func start(t testing.TB, pool *pgxpool.Pool, server *embeddednats.Server, keyFile string) *Plane {
	t.Helper()
	p := &Plane{t: t, Pool: pool, Server: server, NC: testkit.Connect(t, server), Reader: projections.NewReader(pool), keyFile: keyFile}
	log := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	p.stop = sync.OnceFunc(func() { cancel(); running.Wait(); p.Progress.Close(); p.Store.Close() })
	var err error
	check := func() {
		t.Helper()
		if err != nil {
			cancel()
			t.Fatal(err)
		}
	}
	p.JS, err = jetstream.New(p.NC)
	check()
	p.Store, err = eventstore.Open(ctx, eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	check()
	p.Vault, err = vault.Open(pool, keyFile)
	check()
	err = eventstore.EnsureStream(ctx, p.JS, p.Store, eventstore.StreamConfig{})
	check()
	p.Progress, err = projections.NewProgress(p.NC, p.Store.LogID())
	check()
	model := projections.NewDNSModel(projections.NewUsernames(p.Store), time.UTC)
	err = projections.Prepare(ctx, pool, p.Store, model)
	check()
	p.Roster = roster.NewServers(roster.Config{Progress: p.Progress, NC: p.NC}, p.Reader)
	p.Reporter = reporter.New(reporter.Config{NC: p.NC, Pool: pool, Store: p.Store, Progress: p.Progress, Roster: p.Roster})
	runs := map[string]func(context.Context) error{
		"store": p.Store.Run,
		"relay": eventstore.NewRelay(p.Store, p.JS, log, nil).Run,
		"projection": projections.NewRunner(projections.RunnerConfig{
			Pool: pool, Store: p.Store, JS: p.JS, Model: model, Progress: p.Progress, Log: log,
		}).Run,
		"roster":    p.Roster.Run,
		"consumers": consumers.New(consumers.Config{NC: p.NC, JS: p.JS, Store: p.Store}, p.Roster).Run,
		"snapshots": snapshots.New(snapshots.Config{
			NC: p.NC, Store: p.Store, Reader: p.Reader, Progress: p.Progress, Roster: p.Roster, Vault: p.Vault,
		}).Run,
		"reporter": p.Reporter.Run,
	}
	for name, run := range runs {
		running.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("%s ended: %v", name, err)
			}
		})
	}
	t.Cleanup(p.stop)
	return p
}

// Stop ends the process; the database and the NATS server stay.
func (p *Plane) Stop() { p.stop() }

// raise is a command that appends what it is given.
type raise []domain.Event

// Decide implements [domain.Command].
func (r raise) Decide(domain.History, domain.Env) ([]domain.Event, error) { return r, nil }

// Append appends events and returns the position of the last.
func (p *Plane) Append(events ...domain.Event) domain.Position {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	receipt, err := p.Store.Execute(ctx, eventstore.Request{Command: raise(events)})
	if err != nil {
		p.t.Fatal(err)
	}
	return receipt.Last
}

// Projected waits until the read model has applied the position.
func (p *Plane) Projected(position domain.Position) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.Progress.Wait(ctx, domain.ContextDNS, position); err != nil {
		p.t.Fatalf("projecting %d: %v", position, err)
	}
}

// Enroll registers a server, enrolls its agent, and waits until the roster has it.
func (p *Plane) Enroll(id int64, data dns.ServerData) domain.Position {
	p.t.Helper()
	position := p.Append(dns.ServerCreated{ID: id, Server: data}, dns.ServerEnrolled{ID: id})
	p.Eventually("the roster has the server", func() bool { return p.Roster.Has(id) })
	return position
}

// Eventually polls for what has no signal.
func (p *Plane) Eventually(what string, condition func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			p.t.Fatalf("in vain: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
