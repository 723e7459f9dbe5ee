// Package hostplane runs the control plane of hosts for tests, on real PostgreSQL
// and a NATS server with its trust: log, relay, read model of the ops context,
// roster, consumers, desk, presence and output; everything but the API.
package hostplane

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
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/workers/busauth"
	"github.com/opsledger/opsledger/workers/consumers"
	"github.com/opsledger/opsledger/workers/hostdesk"
	"github.com/opsledger/opsledger/workers/output"
	"github.com/opsledger/opsledger/workers/presence"
	"github.com/opsledger/opsledger/workers/protocol"
	"github.com/opsledger/opsledger/workers/roster"
)

// Plane is the control plane of hosts, with a NATS server of its own that trusts
// whom the authority trusts; either can be stopped and started again.
type Plane struct {
	t       testing.TB
	keyFile string
	Pool    *pgxpool.Pool
	// NATSDir and Silence are looked at when NATS and serve are started again.
	NATSDir string
	Silence time.Duration
	Address string

	Server    *embeddednats.Server
	NC        *nats.Conn
	Store     *eventstore.Store
	Authority *busauth.Authority
	Reader    *opsmodel.Reader
	Progress  *projections.Progress
	Presence  *presence.Presence
	Output    *output.Store
	// StopServe ends all but PostgreSQL and NATS.
	StopServe func()
}

// Start starts a control plane on a database and a NATS server of its own, which
// listens on Address.
func Start(t testing.TB) *Plane {
	t.Helper()
	p := &Plane{
		t: t, Pool: testkit.Postgres(t), keyFile: filepath.Join(t.TempDir(), "vault.key"), NATSDir: t.TempDir(),
		Address: testkit.Address(t), Silence: time.Minute,
	}
	p.Reader = opsmodel.NewReader(p.Pool)
	t.Cleanup(func() {
		p.StopServe()
		p.Server.Stop()
	})
	p.openStore()
	p.startNATS()
	p.startServe()
	return p
}

// Check fails the test on an error.
func (p *Plane) Check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *Plane) openStore() {
	p.t.Helper()
	var err error
	p.Store, err = eventstore.Open(p.t.Context(), eventstore.Config{Pool: p.Pool, Codec: testkit.Codec()})
	p.Check(err)
	secrets, err := vault.Open(p.Pool, p.keyFile)
	p.Check(err)
	p.Authority, err = busauth.New(p.t.Context(), busauth.Config{Store: p.Store, Vault: secrets})
	p.Check(err)
	p.StopServe = func() {}
}

func (p *Plane) startNATS() {
	p.t.Helper()
	trust, err := p.Authority.Trust(p.t.Context())
	p.Check(err)
	p.Server, err = embeddednats.Start(embeddednats.Config{
		Dir: p.NATSDir, Listen: p.Address, Trust: trust, Own: p.Authority.AsControl(),
	})
	p.Check(err)
}

// RestartNATS is also a cut of every connection.
func (p *Plane) RestartNATS(between func()) {
	p.t.Helper()
	p.StopServe()
	p.Server.Stop()
	between()
	p.openStore()
	p.startNATS()
	p.startServe()
}

// RestartServe is what a killed serve process is to hosts.
func (p *Plane) RestartServe(between func()) {
	p.t.Helper()
	p.StopServe()
	between()
	p.openStore()
	p.startServe()
}

// startServe starts what serve runs for hosts.
func (p *Plane) startServe() {
	p.t.Helper()
	p.NC = testkit.Connect(p.t, p.Server)
	js, err := jetstream.New(p.NC)
	p.Check(err)
	p.Check(eventstore.EnsureStream(p.t.Context(), js, p.Store, eventstore.StreamConfig{}))
	p.Progress, err = projections.NewProgress(p.NC, p.Store.LogID())
	p.Check(err)
	model := opsmodel.New()
	p.Check(projections.Prepare(p.t.Context(), p.Pool, p.Store, model))
	hosts := roster.NewHosts(roster.Config{Progress: p.Progress, NC: p.NC}, p.Reader)
	p.Presence = presence.New(presence.Config{NC: p.NC, Pool: p.Pool, Store: p.Store, Reader: p.Reader, Silence: p.Silence})
	p.Output = output.New(output.Config{NC: p.NC, JS: js})
	log := slog.New(slog.DiscardHandler)
	p.run(map[string]func(context.Context) error{
		"store": p.Store.Run,
		"relay": eventstore.NewRelay(p.Store, js, log, nil).Run,
		"projection": projections.NewRunner(projections.RunnerConfig{
			Pool: p.Pool, Store: p.Store, JS: js, Model: model, Progress: p.Progress, Log: log,
		}).Run,
		"roster":    hosts.Run,
		"consumers": consumers.NewHosts(consumers.Config{NC: p.NC, JS: js, Store: p.Store}, hosts).Run,
		"desk": hostdesk.New(hostdesk.Config{
			NC: p.NC, Store: p.Store, Reader: p.Reader, Progress: p.Progress,
		}).Run,
		"presence": p.Presence.Run,
		"output":   p.Output.Run,
		"trust": func(ctx context.Context) error {
			return p.Authority.Keep(ctx, p.NC, p.Server.UpdateAccount)
		},
	})
}

func (p *Plane) run(parts map[string]func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for name, run := range parts {
		running.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				p.t.Errorf("%s ended: %v", name, err)
			}
		})
	}
	store, progress, nc := p.Store, p.Progress, p.NC
	p.StopServe = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		progress.Close()
		store.Close()
		nc.Close()
	})
}

// DeleteConsumer takes a host's consumer away; the control plane makes it anew
// where it begins with what it has already had.
func (p *Plane) DeleteConsumer(machine int64) {
	p.t.Helper()
	js, err := jetstream.New(p.NC)
	p.Check(err)
	p.Check(js.DeleteConsumer(p.t.Context(), eventstore.StreamEvents, protocol.HostConsumer(machine)))
}

// raise is a command that appends what it is given.
type raise []domain.Event

// Decide implements [domain.Command].
func (r raise) Decide(domain.History, domain.Env) ([]domain.Event, error) { return r, nil }

// Append appends events and returns the position of the last.
func (p *Plane) Append(events ...domain.Event) domain.Position {
	p.t.Helper()
	return p.Execute(raise(events))
}

// Execute executes a command of the system and returns the position of its last event.
func (p *Plane) Execute(c domain.Command) domain.Position {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	receipt, err := p.Store.Execute(ctx, eventstore.Request{Command: c, Actor: domain.System})
	p.Check(err)
	return receipt.Last
}

// Eventually polls for what has no signal.
func (p *Plane) Eventually(what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(3 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("in vain: %s", what)
		}
	}
}
