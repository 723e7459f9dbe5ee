package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/opsledger/opsledger/internal/folderlock"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// Config is what an executor needs.
type Config struct {
	// Dir is the agent's folder for the journal and stored contents; it is made if missing.
	Dir string
	// Settings are those of the host's configuration file.
	Settings Settings
	// Supervisor is a command that does nothing but call supervise.Main; usually
	// /proc/self/exe and a hidden subcommand.
	Supervisor []string
	// Proxies are those by which git fetches; none when empty. See [ProxiesOf].
	Proxies Proxies
	// Log is for the host's operator; slog's default when nil.
	Log *slog.Logger
}

const (
	defaultConcurrency = 4
	defaultKeep        = 90 * 24 * time.Hour
	defaultLargest     = 1 << 30
	// repeatEvery is how often ends that are not acknowledged are reported again.
	repeatEvery = 30 * time.Second
	expireEvery = time.Second
)

// Executor carries out attempts.
//
// Invariants:
//  1. An attempt begins at most once: the journal has its start on the disk before,
//     and an attempt that began in an earlier life of the agent is only recovered.
//  2. An end is on the disk before it is reported, never changes, and is reported
//     again until it is acknowledged.
//  3. An attempt with a lower number than another one of its task never begins.
//  4. At most one attempt works on a target, and at most one on a task.
//  5. A forgotten attempt is not taken as new: nothing at or below the highest
//     forgotten position is.
type Executor struct {
	cfg     Config
	log     *slog.Logger
	actions map[string]*action
	lock    *folderlock.Lock
	journal *journal
	store   *files.Store
	starter *supervise.Starter
	reports *outbox
	logs    *logs

	reportsOut chan Report
	linesOut   chan Batch

	mu        sync.Mutex
	attempts  map[key]*attempt
	newest    map[string]int64
	forgotten int64
	queue     []*attempt
	busy      map[string]bool
	working   int
	// run is the context of Run; nil before and after.
	run  context.Context
	work sync.WaitGroup
	// failed has the error of a journal that cannot be written, which ends Run.
	failed chan error
}

// New checks the settings, locks the folder and reads the journal. Nothing runs
// before Run is called; if Run is never called, Close frees the folder.
func New(cfg Config) (*Executor, error) {
	actions, err := newActions(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("executor: %w", err)
	}
	if len(cfg.Supervisor) == 0 {
		return nil, errors.New("executor: no command for the supervisor")
	}
	e := &Executor{
		cfg: cfg, actions: actions, log: cmp.Or(cfg.Log, slog.Default()),
		reports: newOutbox(), logs: newLogs(), reportsOut: make(chan Report), linesOut: make(chan Batch),
		attempts: map[key]*attempt{}, newest: map[string]int64{}, busy: map[string]bool{}, failed: make(chan error, 1),
	}
	if err := e.open(); err != nil {
		return nil, fmt.Errorf("executor: %w", err)
	}
	return e, nil
}

// Close frees the folder of an executor that was never run.
func (e *Executor) Close() error {
	return errors.Join(e.journal.close(), e.lock.Release())
}

// Reports is the channel of reports, while Run runs.
func (e *Executor) Reports() <-chan Report { return e.reportsOut }

// Lines is the channel of output lines, while Run runs. A slow reader slows programs
// down for a moment and then loses lines; each batch says which lines are missing.
func (e *Executor) Lines() <-chan Batch { return e.linesOut }

// Run recovers the attempts that an earlier life left, then carries out attempts until
// ctx ends. Then it interrupts the attempts that run, and returns when all have
// ended. It returns an error if the journal cannot be written.
func (e *Executor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.starter = supervise.NewStarter(e.cfg.Supervisor)
	var deliver sync.WaitGroup
	deliver.Go(func() { e.deliverReports(ctx) })
	deliver.Go(func() { e.deliverLines(ctx) })

	e.mu.Lock()
	e.run = ctx
	e.schedule()
	e.mu.Unlock()

	failed := e.watch(ctx)
	e.mu.Lock()
	e.run = nil
	for _, a := range e.attempts {
		if a.cancel != nil {
			a.cancel(errStopped)
		}
	}
	e.mu.Unlock()
	e.work.Wait()
	cancel(errStopped)
	deliver.Wait()
	e.starter.Close()
	return errors.Join(failed, e.Close())
}

// watch returns when the executor has to stop: nil if ctx ended, else the fault.
func (e *Executor) watch(ctx context.Context) error {
	repeat, expire := time.NewTicker(repeatEvery), time.NewTicker(expireEvery)
	defer repeat.Stop()
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-e.failed:
			return err
		case <-repeat.C:
			e.Repeat()
		case now := <-expire.C:
			e.expire(now)
		}
	}
}
