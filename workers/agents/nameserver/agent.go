package nameserver

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

// Engine turns desired state into what named serves. [bind.Engine] is the real
// one. Its methods are called from several goroutines.
type Engine interface {
	// Reset replaces the desired state.
	Reset(ctx context.Context, s bind.Snapshot) error
	// Apply takes the next dns event, in memory and quickly. An error means that
	// the event does not fit the state.
	Take(e domain.Recorded) error
	// Status reports what is proved; Log, Agent, Boot and Seq are filled in here.
	Status() protocol.Report
	// Changed receives a signal after Status has changed; signals coalesce.
	Changed() <-chan struct{}
	// CheckConf says, by a [domain.Error], why named would not take the main
	// configuration; any other error means that it could not be checked.
	CheckConf(ctx context.Context, text string) error
}

// ErrClosed says that the connection was closed for good.
var ErrClosed = errors.New("agent: the NATS connection is closed")

// Config holds what an agent needs; every field is required but Log.
type Config struct {
	// NC is connected as the agent, with its inbox prefix, see [Options]. It is
	// the caller's to close, after Run.
	NC *nats.Conn
	// ID is the id of the server that the agent was enrolled for.
	ID     int64
	Engine Engine
	Codec  *domain.Codec
	Log    *slog.Logger
}

// Agent feeds one engine. Run may be called once.
type Agent struct {
	cfg  Config
	boot uuid.UUID
	// beacon is the newest word about the log's end. beaconCame says that there is
	// one, reportNow that a report is wished for.
	beacon                atomic.Pointer[protocol.Beacon]
	beaconCame, reportNow chan struct{}
	// log is whose state the engine holds, nil before the first snapshot.
	log atomic.Pointer[uuid.UUID]
}

// New returns an agent that does nothing before Run.
func New(cfg Config) (*Agent, error) {
	switch {
	case cfg.NC == nil || cfg.Engine == nil || cfg.Codec == nil:
		return nil, errors.New("agent: connection, engine and codec are needed")
	case cfg.ID <= 0:
		return nil, errors.New("agent: id must be positive")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("agent", cfg.ID)
	boot, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &Agent{cfg: cfg, boot: boot, beaconCame: make(chan struct{}, 1), reportNow: make(chan struct{}, 1)}, nil
}

// Run follows the log until ctx ends; then it returns nil. It returns an error,
// ErrClosed among them, only for what time does not heal.
func (a *Agent) Run(ctx context.Context) error {
	stop, err := a.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return newFollower(a).run(ctx) })
	g.Go(func() error { return a.report(ctx) })
	return g.Wait()
}

// signal leaves a token for who waits, unless there is one.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
