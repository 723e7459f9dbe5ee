package presence

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// DefaultSilence is the time without a heartbeat after which a host counts as offline,
// and its running attempts as unknown. Hosts send a heartbeat every five seconds.
const DefaultSilence = 30 * time.Second

// ofHost is what one host's heartbeats may cost, in bytes. It sends one in five seconds, and
// at most one in a second when its work changes.
var ofHost = allowance.Limits{PerSecond: 32 << 10, Burst: 4 * protocol.MaxHeartbeat}

const (
	// costOfHeartbeat is what every heartbeat costs beside its bytes.
	costOfHeartbeat = 512
	// maxWaiting and maxWaitingBytes bound the heartbeats that wait to be heard.
	maxWaiting, maxWaitingBytes = 65_536, 16 << 20
)

// Config holds what presence needs; every field is required but Silence, Log and
// Registerer.
type Config struct {
	NC     *nats.Conn
	Pool   *pgxpool.Pool
	Store  *eventstore.Store
	Reader *opsmodel.Reader
	// Silence is DefaultSilence when zero.
	Silence    time.Duration
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Host is what is known of one host.
type Host struct {
	// Online says that the host's last heartbeat is not older than the silence.
	Online  bool
	Seen    time.Time
	Boot    uuid.UUID
	Version string
	// Heard: this process had a heartbeat, of which Accounts are the states of the accounts'
	// keys.
	Heard    bool
	Accounts []protocol.AccountState
}

// Presence knows who is online.
//
// Invariants:
//  1. A host is given up only after this process listened for the whole silence.
//  2. A host that is online and does not know an attempt of its own is told to ask for
//     its work.
type Presence struct {
	cfg     Config
	senders *allowance.Allowances

	mu    sync.Mutex
	hosts map[int64]*entry
	// listening is the time since which this process receives all heartbeats.
	listening time.Time
}

// entry is the last heartbeat of a host.
type entry struct {
	heartbeat protocol.HostHeartbeat
	seen      time.Time
	// heard: the heartbeat came to this process.
	heard bool
	// saved is the value of seen in the database.
	saved time.Time
}

// New returns a presence that knows no hosts before Run.
func New(cfg Config) *Presence {
	if cfg.Silence == 0 {
		cfg.Silence = DefaultSilence
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Presence{cfg: cfg, senders: allowance.New(ofHost, "presence", cfg.Log), hosts: map[int64]*entry{}, listening: time.Now()}
	if cfg.Registerer != nil {
		cfg.Registerer.MustRegister(newMetrics(p))
	}
	return p
}

// Run listens and watches until ctx ends; then it returns nil.
func (p *Presence) Run(ctx context.Context) error {
	if err := p.restore(ctx); err != nil {
		p.cfg.Log.Warn("presence: the hosts of earlier runs are not known", "error", err)
	}
	sub, err := p.cfg.NC.Subscribe(protocol.SubjectHostHeartbeats, p.hear)
	if err != nil {
		return fmt.Errorf("presence: listen to hosts: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(maxWaiting, maxWaitingBytes); err != nil {
		return fmt.Errorf("presence: listen to hosts: %w", err)
	}
	if err := p.cfg.NC.Publish(protocol.SubjectHostsHeartbeatNow, nil); err != nil {
		p.cfg.Log.Debug("presence: cannot request heartbeats", "error", err)
	}
	p.watch(ctx)
	p.save(context.WithoutCancel(ctx))
	return nil
}

// hear takes a heartbeat.
func (p *Presence) hear(m *nats.Msg) {
	host, ok := protocol.AgentOf(m.Subject)
	if !ok || !p.senders.Take(host, costOfHeartbeat+len(m.Data)) {
		return
	}
	alive, err := protocol.ReadHostHeartbeat(m.Data)
	if err != nil {
		p.senders.Complain(host, err)
		return
	}
	if alive.Log != p.cfg.Store.LogID() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.hosts[host]
	if e == nil {
		e = &entry{}
		p.hosts[host] = e
	}
	e.heartbeat, e.seen, e.heard = alive, time.Now(), true
}

// Host returns what is known of a host. A zero Seen means that it has never sent a
// heartbeat.
func (p *Presence) Host(id int64) Host {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hostLocked(id)
}

// Hosts returns what is known of all hosts that have ever sent a heartbeat.
func (p *Presence) Hosts() map[int64]Host {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[int64]Host, len(p.hosts))
	for id := range p.hosts {
		all[id] = p.hostLocked(id)
	}
	return all
}

func (p *Presence) hostLocked(id int64) Host {
	e := p.hosts[id]
	if e == nil {
		return Host{}
	}
	return Host{
		Online: time.Since(e.seen) < p.cfg.Silence, Seen: e.seen,
		Boot: e.heartbeat.Boot, Version: e.heartbeat.Version, Heard: e.heard, Accounts: e.heartbeat.Accounts,
	}
}

// silentHosts are the hosts that have sent no heartbeat for the whole silence, while this
// process would have received one. A host that has never sent one has begun nothing.
func (p *Presence) silentHosts() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.listening) < p.cfg.Silence {
		return nil
	}
	var silent []int64
	for id, e := range p.hosts {
		if time.Since(e.seen) >= p.cfg.Silence {
			silent = append(silent, id)
		}
	}
	return silent
}

// withoutKnownWork are the hosts that are online and whose last heartbeat does not name
// one of their open attempts.
func (p *Presence) withoutKnownWork(open []opsmodel.OpenAttempt) map[int64]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	hosts := map[int64]bool{}
	for _, a := range open {
		e := p.hosts[a.Machine]
		if e != nil && time.Since(e.seen) < p.cfg.Silence && !slices.Contains(e.heartbeat.Known, a.Attempt) {
			hosts[a.Machine] = true
		}
	}
	return hosts
}

// restartSilence makes every host's silence count from now on.
func (p *Presence) restartSilence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listening = time.Now()
}
