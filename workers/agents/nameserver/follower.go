package nameserver

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/internal/ask"
	"github.com/opsledger/opsledger/workers/agents/session"
)

// Engine makes named serve the desired state; [bind.Engine] is the real one. Its
// methods are called from several goroutines.
type Engine interface {
	// Reset replaces the desired state.
	Reset(ctx context.Context, s bind.Snapshot) error
	// Take takes the next change's dns events, in memory and quickly. An error means that
	// the change does not fit the state.
	Take(c bind.Change) error
	// Stored says of which event the state is that an engine before has stored, false if there
	// is none. Resume makes it the desired state, and Begin lets the engine work with that once
	// it has all changes since.
	Stored() (bind.Origin, bool)
	Resume() error
	Begin()
	// Status reports how far named is proved to be. The follower fills in Log, Agent,
	// Boot and Seq.
	Status() protocol.Report
	// Changed receives a signal after Status has changed; several changes may share a
	// signal.
	Changed() <-chan struct{}
	// CheckConf returns a [domain.Error] if named would not take the main
	// configuration; any other error means that it could not be checked.
	CheckConf(ctx context.Context, text string) error
}

// ErrClosed says that the connection was closed for good.
var ErrClosed = errors.New("nameserver: the NATS connection is closed")

// Config holds what a follower needs; every field is required but Session and
// Log.
type Config struct {
	// NC is connected as the agent, with its inbox prefix, see [Options]. The caller
	// closes it after Run.
	NC *nats.Conn
	// ID is the id of the server that the agent was enrolled for.
	ID int64
	// Key is the control plane's key from the credentials.
	Key    ed25519.PublicKey
	Engine Engine
	Codec  *domain.Codec
	// Session says when the agent may take orders; nil always.
	Session *session.Session
	Log     *slog.Logger
}

// Follower follows the log for one engine. Run may be called once.
type Follower struct {
	cfg  Config
	boot uuid.UUID
	// head is the newest announcement of the log's end. headCame signals that there is
	// one, reportNow that a report is requested.
	head                atomic.Pointer[protocol.HeadAnnouncement]
	headCame, reportNow chan struct{}
	// log is the log whose state the engine holds, nil before the first snapshot.
	log atomic.Pointer[uuid.UUID]
	// reported is the number of the last report.
	reported atomic.Int64
}

// New returns a follower that does nothing before Run.
func New(cfg Config) (*Follower, error) {
	switch {
	case cfg.NC == nil || cfg.Engine == nil || cfg.Codec == nil || len(cfg.Key) == 0:
		return nil, errors.New("nameserver: connection, engine, codec and the control plane's key are needed")
	case cfg.ID <= 0:
		return nil, errors.New("nameserver: id must be positive")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("agent", cfg.ID)
	boot, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &Follower{cfg: cfg, boot: boot, headCame: make(chan struct{}, 1), reportNow: make(chan struct{}, 1)}, nil
}

// asker asks the control plane.
func (f *Follower) asker() ask.Asker { return ask.Asker{NC: f.cfg.NC, ID: f.cfg.ID, Key: f.cfg.Key} }

// Run follows the log until ctx ends; then it returns nil. It returns an error, such as
// ErrClosed, only if trying again is of no use.
func (f *Follower) Run(ctx context.Context) error {
	stop, err := f.answerRequests(ctx)
	if err != nil {
		return err
	}
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	feeder := newFeeder(f)
	g.Go(func() error { return f.cfg.Session.While(ctx, feeder.run) })
	g.Go(func() error { return f.cfg.Session.While(ctx, f.publishReports) })
	return g.Wait()
}

// signal leaves a token in the channel, unless there is one.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
