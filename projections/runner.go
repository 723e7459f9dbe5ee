package projections

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// retryMin and retryMax bound the wait after a failure of Postgres.
	retryMin = 50 * time.Millisecond
	retryMax = 2 * time.Second
	// poisonRetryMin and poisonRetryMax bound the wait before an event that could
	// not be applied is tried again.
	poisonRetryMin = time.Second
	poisonRetryMax = 30 * time.Second
)

// RunnerConfig is what a runner works with. All fields but Registerer and Leading must be set.
type RunnerConfig struct {
	// Pool leads to the read models. A runner takes one connection out of it for good.
	Pool     *pgxpool.Pool
	Store    *eventstore.Store
	JS       jetstream.JetStream
	Model    Model
	Progress *Progress
	Log      *slog.Logger
	// Registerer takes the metrics; nil keeps them private.
	Registerer prometheus.Registerer
	// Leading is told when this runner begins and ends to lead; nil for nobody.
	Leading func(bool)
}

// Runner applies the events of one context to its model. Every process runs one
// for each context; at a time one of them leads and the others stand by.
//
// Invariants:
//  1. Events are applied in the order of the log, without a gap, wherever they come
//     from: this process's commits, JetStream, or Postgres where neither has the next.
//  2. Each event is applied exactly once, however many runners run and whenever
//     they die: see [checkpoint]. Leadership only saves double work.
//  3. An event that cannot be applied stops this projection alone, visibly, with
//     everything before its change applied.
//  4. No transaction ends inside a change: what can be read has all of it or nothing.
type Runner struct {
	RunnerConfig
	context domain.Context
	metrics *runnerMetrics
	commits *commits
	// poll is pollEvery, except in tests.
	poll time.Duration
}

// NewRunner returns a runner for tables that [Prepare] has made, and registers it
// as a commit listener of the store.
func NewRunner(cfg RunnerConfig) *Runner {
	c := cfg.Model.Context()
	cfg.Log = cfg.Log.With("component", "projection", "context", string(c))
	r := &Runner{RunnerConfig: cfg, context: c, metrics: newRunnerMetrics(cfg.Registerer, cfg.Progress, c), commits: newCommits(), poll: pollEvery}
	cfg.Store.OnCommit(r.commits.put)
	return r
}

// Run applies events until ctx ends and then returns nil. Whatever fails is
// tried again: Postgres or JetStream being away is waited for, and an event that
// cannot be applied may be applied after all once its cause is mended.
func (r *Runner) Run(ctx context.Context) error {
	failures := backoff.Growing{Least: retryMin, Most: retryMax}
	poisonings := backoff.Growing{Least: poisonRetryMin, Most: poisonRetryMax}
	for {
		began := time.Now()
		err := r.turn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait := &failures
		var poison *poisonError
		switch {
		case errors.As(err, &poison):
			r.Progress.poison(r.context, poison.position-1, poison)
			r.Log.Error("the projection stands still before an event that it cannot apply", "position", poison.position, "error", poison.reason)
			wait = &poisonings
		case errors.Is(err, errLost):
			r.Log.Info("another runner applies the events, standing by")
		default:
			r.Log.Warn("the projection is interrupted, trying again until it works", "error", err)
		}
		if time.Since(began) > 4*wait.Most {
			wait.Reset()
		}
		if !wait.Wait(ctx, nil) {
			return nil
		}
	}
}

// turn stands by until it is this runner's turn and then leads until something fails.
func (r *Runner) turn(ctx context.Context) error {
	s, err := openSession(ctx, r.Pool, "opsledger projection "+string(r.context))
	if err != nil {
		return err
	}
	defer s.close()
	locked, err := r.standBy(ctx, s)
	if err != nil {
		return err
	}
	l := &leadership{Runner: r, session: s, locked: locked}
	if locked && r.Leading != nil {
		r.Leading(true)
		defer r.Leading(false)
	}
	return l.run(ctx)
}

// errLost says that the checkpoint was moved by another runner, or that the
// tables were replaced.
var errLost = errors.New("the checkpoint was moved by another runner")

// poisonError says that one event cannot be applied, for a reason that lies in
// the event or in the program. The reason names the event.
type poisonError struct {
	position domain.Position
	reason   error
}

func (e *poisonError) Error() string { return e.reason.Error() }
func (e *poisonError) Unwrap() error { return e.reason }
