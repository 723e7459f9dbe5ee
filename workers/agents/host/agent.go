package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
)

// Tasks carries attempts out; [executor.Executor] is the real one, and says what
// the methods do.
type Tasks interface {
	Run(ctx context.Context) error
	// Close is called instead of Run when Run never was.
	Close() error
	Assign(a executor.Assignment) error
	Cancel(task string, attempt int64) error
	Settled(task string, attempt int64) error
	Knows(task string, attempt int64) bool
	Held() []executor.Held
	Reports() <-chan executor.Report
	Lines() <-chan executor.Batch
}

// ErrClosed says that the connection was closed for good.
var ErrClosed = errors.New("host: the NATS connection is closed")

// lastWord bounds how long an agent that is stopped tries to report the ends of
// what it stopped. What it cannot is reported at its next start.
const lastWord = 2 * time.Second

// Config holds what an agent needs; every field is required but those that say so.
type Config struct {
	// NC is connected as the host, see [Options]. It is the caller's to close, after Run.
	NC *nats.Conn
	// ID is the id of the machine that the agent was enrolled for.
	ID int64
	// LogID is the log that the credentials are of; of nil, the first is taken
	// that the control plane speaks of.
	LogID uuid.UUID
	Tasks Tasks
	// Keys keeps the accounts' keys; nil when the host keeps none.
	Keys  *sshkeys.Keeper
	Codec *domain.Codec
	// Version is what the agent says of itself.
	Version string
	// Log is for the host's operator; nil drops what it would say.
	Log *slog.Logger
}

// Agent is one host on the bus. Run may be called once.
type Agent struct {
	cfg  Config
	boot uuid.UUID
	keys *keyring
	told *reporter

	// logID is whose work the host does, nil before it is known.
	logID atomic.Pointer[uuid.UUID]
	// seen is the position up to which the host knows its work.
	seen atomic.Int64
	// ready closes when the host has heard for the first time what is wanted.
	ready chan struct{}
	// askWork, aliveNow and changed wake those who ask, and those who say so.
	askWork, aliveNow, changed chan struct{}
}

// New returns an agent that does nothing before Run.
func New(cfg Config) (*Agent, error) {
	switch {
	case cfg.NC == nil || cfg.Tasks == nil || cfg.Codec == nil:
		return nil, errors.New("host: connection, tasks and codec are needed")
	case cfg.ID <= 0:
		return nil, errors.New("host: id must be positive")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("host", cfg.ID)
	boot, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	a := &Agent{
		cfg: cfg, boot: boot, ready: make(chan struct{}),
		askWork: make(chan struct{}, 1), aliveNow: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
	if cfg.LogID != uuid.Nil {
		a.logID.Store(&cfg.LogID)
	}
	a.keys, a.told = newKeyring(a), newReporter(a)
	return a, nil
}

// Run does the host's work until ctx ends: then what runs is stopped, its end is
// reported if that can be done quickly, and Run returns nil. It returns an error,
// ErrClosed among them, only for what time does not heal.
func (a *Agent) Run(ctx context.Context) error {
	stopListening, err := a.listen()
	if err != nil {
		return errors.Join(err, a.cfg.Tasks.Close())
	}
	defer stopListening()
	// Reports and lines outlive the tasks, which end when ctx does.
	back, stopBack := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBack()
	g, back := errgroup.WithContext(back)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(back, stop)

	g.Go(func() error { return newFollower(a).run(ctx) })
	g.Go(func() error { a.keys.run(ctx); return nil })
	g.Go(func() error { a.live(ctx); return nil })
	g.Go(func() error { a.told.run(back); return nil })
	g.Go(func() error { a.publishLines(back); return nil })
	failed := a.execute(ctx)
	if a.cfg.NC.IsConnected() {
		a.told.finish(back, a.cfg.Tasks.Held())
	}
	stop()
	stopBack()
	return errors.Join(failed, g.Wait())
}

// execute runs the tasks once it is known what is wanted: one that was cancelled
// while the agent was away is not begun.
func (a *Agent) execute(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return a.cfg.Tasks.Close()
	case <-a.ready:
	}
	if err := a.cfg.Tasks.Run(ctx); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return nil
}

// listen takes the control plane's wishes.
func (a *Agent) listen() (stop func(), err error) {
	all, err := a.cfg.NC.Subscribe(protocol.SubjectHostsPoke, func(*nats.Msg) {
		signal(a.aliveNow)
		a.told.again()
	})
	if err != nil {
		return nil, fmt.Errorf("host: listen to the control plane: %w", err)
	}
	mine, err := a.cfg.NC.Subscribe(protocol.SubjectHostPoke(a.cfg.ID), func(*nats.Msg) { signal(a.askWork) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("host: listen to the control plane: %w", err), all.Unsubscribe())
	}
	return func() { _, _ = all.Unsubscribe(), mine.Unsubscribe() }, nil
}

// log is whose work the host does, and false before that is known.
func (a *Agent) log() (uuid.UUID, bool) {
	id := a.logID.Load()
	if id == nil {
		return uuid.Nil, false
	}
	return *id, true
}

// signal leaves a token for who waits, unless there is one.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
