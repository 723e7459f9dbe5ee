package reporter

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
)

const (
	// offlineAfter is how long an agent may be silent before it counts as away;
	// it reports at least every 5 s.
	offlineAfter = 15 * time.Second
	// beaconEvery is how often agents are told where the log ends.
	beaconEvery = 3 * time.Second
	// storeEvery is how often the last words are written to Postgres.
	storeEvery = time.Second
	// storeTimeout bounds one such write, also the last one when stopping.
	storeTimeout = 3 * time.Second
)

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

// Reporter collects reports. Change works from New on; it knows the agents from
// when Run has begun.
type Reporter struct {
	cfg     Config
	memory  *memory
	metrics *metrics

	mu sync.Mutex
	// words are the agents' last words, by agent.
	words map[int64]*word
	// dirty are the agents whose last word is not in Postgres yet.
	dirty   map[int64]bool
	waiters waiters
	// lastDNS is the last known end of the dns context, for the lag.
	lastDNS domain.Position
}

// New returns a reporter that has heard nothing yet.
func New(cfg Config) *Reporter {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Reporter{
		cfg: cfg, memory: &memory{pool: cfg.Pool, log: cfg.Store.LogID()}, metrics: newMetrics(cfg.Registerer),
		words: map[int64]*word{}, dirty: map[int64]bool{},
	}
}

// Run collects reports until ctx ends; then it stores the last words and returns nil.
func (r *Reporter) Run(ctx context.Context) error {
	if err := r.recall(ctx); err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("reporter: the agents' last words are unknown until they report", "error", err)
	}
	sub, err := r.cfg.NC.Subscribe(protocol.SubjectReports, r.hear)
	if err != nil {
		return fmt.Errorf("reporter: listen to reports: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	var beacons sync.WaitGroup
	beacons.Go(func() { r.beacon(ctx) })
	defer beacons.Wait()
	r.keep(ctx)
	return nil
}

// keep stores last words and follows the roster until ctx ends.
func (r *Reporter) keep(ctx context.Context) {
	tick := time.NewTicker(storeEvery)
	defer tick.Stop()
	_, changed := r.cfg.Roster.Enrolled()
	for {
		select {
		case <-ctx.Done():
			r.store(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			r.store(ctx)
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
	var report protocol.Report
	if err := json.Unmarshal(m.Data, &report); err != nil {
		r.metrics.drop("form")
		return
	}
	report.Agent = agent // the subject says who speaks
	switch {
	case report.Log != r.cfg.Store.LogID():
		r.metrics.drop("other log")
	case !r.cfg.Roster.Has(agent):
		r.metrics.drop("not enrolled")
	default:
		r.take(report, time.Now())
	}
}

// take remembers a report and wakes who waited for what it says.
func (r *Reporter) take(report protocol.Report, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.words[report.Agent]
	if w == nil {
		w = &word{}
		r.words[report.Agent] = w
	}
	healed, ok := w.take(report, now)
	if !ok {
		r.metrics.drop("outdated")
		return
	}
	r.dirty[report.Agent] = true
	r.metrics.heard(report, r.lastDNS)
	r.wake(healed)
}

// wake tells waiters to look again: those whose position all agents have reached,
// and, when failures changed, those who are held up by one. The caller holds the lock.
func (r *Reporter) wake(failuresChanged bool) {
	servers, _ := r.cfg.Roster.Enrolled()
	r.waiters.reached(r.floor(servers))
	if failuresChanged {
		r.waiters.heldUp()
	}
}

// floor is the position that all servers have applied. The caller holds the lock.
func (r *Reporter) floor(servers []projections.Server) domain.Position {
	var floor domain.Position
	for i, s := range servers {
		var applied domain.Position
		if w := r.words[s.ID]; w != nil {
			applied = w.report.Applied
		}
		if i == 0 || applied < floor {
			floor = applied
		}
	}
	return floor
}

// forget drops what is known of agents that are not enrolled any more, and lets
// all waiters count anew.
func (r *Reporter) forget(ctx context.Context) {
	servers, _ := r.cfg.Roster.Enrolled()
	enrolled := make([]int64, 0, len(servers))
	r.mu.Lock()
	for _, s := range servers {
		enrolled = append(enrolled, s.ID)
	}
	for id := range r.words {
		if !r.cfg.Roster.Has(id) {
			delete(r.words, id)
			delete(r.dirty, id)
			r.metrics.forget(id)
		}
	}
	r.waiters.everyone()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := r.memory.keepOnly(ctx, enrolled); err != nil && ctx.Err() == nil {
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
		if w := r.words[s.ID]; w != nil && w.online(now) && w.report.Named != "" {
			online = append(online, s.ID)
		}
	}
	return online
}
