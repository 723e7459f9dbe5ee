package host

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/agents/internal/ask"
	"github.com/opsledger/opsledger/workers/agents/session"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
)

// Tasks carries attempts out; [executor.Executor] is the real one, and documents the
// methods.
type Tasks interface {
	Run(ctx context.Context) error
	// Close is called if Run is never called.
	Close() error
	Assign(a executor.Assignment) error
	Cancel(task string, attempt int64) error
	Acknowledged(task string, attempt int64) error
	Knows(task string, attempt int64) bool
	Pending() []executor.Pending
	Reports() <-chan executor.Report
	Lines() <-chan executor.Batch
}

// ErrClosed says that the connection was closed for good.
var ErrClosed = errors.New("host: the NATS connection is closed")

// lastReportWithin bounds how long an agent that is stopped tries to report the ends of
// the attempts that it stopped. Other ends are reported at its next start.
const lastReportWithin = 2 * time.Second

// Config holds what a follower needs. Every field is required unless its comment says
// otherwise.
type Config struct {
	// NC is connected as the host, see [Options]. The caller closes it after Run.
	NC *nats.Conn
	// ID is the id of the machine that the agent was enrolled for.
	ID int64
	// Key is the control plane's key from the credentials.
	Key ed25519.PublicKey
	// LogID is the log that the credentials are of. If it is nil, the follower takes the
	// first log that the control plane names.
	LogID uuid.UUID
	Tasks Tasks
	// Keys keeps the accounts' keys; nil if the host keeps none.
	Keys *sshkeys.Keeper
	// Session says when the agent may take orders; nil always.
	Session *session.Session
	// Offers says what the host offers now; nil if the control plane is not told.
	Offers func() protocol.HostOffers
	// Version is the agent's version, for its heartbeats.
	Version string
	// Log is for the host's operator; nil discards it.
	Log *slog.Logger
}

// Follower is one host's end of the bus. Run may be called once.
type Follower struct {
	cfg      Config
	boot     uuid.UUID
	keys     *accountKeys
	reporter *reporter
	// receiptWithin is the constant of this name, except in tests.
	receiptWithin time.Duration

	// logID is the log whose work the host does, nil before it is known.
	logID atomic.Pointer[uuid.UUID]
	// seen is the position up to which the host knows its work.
	seen atomic.Int64
	// ready closes when the host has got its work for the first time.
	ready chan struct{}
	// askWork makes the feeder ask for work. heartbeatNow makes sendHeartbeats send one at
	// once, and changed makes it send one soon.
	askWork, heartbeatNow, changed chan struct{}
}

// New returns a follower that does nothing before Run.
func New(cfg Config) (*Follower, error) {
	switch {
	case cfg.NC == nil || cfg.Tasks == nil || len(cfg.Key) == 0:
		return nil, errors.New("host: connection, tasks and the control plane's key are needed")
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
	f := &Follower{
		cfg: cfg, boot: boot, receiptWithin: receiptWithin, ready: make(chan struct{}),
		askWork: make(chan struct{}, 1), heartbeatNow: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
	if cfg.LogID != uuid.Nil {
		f.logID.Store(&cfg.LogID)
	}
	f.keys, f.reporter = newAccountKeys(f), newReporter(f)
	return f, nil
}

// Run does the host's work until ctx ends. Then it stops the running attempts, reports
// their ends if that can be done quickly, and returns nil. It returns an error, such as
// ErrClosed, only if trying again is of no use.
func (f *Follower) Run(ctx context.Context) error {
	stopListening, err := f.listen()
	if err != nil {
		return errors.Join(err, f.cfg.Tasks.Close())
	}
	defer stopListening()
	// Reports and lines outlive the tasks, which end when ctx does.
	back, stopBack := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBack()
	g, back := errgroup.WithContext(back)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(back, stop)

	feeder := newFeeder(f)
	g.Go(func() error { return f.cfg.Session.While(ctx, feeder.run) })
	g.Go(func() error { f.keys.run(ctx); return nil })
	g.Go(func() error { return f.cfg.Session.While(ctx, f.sendHeartbeats) })
	g.Go(func() error { return f.cfg.Session.While(ctx, f.tellOffers) })
	g.Go(func() error { f.reporter.run(back); return nil })
	g.Go(func() error { f.publishLines(back); return nil })
	failed := f.execute(ctx)
	if f.cfg.NC.IsConnected() {
		f.reporter.finish(back, f.cfg.Tasks.Pending())
	}
	stop()
	stopBack()
	return errors.Join(failed, g.Wait())
}

// execute runs the tasks once the host has got its work, so that an attempt that was
// cancelled while the agent was down is not begun.
func (f *Follower) execute(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return f.cfg.Tasks.Close()
	case <-f.ready:
	}
	if err := f.cfg.Tasks.Run(ctx); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return nil
}

// listen takes the control plane's requests.
func (f *Follower) listen() (stop func(), err error) {
	all, err := f.cfg.NC.Subscribe(protocol.SubjectHostsHeartbeatNow, func(*nats.Msg) {
		signal(f.heartbeatNow)
		f.reporter.repeatNow()
	})
	if err != nil {
		return nil, fmt.Errorf("host: listen to the control plane: %w", err)
	}
	mine, err := f.cfg.NC.Subscribe(protocol.SubjectHostFetchWork(f.cfg.ID), func(*nats.Msg) { signal(f.askWork) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("host: listen to the control plane: %w", err), all.Unsubscribe())
	}
	return func() { _, _ = all.Unsubscribe(), mine.Unsubscribe() }, nil
}

// asker asks the control plane.
func (f *Follower) asker() ask.Asker { return ask.Asker{NC: f.cfg.NC, ID: f.cfg.ID, Key: f.cfg.Key} }

// log is the log whose work the host does, and false before it is known.
func (f *Follower) log() (uuid.UUID, bool) {
	id := f.logID.Load()
	if id == nil {
		return uuid.Nil, false
	}
	return *id, true
}

// signal leaves a token in the channel, unless there is one.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
