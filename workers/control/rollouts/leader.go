package rollouts

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// lookEvery is how often the servers of a rollout are looked at.
const lookEvery = time.Second

// Config is what a Leader needs.
type Config struct {
	Store    *eventstore.Store
	Reader   *dnsmodel.Reader
	Progress *projections.Progress
	Reports  *reporter.Reporter
	// Log may be nil.
	Log *slog.Logger
}

// Leader leads the rollout that is under way, if there is one.
type Leader struct {
	cfg Config
	// seen is what this process has seen of that rollout.
	seen watch
}

// New returns a Leader for one Run.
func New(cfg Config) *Leader {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Leader{cfg: cfg}
}

// Run looks at the servers until ctx ends. While the database is away, it tries again.
func (l *Leader) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.cfg.Log.WarnContext(ctx, "the rollout is not looked after, will look again", "error", err)
		}
	}
}

// look takes the step that is due, if one is.
func (l *Leader) look(ctx context.Context) error {
	rollout, err := l.cfg.Reader.RunningRollout(ctx)
	if errors.Is(err, query.ErrNotFound) {
		l.seen = watch{}
		return nil
	}
	if err != nil {
		return err
	}
	step := l.seen.judge(rollout, l.cfg.Reports.Settings(Brought(rollout)), time.Now())
	var command domain.Command
	switch {
	case step.failed != "":
		command = dns.NewStopRollout(rollout.ID, step.failed)
	case step.goOn:
		command = dns.NewGoOnWithRollout(rollout.ID, rollout.Stage())
	default:
		return nil
	}
	receipt, err := l.cfg.Store.Execute(ctx, eventstore.Request{
		Command: command, Actor: domain.System, Door: domain.DoorSystem, Causation: rollout.ID,
	})
	if refused, taken := errors.AsType[*domain.Error](err); taken {
		l.cfg.Log.DebugContext(ctx, "the step of a rollout was taken by another process, or by a user", "rollout", rollout.ID, "answer", refused)
		return nil
	}
	if err != nil {
		return err
	}
	l.cfg.Log.InfoContext(ctx, "a rollout has got on", "rollout", rollout.ID, "stage", rollout.Stage(), "stopped", step.failed)
	return l.cfg.Progress.Wait(ctx, domain.ContextDNS, receipt.Last)
}

// Brought returns the first and the last position of the change that brings a rollout's configuration to a
// server, for which the server's named is looked at: a server whose stage is not reached is not, and its
// positions are 0.
func Brought(r dnsmodel.Rollout) func(server int64) (first, last domain.Position) {
	return func(server int64) (first, last domain.Position) {
		switch since := r.Since(server); since {
		case r.ID:
			return r.First, r.ID
		default:
			return since, since
		}
	}
}
