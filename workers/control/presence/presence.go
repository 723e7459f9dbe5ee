package presence

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// DefaultSilence is after how long without a sign of life a host counts as
// offline, and what it was running as unknown. Hosts give one every five seconds.
const DefaultSilence = 30 * time.Second

// Config holds what presence needs; every field is required but Silence and Log.
type Config struct {
	NC     *nats.Conn
	Pool   *pgxpool.Pool
	Store  *eventstore.Store
	Reader *opsmodel.Reader
	// Silence is DefaultSilence when zero.
	Silence time.Duration
	Log     *slog.Logger
}

// Host is what is known of one host.
type Host struct {
	// Online: the host gave a sign of life within the silence.
	Online  bool
	Seen    time.Time
	Boot    uuid.UUID
	Version string
	// Accounts is what the host said last of the keys that it keeps.
	Accounts []protocol.AccountState
}

// Presence is who lives.
//
// Invariants:
//  1. A host is given up only after this process listened for the whole silence.
//  2. A host that lives and does not work on what it should is told to ask.
type Presence struct {
	cfg Config

	mu    sync.Mutex
	hosts map[int64]*entry
	// listening is since when this process would have heard every host.
	listening time.Time
}

// entry is a host as heard of.
type entry struct {
	alive protocol.HostAlive
	seen  time.Time
	// saved is the seen that the database has.
	saved time.Time
}

// New returns a presence that knows nobody before Run.
func New(cfg Config) *Presence {
	if cfg.Silence == 0 {
		cfg.Silence = DefaultSilence
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Presence{cfg: cfg, hosts: map[int64]*entry{}, listening: time.Now()}
}

// Run listens and watches until ctx ends; then it returns nil.
func (p *Presence) Run(ctx context.Context) error {
	if err := p.restore(ctx); err != nil {
		p.cfg.Log.Warn("presence: nobody is known from before", "error", err)
	}
	sub, err := p.cfg.NC.Subscribe(protocol.SubjectHostAlives, p.hear)
	if err != nil {
		return fmt.Errorf("presence: listen to hosts: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := p.cfg.NC.Publish(protocol.SubjectHostsPoke, nil); err != nil {
		p.cfg.Log.Debug("presence: cannot ask who lives", "error", err)
	}
	p.watch(ctx)
	p.save(context.WithoutCancel(ctx))
	return nil
}

// hear takes a sign of life.
func (p *Presence) hear(m *nats.Msg) {
	host, ok := protocol.AgentOf(m.Subject)
	var alive protocol.HostAlive
	if !ok || json.Unmarshal(m.Data, &alive) != nil || alive.Log != p.cfg.Store.LogID() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.hosts[host]
	if e == nil {
		e = &entry{}
		p.hosts[host] = e
	}
	e.alive, e.seen = alive, time.Now()
}

// Host returns what is known of a host; a zero Seen means that it was never heard of.
func (p *Presence) Host(id int64) Host {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hostLocked(id)
}

// Hosts returns what is known of all hosts that were ever heard of.
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
		Boot: e.alive.Boot, Version: e.alive.Version, Accounts: e.alive.Accounts,
	}
}

// silentHosts are those that gave no sign of life for the whole silence, though
// this process listened. A host that was never heard of has begun nothing.
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

// unaware are the hosts that live and did not say, with their last sign of life,
// that they know an attempt.
func (p *Presence) unaware(open []opsmodel.OpenAttempt) map[int64]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	hosts := map[int64]bool{}
	for _, a := range open {
		e := p.hosts[a.Machine]
		if e != nil && time.Since(e.seen) < p.cfg.Silence && !slices.Contains(e.alive.Known, a.Attempt) {
			hosts[a.Machine] = true
		}
	}
	return hosts
}

// deafUntilNow makes silence count anew.
func (p *Presence) deafUntilNow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listening = time.Now()
}
