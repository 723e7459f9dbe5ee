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
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// refreshEvery is how often the roster is read if no event says that it changed.
	refreshEvery = 2 * time.Second
	// loadTimeout bounds one read.
	loadTimeout = 5 * time.Second
	// catchUpTimeout bounds the wait for the read model to apply a server's event.
	catchUpTimeout = 5 * time.Second
)

// Config holds what a roster needs; every field is required but Log.
type Config struct {
	Progress *projections.Progress
	// NC receives events on their way to the stream, so that a change does not wait for
	// the next regular read.
	NC  *nats.Conn
	Log *slog.Logger
}

// source is where a roster's entries come from.
type source[T any] struct {
	// read reads the enrolled from the read model of the context.
	read    func(context.Context) ([]T, error)
	context domain.Context
	// subject matches the events that may concern the roster; concerns says which do.
	subject  string
	concerns func(eventType string) bool
	// key is an entry's id; same says whether two entries with one id are equal.
	key  func(T) int64
	same func(a, b T) bool
}

// Roster is the list of those that have an enrolled agent: [Servers] or [Hosts].
//
// Invariants:
//  1. What Fresh returns was read after Fresh was called.
//  2. Reads do not overlap, however many ask: at most one runs and one is wanted.
//  3. A failed read keeps the list as it was.
type Roster[T any] struct {
	cfg    Config
	source source[T]
	want   chan struct{}

	mu      sync.Mutex
	list    []T
	has     map[int64]bool
	loaded  bool
	changed chan struct{}
	next    *load[T]
}

// load is a read and its result, which all callers that wait for it share.
type load[T any] struct {
	done chan struct{}
	list []T
	err  error
}

// newRoster returns a roster that is empty until Run has read it.
func newRoster[T any](cfg Config, from source[T]) *Roster[T] {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Roster[T]{cfg: cfg, source: from, want: make(chan struct{}, 1), changed: make(chan struct{}), next: newLoad[T]()}
}

func newLoad[T any]() *load[T] { return &load[T]{done: make(chan struct{})} }

// Run keeps the roster up to date until ctx ends. Fresh works only while it runs.
func (r *Roster[T]) Run(ctx context.Context) error {
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

// follow asks for a read once the read model has applied an event that concerns the
// roster.
func (r *Roster[T]) follow(ctx context.Context, hints <-chan domain.Position) {
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
func (r *Roster[T]) ask() {
	select {
	case r.want <- struct{}{}:
	default: // already wanted, and not yet begun
	}
}

// listen returns the positions of events that concern the roster. A position that finds
// the channel full is dropped: the positions in it cause a later read anyway.
func (r *Roster[T]) listen() (<-chan domain.Position, func(), error) {
	hints := make(chan domain.Position, 64)
	sub, err := r.cfg.NC.Subscribe(r.source.subject, func(m *nats.Msg) {
		var e protocol.Envelope
		if json.Unmarshal(m.Data, &e) != nil || !r.source.concerns(e.Type) {
			return
		}
		select {
		case hints <- e.Position:
		default:
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("roster: follow enrolments: %w", err)
	}
	return hints, func() { _ = sub.Unsubscribe() }, nil
}

// catchUp waits until the read model has applied the event; if it does not in
// time, a later regular read will see it.
func (r *Roster[T]) catchUp(ctx context.Context, position domain.Position) {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	if err := r.cfg.Progress.Wait(ctx, r.source.context, position); err != nil {
		r.cfg.Log.Debug("roster: the read model lags", "position", position, "error", err)
	}
}

// load reads the list and hands it to the callers that asked before.
func (r *Roster[T]) load(ctx context.Context) {
	r.mu.Lock()
	this := r.next
	r.next = newLoad[T]()
	r.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	this.list, this.err = r.source.read(ctx)
	if this.err != nil {
		this.err = fmt.Errorf("read who is enrolled: %w", this.err)
		if ctx.Err() == nil {
			r.cfg.Log.Warn("roster: keeping the last known list", "error", this.err)
		}
	} else {
		r.take(this.list)
	}
	close(this.done)
}

func (r *Roster[T]) take(list []T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loaded && slices.EqualFunc(list, r.list, r.source.same) {
		return
	}
	r.list, r.loaded = list, true
	r.has = make(map[int64]bool, len(list))
	for _, entry := range list {
		r.has[r.source.key(entry)] = true
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// Fresh returns the enrolled as read after the call began.
func (r *Roster[T]) Fresh(ctx context.Context) ([]T, error) {
	r.mu.Lock()
	next := r.next
	r.mu.Unlock()
	r.ask()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-next.done:
		return next.list, next.err
	}
}

// Enrolled returns the enrolled as last read, none before the first
// read. The list must not be changed. The channel closes at the next change.
func (r *Roster[T]) Enrolled() ([]T, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list, r.changed
}

// Has says whether the server or machine was enrolled when the roster was last read.
func (r *Roster[T]) Has(id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.has[id]
}

// Loaded says whether the roster was read at least once.
func (r *Roster[T]) Loaded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loaded
}
