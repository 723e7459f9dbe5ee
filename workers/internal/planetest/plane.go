// Package planetest runs the control plane of name servers for tests: the process
// of servetest with the dns context, roster, consumers, snapshots and reporter;
// everything but the API.
package planetest

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/consumers"
	"github.com/opsledger/opsledger/workers/control/drift"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/control/sessions"
	"github.com/opsledger/opsledger/workers/control/signing"
	"github.com/opsledger/opsledger/workers/control/snapshots"
	"github.com/opsledger/opsledger/workers/internal/servetest"
)

// Plane is what one serve process runs for its agents.
type Plane struct {
	*servetest.Process
	t       testing.TB
	keyFile string

	// Server is nil on an outside bus.
	Server   *embeddednats.Server
	Vault    *vault.Vault
	Signer   *signing.Signer
	Reader   *dnsmodel.Reader
	Roster   *roster.Servers
	Reporter *reporter.Reporter
	Sessions *sessions.Sessions
}

// Start starts a control plane on a database and a NATS server of its own.
func Start(t testing.TB) *Plane {
	t.Helper()
	return start(t, servetest.Open(t, database(t)), testkit.NATSServer(t), filepath.Join(t.TempDir(), "vault.key"))
}

// database has the log and the read model of a plane.
func database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, _ := testkit.PostgresWith(t, "dns", modeltest.EmptyLog(func(store *eventstore.Store) []projections.Model {
		return []projections.Model{model(store)}
	}))
	return pool
}

func model(store *eventstore.Store) projections.Model {
	return dnsmodel.New(oplog.NewUsernames(store), time.UTC)
}

// Beside starts another process of the same control plane.
func (p *Plane) Beside() *Plane {
	p.t.Helper()
	return start(p.t, servetest.Open(p.t, p.Pool), p.Server, p.keyFile)
}

func start(t testing.TB, process *servetest.Process, server *embeddednats.Server, keyFile string) *Plane {
	t.Helper()
	p := open(t, process, keyFile)
	p.Server = server
	p.run(testkit.Connect(t, server), eventstore.StreamConfig{})
	return p
}

// StartOutside starts a control plane on an outside bus, to which join connects it once
// its log and its vault are open.
func StartOutside(t testing.TB, stream eventstore.StreamConfig, join func(*Plane) *nats.Conn) *Plane {
	t.Helper()
	p := open(t, servetest.Open(t, database(t)), filepath.Join(t.TempDir(), "vault.key"))
	p.run(join(p), stream)
	return p
}

// open opens the vault beside the log.
func open(t testing.TB, process *servetest.Process, keyFile string) *Plane {
	t.Helper()
	p := &Plane{Process: process, t: t, keyFile: keyFile, Reader: dnsmodel.NewReader(process.Pool)}
	var err error
	p.Vault, err = vault.Open(p.Pool, keyFile)
	p.Check(err)
	p.Signer, err = signing.New(t.Context(), p.Vault, slog.New(slog.DiscardHandler))
	p.Check(err)
	p.Sealer = p.Signer
	return p
}

// run serves the agents.
func (p *Plane) run(nc *nats.Conn, stream eventstore.StreamConfig) {
	p.t.Helper()
	p.ConnectBy(nc, stream, model(p.Store))
	p.Roster = roster.NewServers(roster.Config{Progress: p.Progress, NC: p.NC}, p.Reader)
	p.Reporter = reporter.New(reporter.Config{NC: p.NC, Pool: p.Pool, Store: p.Store, Progress: p.Progress, Roster: p.Roster})
	p.Sessions = sessions.OfServers(sessions.Config{NC: p.NC, Pool: p.Pool, Store: p.Store, Signer: p.Signer, Enrolled: p.Roster.Has})
	asked := make(chan *nats.Msg, 1024)
	sub, err := p.NC.ChanSubscribe(protocol.SubjectReportNow, asked)
	p.Check(err)
	defer func() { _ = sub.Unsubscribe() }()
	p.Run(servetest.Parts{
		"roster":    p.Roster.Run,
		"consumers": consumers.New(consumers.Config{NC: p.NC, JS: p.JS, Store: p.Store}, p.Roster).Run,
		"snapshots": snapshots.New(snapshots.Config{
			NC: p.NC, Store: p.Store, Reader: p.Reader, Progress: p.Progress, Roster: p.Roster, Vault: p.Vault, Signer: p.Signer,
		}).Run,
		"drift": drift.New(drift.Config{
			NC: p.NC, Store: p.Store, Reader: p.Reader, Progress: p.Progress, Roster: p.Roster, Signer: p.Signer,
		}).Run,
		"reporter": p.Reporter.Run,
		"sessions": p.Sessions.Run,
	})
	testkit.Await(p.t, "reports are heard, which are asked for then", asked) // one that is sent before is lost
}

// Projected waits until the read model has applied the position.
func (p *Plane) Projected(position domain.Position) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
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
