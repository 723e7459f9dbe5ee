package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections"
)

const (
	// refreshEvery is how often the roster is read when nothing tells of a change.
	refreshEvery = 2 * time.Second
	// loadTimeout bounds one read.
	loadTimeout = 5 * time.Second
	// catchUpTimeout bounds the wait for the read model to apply a server's event.
	catchUpTimeout = 5 * time.Second
)

// Config holds what a roster needs; every field is required but Log.
type Config struct {
	Reader   *projections.Reader
	Progress *projections.Progress
	// NC sees events go by on their way to the stream, which saves waiting for
	// the next regular read.
	NC  *nats.Conn
	Log *slog.Logger
}

// Roster is the list of servers with an enrolled agent.
//
// Invariants:
//  1. What Fresh returns was read after Fresh was called.
//  2. Reads do not overlap, however many ask: at most one runs and one is wanted.
//  3. A failed read keeps the list as it was.
type Roster struct {
	cfg  Config
	want chan struct{}

	mu      sync.Mutex
	servers []projections.Server
	byID    map[int64]projections.Server
	loaded  bool
	changed chan struct{}
	next    *load
}

// load is one read that has not begun yet; those who wait for it share its end.
type load struct {
	done    chan struct{}
	servers []projections.Server
	err     error
}

// New returns a roster that is empty until Run has read it.
func New(cfg Config) *Roster {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Roster{cfg: cfg, want: make(chan struct{}, 1), changed: make(chan struct{}), next: newLoad()}
}

func newLoad() *load { return &load{done: make(chan struct{})} }

// Run keeps the roster up to date until ctx ends. Fresh works only while it runs.
func (r *Roster) Run(ctx context.Context) error {
	hints, stop, err := r.listen()
	if err != nil {
		return err
	}
	var follower sync.WaitGroup
	defer follower.Wait()
	defer stop()
	follower.Go(func() { r.follow(ctx, hints) })

	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		r.load(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.want:
		}
	}
}

// follow asks for a read once the read model has applied a server's event.
func (r *Roster) follow(ctx context.Context, hints <-chan domain.Position) {
	for {
		select {
		case <-ctx.Done():
			return
		case position := <-hints:
			r.catchUp(ctx, position)
			r.ask()
		}
	}
}

// ask makes sure that a read begins after now.
func (r *Roster) ask() {
	select {
	case r.want <- struct{}{}:
	default: // already wanted, and not yet begun
	}
}

// listen yields the positions of server events that go by. A hint that finds
// the channel full is not needed: the read that the waiting one causes is later.
func (r *Roster) listen() (<-chan domain.Position, func(), error) {
	hints := make(chan domain.Position, 64)
	sub, err := r.cfg.NC.Subscribe(eventstore.SubjectEvents+"."+string(domain.ContextDNS)+".0.>", func(m *nats.Msg) {
		var e eventstore.Envelope
		if json.Unmarshal(m.Data, &e) != nil || !concernsServers(e.Type) {
			return
		}
		select {
		case hints <- e.Position:
		default:
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("roster: follow server events: %w", err)
	}
	return hints, func() { _ = sub.Unsubscribe() }, nil
}

// catchUp waits until the read model has applied the event; if it does not in
// time, a later regular read will see it.
func (r *Roster) catchUp(ctx context.Context, position domain.Position) {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	if err := r.cfg.Progress.Wait(ctx, domain.ContextDNS, position); err != nil {
		r.cfg.Log.Debug("roster: the read model lags", "position", position, "error", err)
	}
}

// load reads the list and hands it to those who asked before it began.
func (r *Roster) load(ctx context.Context) {
	r.mu.Lock()
	this := r.next
	r.next = newLoad()
	r.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	this.servers, this.err = r.cfg.Reader.EnrolledServers(ctx)
	if this.err != nil {
		this.err = fmt.Errorf("read the enrolled servers: %w", this.err)
		if ctx.Err() == nil {
			r.cfg.Log.Warn("roster: keeping the last known list", "error", this.err)
		}
	} else {
		r.take(this.servers)
	}
	close(this.done)
}

func (r *Roster) take(servers []projections.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loaded && slices.EqualFunc(servers, r.servers, func(a, b projections.Server) bool { return a == b }) {
		return
	}
	r.servers, r.loaded = servers, true
	r.byID = make(map[int64]projections.Server, len(servers))
	for _, s := range servers {
		r.byID[s.ID] = s
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// Fresh returns the enrolled servers as read after the call began.
func (r *Roster) Fresh(ctx context.Context) ([]projections.Server, error) {
	r.mu.Lock()
	next := r.next
	r.mu.Unlock()
	r.ask()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-next.done:
		return next.servers, next.err
	}
}

// Enrolled returns the enrolled servers as last read, none before the first
// read. The list must not be changed. The channel closes at the next change.
func (r *Roster) Enrolled() ([]projections.Server, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.servers, r.changed
}

// Has says whether the server was enrolled when the roster was last read.
func (r *Roster) Has(id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.byID[id]
	return ok
}

// Loaded says whether the roster was read at least once.
func (r *Roster) Loaded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loaded
}
