// Package hostplane runs the control plane of hosts for tests: the process of
// servetest with the ops context, a NATS server with its trust, roster, consumers,
// desk, presence and output; everything but the API.
package hostplane

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/control/consumers"
	"github.com/opsledger/opsledger/workers/control/hostdesk"
	"github.com/opsledger/opsledger/workers/control/offers"
	"github.com/opsledger/opsledger/workers/control/output"
	"github.com/opsledger/opsledger/workers/control/presence"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/internal/servetest"
)

// Plane is the control plane of hosts, with a NATS server of its own that trusts
// whom the authority trusts; either can be stopped and started again.
type Plane struct {
	*servetest.Process
	t       testing.TB
	keyFile string
	// NATSDir, Silence and OutputBytes, which bounds all output, are looked at when NATS and
	// serve are started again.
	NATSDir     string
	Silence     time.Duration
	OutputBytes int64
	Address     string

	Server    *embeddednats.Server
	Authority *busauth.Authority
	Reader    *opsmodel.Reader
	Presence  *presence.Presence
	Output    *output.Store
}

// Start starts a control plane on a database and a NATS server of its own, which
// listens on Address.
func Start(t testing.TB) *Plane {
	t.Helper()
	pool, _ := testkit.PostgresWith(t, "ops", modeltest.EmptyLog(func(store *eventstore.Store) []projections.Model {
		return []projections.Model{model(store)}
	}))
	p := &Plane{
		t: t, keyFile: filepath.Join(t.TempDir(), "vault.key"), NATSDir: t.TempDir(),
		Address: testkit.Address(t), Silence: time.Minute, Reader: opsmodel.NewReader(pool),
	}
	p.openLog(pool)
	p.startNATS()
	t.Cleanup(func() { p.Server.Stop() })
	p.startServe()
	return p
}

func model(store *eventstore.Store) projections.Model {
	return opsmodel.New(oplog.NewUsernames(store), time.UTC)
}

func (p *Plane) openLog(pool *pgxpool.Pool) {
	p.t.Helper()
	p.Process = servetest.Open(p.t, pool)
	secrets, err := vault.Open(pool, p.keyFile)
	p.Check(err)
	p.Authority, err = busauth.New(p.t.Context(), busauth.Config{Store: p.Store, Vault: secrets})
	p.Check(err)
}

func (p *Plane) startNATS() {
	p.t.Helper()
	trust, err := p.Authority.Trust(p.t.Context())
	p.Check(err)
	p.Server, err = embeddednats.Start(embeddednats.Config{
		Dir: p.NATSDir, Listen: p.Address, TLS: p.Authority.Signer().BusTLS(), Trust: trust, Own: p.Authority.AsControl(),
	})
	p.Check(err)
}

// RestartNATS is also a cut of every connection.
func (p *Plane) RestartNATS(between func()) {
	p.t.Helper()
	p.Stop()
	p.Server.Stop()
	between()
	p.openLog(p.Pool)
	p.startNATS()
	p.startServe()
}

// RestartServe is what a killed serve process is to hosts.
func (p *Plane) RestartServe(between func()) {
	p.t.Helper()
	p.Stop()
	between()
	p.openLog(p.Pool)
	p.startServe()
}

// startServe starts what serve runs for hosts.
func (p *Plane) startServe() {
	p.t.Helper()
	p.Connect(p.Server, model(p.Store))
	hosts := roster.NewHosts(roster.Config{Progress: p.Progress, NC: p.NC}, p.Reader)
	p.Presence = presence.New(presence.Config{NC: p.NC, Pool: p.Pool, Store: p.Store, Reader: p.Reader, Silence: p.Silence})
	p.Output = output.New(output.Config{NC: p.NC, JS: p.JS, Store: p.Store, MaxBytes: p.OutputBytes})
	authority, nc, server := p.Authority, p.NC, p.Server
	p.Run(servetest.Parts{
		"roster":    hosts.Run,
		"consumers": consumers.NewHosts(consumers.Config{NC: p.NC, JS: p.JS, Store: p.Store}, hosts).Run,
		"desk": hostdesk.New(hostdesk.Config{
			NC: p.NC, Store: p.Store, Reader: p.Reader, Progress: p.Progress, Signer: p.Authority.Signer(),
			Offers: offers.New(p.Pool),
		}).Run,
		"presence": p.Presence.Run,
		"output":   p.Output.Run,
		"trust":    func(ctx context.Context) error { return authority.Keep(ctx, nc, server.UpdateAccount) },
	})
}

// DeleteConsumer takes a host's consumer away; the control plane makes it anew
// where it begins with what it has already had.
func (p *Plane) DeleteConsumer(machine int64) {
	p.t.Helper()
	p.Check(p.JS.DeleteConsumer(p.t.Context(), protocol.StreamEvents, protocol.HostConsumer(machine)))
}
