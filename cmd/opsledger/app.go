package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/api/rest"
	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/console"
	"github.com/opsledger/opsledger/ddns"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/freeport"
	"github.com/opsledger/opsledger/internal/keypair"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/webhook"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/control/confcheck"
	"github.com/opsledger/opsledger/workers/control/consumers"
	"github.com/opsledger/opsledger/workers/control/drift"
	"github.com/opsledger/opsledger/workers/control/enrolment"
	"github.com/opsledger/opsledger/workers/control/erasure"
	"github.com/opsledger/opsledger/workers/control/hostdesk"
	"github.com/opsledger/opsledger/workers/control/imports"
	"github.com/opsledger/opsledger/workers/control/offers"
	outputs "github.com/opsledger/opsledger/workers/control/output"
	"github.com/opsledger/opsledger/workers/control/presence"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/control/rollouts"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/control/sessions"
	"github.com/opsledger/opsledger/workers/control/snapshots"
	"github.com/opsledger/opsledger/workers/control/webhooks"
)

// App is one running control plane. It is the only place where the layers meet.
type App struct {
	cfg  Config
	log  *slog.Logger
	life *lifecycle

	db       *database
	vault    *vault.Vault
	store    *eventstore.Store
	bus      *bus
	relay    *eventstore.Relay
	handover *eventstore.Handover
	progress *projections.Progress
	dns      *dnsmodel.Reader
	ops      *opsmodel.Reader
	presence *presence.Presence
	imports  *imports.Importer
	auth     *busauth.Authority
	output   *outputs.Store
	// checkpoints signs the log's tree.
	checkpoints *translog.Publisher
	roster      *roster.Servers
	hosts       *roster.Hosts
	reports     *reporter.Reporter
	offers      *offers.Store
	// sessions and hostSessions say which process of an agent gets orders.
	sessions, hostSessions *sessions.Sessions
	registry               *prometheus.Registry

	listener net.Listener
	// natsClaim and dnsClaim keep the ports of servers that are started later.
	natsClaim, dnsClaim *freeport.Claim
	// ddnsPort is where updates and transfers are taken, nil for nowhere.
	ddnsPort *ddns.Sockets
	identity *identity.Service
	// certificate is that of the APIs, nil where they speak plain HTTP.
	certificate *keypair.Pair
	// engine is dev's agent, nil under serve.
	engine *bind.Engine
	// newPassword is the admin's random password that nobody has been shown yet.
	newPassword string
	// passwordIgnored says that --admin-password is of no use: there was a user already.
	passwordIgnored bool
}

// startApp starts the parts in the order in which they depend on each other. When
// it returns an error, it has stopped again whatever it had started.
func startApp(ctx context.Context, cfg Config, dev bool, log *slog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log, life: newLifecycle(log), registry: prometheus.NewRegistry()}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newBuildInfo())
	steps := []func(context.Context) error{
		a.startListener, a.claimPorts, a.startCertificate, a.startLog, a.startBus, a.startCheckpoints, a.startProjections, a.seed, a.renumberZones, a.startWorkers, a.startIdentity,
	}
	if dev {
		steps = append(steps, a.startLocalAgent, a.startLocalHost)
	}
	for _, step := range append(steps, a.startDDNS, a.startAPI) {
		if err := step(ctx); err != nil {
			if stopErr := a.life.stop(); stopErr != nil {
				log.Error("stopping after a failed start", "error", stopErr)
			}
			return nil, err
		}
	}
	return a, nil
}

// startLog opens PostgreSQL, the vault and the event store.
func (a *App) startLog(ctx context.Context) error {
	err := awaitDatabase(ctx, a.cfg.DatabaseURL, a.log)
	if err != nil {
		return err
	}
	if a.db, err = openDatabase(ctx, a.cfg, true, a.log); err != nil {
		return err
	}
	a.life.onStop("database", a.db.close)
	return a.openStore(ctx)
}

func (a *App) openStore(ctx context.Context) error {
	var err error
	if a.vault, err = vault.Open(a.db.pool, a.cfg.KeyFile); err != nil {
		return err
	}
	if a.store, err = openStore(ctx, a.db, a.registry, a.log); err != nil {
		return err
	}
	a.life.onStop("event store's connections", func() error { a.store.Close(); return nil })
	a.life.start("event store", a.store.Run)
	a.life.start("expired commands", a.store.ExpireCommands)
	return nil
}

// openStore opens the log with all event types of this program.
func openStore(ctx context.Context, db *database, registry prometheus.Registerer, log *slog.Logger) (*eventstore.Store, error) {
	return eventstore.Open(ctx, eventstore.Config{Pool: db.pool, Codec: newCodec(), Bound: dns.NewBounded, Complete: dns.InStages, Log: log, Registerer: registry})
}

// unread is a type of event that this build does not know. The linker sets it where tests of
// upgrades need a program of the version before.
var unread string

func newCodec() *domain.Codec {
	all := slices.Concat(access.Events(), dns.Events(), ops.Events())
	return domain.NewCodec(slices.DeleteFunc(all, func(d domain.Descriptor) bool { return d.Name == unread }))
}

// startBus connects to JetStream and starts the relay.
func (a *App) startBus(ctx context.Context) error {
	auth, err := busauth.New(ctx, busauth.Config{Vault: a.vault, Store: a.store, Log: a.log})
	if err != nil {
		return err
	}
	a.auth = auth
	away := func(err error) bool { return a.cfg.NATSURL != "" && natsAway(err) }
	if err := await(ctx, a.log, "NATS (--nats-url)", away, func(ctx context.Context) (err error) {
		a.bus, err = openBus(ctx, a.cfg, busPlace{a.db.folder.Sub("nats"), a.natsClaim}, auth, a.log)
		return err
	}); err != nil {
		return err
	}
	a.life.onStop("NATS", func() error { a.bus.close(); return nil })
	stream := eventstore.StreamConfig{Replicas: a.cfg.NATSReplicas}
	if err := await(ctx, a.log, "JetStream (--nats-url)", away, func(ctx context.Context) error {
		return eventstore.EnsureStream(ctx, a.bus.js, a.store, stream)
	}); err != nil {
		if a.cfg.NATSURL == "" {
			err = fmt.Errorf("%w (the stream is kept in %s)", err, a.db.folder.Sub("nats"))
		}
		return err
	}
	if a.bus.push != nil {
		a.life.start("bus trust", func(ctx context.Context) error { return auth.Keep(ctx, a.bus.nc, a.bus.push) })
	}
	if a.bus.embedded != nil {
		a.life.start("streams", a.bus.embedded.Keep)
		a.life.start("strangers on the bus", a.bus.embedded.TurnAway)
	}
	a.relay = eventstore.NewRelay(a.store, a.bus.js, a.log, a.registry).WithStream(stream).WithSealer(auth.Signer())
	a.life.start("relay", a.relay.Run)
	a.handover = eventstore.NewHandover(a.store, a.bus.nc, auth.Writers(), a.log)
	a.life.start("handover", a.handover.Run)
	return nil
}

// startCheckpoints puts the log's events into the tree and signs it.
func (a *App) startCheckpoints(context.Context) error {
	a.checkpoints = translog.NewPublisher(translog.Config{
		Pool: a.db.pool, Store: a.store, Vault: a.vault, JS: a.bus.js, Origin: a.cfg.originOf(a.store.LogID()), KeyFile: a.cfg.KeyFile,
		Replicas: a.cfg.NATSReplicas, Witnesses: a.cfg.witnesses, Log: a.log, Registerer: a.registry,
	})
	a.life.start("checkpoints", a.checkpoints.Run)
	return nil
}

// startProjections prepares the read models and follows the log with them.
func (a *App) startProjections(ctx context.Context) error {
	models := newModels(a.store, a.cfg)
	if err := projections.Prepare(ctx, a.db.pool, a.store, models...); err != nil {
		return fmt.Errorf("prepare read models: %w", err)
	}
	var err error
	if a.progress, err = projections.NewProgress(a.bus.nc, a.store.LogID()); err != nil {
		return err
	}
	a.life.onStop("progress", func() error { a.progress.Close(); return nil })
	a.dns, a.ops = dnsmodel.NewReader(a.db.pool), opsmodel.NewReader(a.db.pool)
	for _, model := range models {
		cfg := projections.RunnerConfig{
			Pool: a.db.pool, Store: a.store, JS: a.bus.js, Model: model,
			Progress: a.progress, Log: a.log, Registerer: a.registry,
		}
		if model.Context() == domain.ContextDNS {
			cfg.Leading = a.handover.Lead // whose commits the busiest read model has in memory
		}
		runner := projections.NewRunner(cfg)
		a.life.start("projection "+string(model.Context()), runner.Run)
	}
	return nil
}

// newModels lists the read models of this program.
func newModels(store *eventstore.Store, cfg Config) []projections.Model {
	return []projections.Model{
		accessmodel.New(),
		dnsmodel.New(oplog.NewUsernames(store), cfg.location),
		opsmodel.New(oplog.NewUsernames(store), cfg.location),
	}
}

// startWorkers serves the agents.
func (a *App) startWorkers(ctx context.Context) error {
	if err := a.startErasure(ctx); err != nil {
		return err
	}
	a.startRosters()
	a.startServerWorkers()
	a.startHostWorkers()
	return nil
}

// startErasure destroys what the log says is destroyed. A vault that is older than the log may
// have brought some of it back: that is gone before anybody can ask for it.
func (a *App) startErasure(ctx context.Context) error {
	eraser := erasure.New(erasure.Config{Store: a.store, Vault: a.vault, Log: a.log})
	if err := eraser.Sweep(ctx); err != nil {
		return fmt.Errorf("destroy secrets of no use: %w", err)
	}
	a.life.start("erasure", eraser.Run)
	return nil
}

// startRosters keeps the lists of who has an agent, and a consumer for each of them.
func (a *App) startRosters() {
	lists := roster.Config{Progress: a.progress, NC: a.bus.nc, Log: a.log}
	a.roster, a.hosts = roster.NewServers(lists, a.dns), roster.NewHosts(lists, a.ops)
	a.life.start("roster", a.roster.Run)
	a.life.start("host roster", a.hosts.Run)
	keep := consumers.Config{NC: a.bus.nc, JS: a.bus.js, Store: a.store, Log: a.log}
	a.life.start("consumers", consumers.New(keep, a.roster).Run)
	a.life.start("host consumers", consumers.NewHosts(keep, a.hosts).Run)
}

// startServerWorkers serves the name servers.
func (a *App) startServerWorkers() {
	a.life.start("snapshots", snapshots.New(snapshots.Config{
		NC: a.bus.nc, Store: a.store, Reader: a.dns, Progress: a.progress, Roster: a.roster,
		Vault: a.vault, Signer: a.auth.Signer(), Log: a.log, Registerer: a.registry,
	}).Run)
	a.life.start("drift", drift.New(drift.Config{
		NC: a.bus.nc, Store: a.store, Reader: a.dns, Progress: a.progress, Roster: a.roster,
		Signer: a.auth.Signer(), Log: a.log, Registerer: a.registry,
	}).Run)
	a.imports = imports.New(imports.Config{Store: a.store, Pool: a.db.pool, Reader: a.dns, Progress: a.progress, Log: a.log})
	a.life.start("imports", a.imports.Run)
	a.reports = reporter.New(reporter.Config{
		NC: a.bus.nc, Pool: a.db.pool, Store: a.store, Progress: a.progress, Roster: a.roster,
		Log: a.log, Registerer: a.registry,
	})
	a.life.start("reporter", a.reports.Run)
	a.life.start("rollouts", rollouts.New(rollouts.Config{
		Store: a.store, Reader: a.dns, Progress: a.progress, Reports: a.reports, Log: a.log,
	}).Run)
	asked := sessions.Config{NC: a.bus.nc, Pool: a.db.pool, Store: a.store, Signer: a.auth.Signer(), Log: a.log}
	asked.Enrolled = a.roster.Has
	a.sessions = sessions.OfServers(asked)
	asked.Enrolled = a.hosts.Has
	a.hostSessions = sessions.OfHosts(asked)
	a.life.start("sessions", a.sessions.Run)
	a.life.start("host sessions", a.hostSessions.Run)
}

// startHostWorkers serves the hosts that run tasks.
func (a *App) startHostWorkers() {
	a.output = outputs.New(outputs.Config{NC: a.bus.nc, JS: a.bus.js, Store: a.store, Replicas: a.cfg.NATSReplicas, Log: a.log})
	a.life.start("output", a.output.Run)
	a.offers = offers.New(a.db.pool)
	a.life.start("host desk", hostdesk.New(hostdesk.Config{
		NC: a.bus.nc, Store: a.store, Reader: a.ops, Progress: a.progress, Signer: a.auth.Signer(), Offers: a.offers, Log: a.log,
	}).Run)
	a.presence = presence.New(presence.Config{
		NC: a.bus.nc, Pool: a.db.pool, Store: a.store, Reader: a.ops, Log: a.log, Registerer: a.registry,
	})
	a.life.start("presence", a.presence.Run)
}

// startListener takes the HTTP port first, so that a port in use is known before
// anything else was started. Connections wait until startAPI serves them.
func (a *App) startListener(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.HTTP)
	if err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	limits := api.DefaultConnectionLimits()
	limits.Proxies = a.cfg.proxies
	a.listener = api.LimitConnections(listener, limits)
	a.life.onStop("HTTP port", func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

// claimPorts takes the other ports that flags name, so that one in use is known before
// anything is made. The servers that they are for get them later.
func (a *App) claimPorts(ctx context.Context) (err error) {
	if a.cfg.NATSURL == "" {
		if a.natsClaim, err = embeddednats.Claim(a.cfg.NATSListen); err != nil {
			return named("--nats-listen", err)
		}
		a.life.onStop("NATS port", func() error { a.natsClaim.Release(); return nil })
	}
	if a.cfg.DDNS != "" {
		if a.ddnsPort, err = ddns.Listen(ctx, a.cfg.DDNS); err != nil {
			return named("--ddns", err)
		}
		a.life.onStop("DDNS port", a.ddnsPort.Close)
	}
	if a.cfg.dns.IsValid() {
		if a.dnsClaim, err = bind.Claim(a.cfg.namedDir(), a.cfg.dns); err != nil {
			return named("--dns", err)
		}
		a.life.onStop("DNS port", func() error { a.dnsClaim.Release(); return nil })
	}
	return nil
}

// startCertificate reads the certificate of the APIs, if there is to be one, and
// takes over what replaces it.
func (a *App) startCertificate(context.Context) (err error) {
	if a.cfg.HTTPTLSCert == "" {
		return nil
	}
	if a.certificate, err = keypair.Open(a.cfg.HTTPTLSCert, a.cfg.HTTPTLSKey, a.log); err != nil {
		return fmt.Errorf("--http-tls-cert and --http-tls-key: %w", err)
	}
	a.life.start("TLS certificate", a.certificate.Run)
	return nil
}

// startIdentity knows who may ask.
func (a *App) startIdentity(ctx context.Context) error {
	ldap, err := a.cfg.openDirectory(a.log)
	if err != nil {
		return err
	}
	a.identity, err = identity.New(ctx, identity.Config{Store: a.store, Vault: a.vault, Pool: a.db.pool, Directory: ldap})
	return err
}

// startDDNS takes updates and transfers of zones.
func (a *App) startDDNS(context.Context) error {
	if a.ddnsPort == nil {
		return nil
	}
	server, err := ddns.New(ddns.Config{
		Store: a.store, Reader: a.dns, Identity: a.identity, Progress: a.progress, Pool: a.db.pool,
		NotifyPort: a.cfg.NotifyPort, Log: a.log, Registerer: a.registry,
	})
	if err == nil {
		a.life.start("DDNS", func(ctx context.Context) error { return server.Run(ctx, a.ddnsPort) })
	}
	return err
}

// startAPI serves the REST APIs.
func (a *App) startAPI(ctx context.Context) error {
	check := confcheck.New(confcheck.Config{NC: a.bus.nc, Signer: a.auth.Signer(), Online: a.reports.Online, Log: a.log})
	known := agents{
		reader: a.dns, ops: a.ops, reports: a.reports, hosts: a.presence, sessions: a.sessions, hostSessions: a.hostSessions,
	}
	sender := webhook.NewSender(webhook.SenderConfig{Allow: a.cfg.webhookAllow})
	shown := feed.New(feed.Config{Store: a.store, Pool: a.db.pool, Progress: a.progress, Log: a.log})
	a.life.start("feed", shown.Run)
	a.life.start("webhooks", webhooks.New(webhooks.Config{
		Store: a.store, Pool: a.db.pool, Vault: a.vault, Feed: shown, People: a.identity, Sender: sender, Log: a.log, Registerer: a.registry,
	}).Run)
	desk := &enrolment.Desk{
		Store: a.store, Authority: a.auth, URL: cmp.Or(a.cfg.PublicNATSURL, redact(a.bus.url)), Outside: a.cfg.NATSURL != "",
	}
	handler, err := rest.New(ctx, rest.Config{
		Config: api.Config{
			Store: a.store, Access: accessmodel.NewReader(a.db.pool), DNS: a.dns, Oplogs: oplog.NewReader(a.db.pool),
			Progress: a.progress, Identity: a.identity, Vault: a.vault, Ready: a.ready,
			Location: a.cfg.location, TrustedProxies: a.cfg.proxies, RequireTLS: a.cfg.RequireTLS, Log: a.log, Registerer: a.registry, Gatherer: a.registry,
		},
		Ops: a.ops, CheckConf: check.Check, AllowRegister: a.cfg.Register,
		Presence: known, Offers: a.offers, AttemptWithin: a.cfg.TaskDeadline,
		Changes: changes{a.reports}, NameServers: nameServers{a.reports}, Agents: known, Output: attemptOutput{a.output}, Hosts: known, Imports: a.imports, Feed: shown,
		Enrolments: enrolments{desk},
		Proofs:     translog.NewReader(a.db.pool, a.store), ProofsPublic: a.cfg.LogPublic,
		Webhooks: v1.Webhooks{Sender: sender, Deliveries: webhook.NewDeliveries(a.db.pool)},
	})
	if err != nil {
		return err
	}
	if handler, err = console.New(handler, api.HasCookie); err != nil {
		return err
	}
	var secure *tls.Config
	if a.certificate != nil {
		secure = a.certificate.Config()
	}
	a.life.start("HTTP", func(ctx context.Context) error { return api.Serve(ctx, a.listener, secure, handler, a.log) })
	return a.announce()
}

func (a *App) running() datafolder.Running {
	return datafolder.Running{
		DatabaseURL: a.db.url, NATSURL: a.bus.url, NATSOutside: a.cfg.NATSURL != "", HTTP: a.listener.Addr().String(), HTTPS: a.certificate != nil,
	}
}

// announce tells other commands on this machine how to reach this process.
func (a *App) announce() error {
	r := a.running()
	if a.engine != nil {
		r.DNS = a.engine.Addr().String()
	}
	if a.ddnsPort != nil {
		r.DDNS = a.ddnsPort.Addr().String()
	}
	return a.db.folder.Announce(r)
}

// ready returns the reason for which a write would not be served now, nil if
// there is none. Under dev named must answer, too.
func (a *App) ready(ctx context.Context) error {
	if a.store.Reachable().Err() != nil {
		return errors.New("PostgreSQL does not answer" + a.noteOnDisk())
	}
	if _, err := a.store.Head(ctx); err != nil {
		return errors.New("PostgreSQL does not answer" + a.noteOnDisk())
	}
	if err := a.store.Writable(ctx); err != nil {
		return errors.New(strings.TrimSuffix("PostgreSQL takes no writes: "+causeOf(err), ": "))
	}
	if !a.bus.nc.IsConnected() {
		return errors.New("NATS is not connected")
	}
	if err := a.streamsTrouble(); err != nil {
		return err
	}
	if err := a.checkpoints.Trouble(); err != nil {
		return err
	}
	for _, c := range domain.Contexts() {
		if err := a.progress.Poisoned(c); err != nil {
			return fmt.Errorf("projection %s: %w", c, err)
		}
	}
	if a.engine != nil && a.engine.Status().Named == "" {
		return errors.New("named does not answer yet")
	}
	return nil
}
