package reporter

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
)

const (
	// offlineAfter is how long an agent may be silent before it counts as away;
	// it reports at least every 5 s.
	offlineAfter = 15 * time.Second
	// announceEvery is how often agents are told where the log ends.
	announceEvery = 3 * time.Second
	// streamTimeout bounds the question how far the stream is.
	streamTimeout = time.Second
	// storeEvery is how often the last reports are written to Postgres.
	storeEvery = time.Second
	// costOfReport is what every report costs its agent beside its bytes.
	costOfReport = 1 << 10
	// maxWaiting and maxWaitingBytes bound the reports that wait to be heard.
	maxWaiting, maxWaitingBytes = 16_384, 16 << 20
	// storeTimeout bounds one such write, also the last one when stopping.
	storeTimeout = 3 * time.Second
)

// ofAgent is what one agent's reports may cost, in bytes. It sends small ones up to 200 times
// in a second, and large ones at the pace of [protocol.ReportPause].
var ofAgent = allowance.Limits{PerSecond: 2 * protocol.ReportsPerSecond, Burst: 8 * protocol.MaxAgentMessage}

// Config holds what a reporter needs; every field is required but Log and Registerer.
type Config struct {
	NC         *nats.Conn
	Pool       *pgxpool.Pool
	Store      *eventstore.Store
	Progress   *projections.Progress
	Roster     *roster.Servers
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Reporter collects reports. Change may be called after New; the agents are known once
// Run has begun.
type Reporter struct {
	cfg     Config
	store   *reportStore
	zones   *dnsmodel.Reader
	metrics *metrics
	senders *allowance.Allowances

	mu sync.Mutex
	// last are the last reports, by agent.
	last map[int64]*lastReport
	// dirty are the agents whose last report is not in Postgres yet.
	dirty   map[int64]bool
	waiters waiters
	// lastDNS is the last known position of a dns event, for the lag.
	lastDNS domain.Position
}

// New returns a reporter without any reports.
func New(cfg Config) *Reporter {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Reporter{
		cfg: cfg, store: &reportStore{pool: cfg.Pool, log: cfg.Store.LogID()}, zones: dnsmodel.NewReader(cfg.Pool), metrics: newMetrics(cfg.Registerer),
		senders: allowance.New(ofAgent, "reporter", cfg.Log),
		last:    map[int64]*lastReport{}, dirty: map[int64]bool{},
	}
}

// Run collects reports until ctx ends; then it stores the last ones and returns nil.
func (r *Reporter) Run(ctx context.Context) error {
	if err := r.loadReports(ctx); err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("reporter: the agents' last reports are unknown until they report again", "error", err)
	}
	sub, err := r.cfg.NC.Subscribe(protocol.SubjectReports, r.hear)
	if err != nil {
		return fmt.Errorf("reporter: listen to reports: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(maxWaiting, maxWaitingBytes); err != nil {
		return fmt.Errorf("reporter: listen to reports: %w", err)
	}
	var announcing sync.WaitGroup
	announcing.Go(func() { r.announce(ctx) })
	defer announcing.Wait()
	r.keep(ctx)
	return nil
}

// keep stores last reports and follows the roster until ctx ends.
func (r *Reporter) keep(ctx context.Context) {
	tick := time.NewTicker(storeEvery)
	defer tick.Stop()
	_, changed := r.cfg.Roster.Enrolled()
	for {
		select {
		case <-ctx.Done():
			r.saveReports(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			r.saveReports(ctx)
			r.noteProved(ctx)
		case <-changed:
			_, changed = r.cfg.Roster.Enrolled()
			r.forget(ctx)
		}
	}
}

// hear takes one report.
func (r *Reporter) hear(m *nats.Msg) {
	agent, ok := protocol.AgentOf(m.Subject)
	if !ok || m.Subject != protocol.SubjectReport(agent) {
		r.metrics.drop("subject")
		return
	}
	if !r.senders.Take(agent, costOfReport+len(m.Data)) {
		r.metrics.drop("too much")
		return
	}
	report, err := protocol.ReadReport(m.Data)
	if err != nil {
		r.senders.Complain(agent, err)
		r.metrics.drop("form")
		return
	}
	report.Agent = agent // the subject, not the payload, names the agent
	switch {
	case report.Log != r.cfg.Store.LogID():
		r.metrics.drop("other log")
	case !r.cfg.Roster.Has(agent):
		r.metrics.drop("not enrolled")
	case !r.knows(report):
		r.metrics.drop("other history")
	default:
		r.take(report, time.Now())
	}
}

// take remembers a report and wakes the callers that waited for it.
func (r *Reporter) take(report protocol.Report, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	failuresChanged, ok := r.lastOf(report.Agent).take(report, now)
	if !ok {
		r.metrics.drop("outdated")
		return
	}
	r.dirty[report.Agent] = true
	r.metrics.heard(report, r.nameOf(report.Agent), r.lastDNS)
	r.wake(failuresChanged)
}

// nameOf is the name of an agent's server, empty while the roster does not have it.
func (r *Reporter) nameOf(agent int64) string {
	servers, _ := r.cfg.Roster.Enrolled()
	for _, s := range servers {
		if s.ID == agent {
			return s.Host
		}
	}
	return ""
}

// wake makes waiters look again: those whose position all agents have reached and, if
// failures changed, those that a failure holds up. The caller holds the lock.
func (r *Reporter) wake(failuresChanged bool) {
	servers, _ := r.cfg.Roster.Enrolled()
	r.waiters.reached(r.appliedByAll(servers))
	if failuresChanged {
		r.waiters.failuresChanged()
	}
}

// appliedByAll is the position that all servers have applied. The caller holds the lock.
func (r *Reporter) appliedByAll(servers []dnsmodel.Server) domain.Position {
	var least domain.Position
	for i, s := range servers {
		var applied domain.Position
		if w := r.last[s.ID]; w != nil {
			applied = w.report.Applied
		}
		if i == 0 || applied < least {
			least = applied
		}
	}
	return least
}

// forget drops the reports of agents that are not enrolled any more, and makes all
// waiters look again.
func (r *Reporter) forget(ctx context.Context) {
	servers, _ := r.cfg.Roster.Enrolled()
	enrolled := make([]int64, 0, len(servers))
	r.mu.Lock()
	for _, s := range servers {
		enrolled = append(enrolled, s.ID)
	}
	for id := range r.last {
		if !r.cfg.Roster.Has(id) {
			delete(r.last, id)
			delete(r.dirty, id)
			r.metrics.forget(id)
		}
	}
	r.waiters.all()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := r.store.keepOnly(ctx, enrolled); err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("reporter: rows of withdrawn agents stay for now", "error", err)
	}
}

// Online lists the enrolled agents that reported lately and whose named answers.
func (r *Reporter) Online() []int64 {
	servers, _ := r.cfg.Roster.Enrolled()
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var online []int64
	for _, s := range servers {
		if w := r.last[s.ID]; w != nil && w.online(now) && w.report.Named != "" {
			online = append(online, s.ID)
		}
	}
	return online
}
