package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/opsledger/opsledger/internal/privatepg"
)

// stopLimit bounds the end of what a run started.
const stopLimit = 30 * time.Second

// Config says how to run a case.
type Config struct {
	// DatabaseURL names a PostgreSQL server to use instead of a private one; each
	// run creates databases of its own there and drops them.
	DatabaseURL string
	// Program is the file of opsledger, for cases that start whole processes.
	Program string
	// Version is the program's, for the machine line.
	Version string
	// JSON prints one object for each line instead of tables.
	JSON bool
	// Out gets the results, Progress (may be nil) what is going on meanwhile.
	Out, Progress io.Writer
	// Log may be nil.
	Log *slog.Logger
}

// Env is what one run of a case works with. Its methods are for one goroutine.
type Env struct {
	// Dir is a folder that is removed at the end.
	Dir string
	// Program is the file of opsledger.
	Program string
	Log     *slog.Logger

	cfg     Config
	machine *machine
	report  *report
	undo    []func() error
	server  string // the URL of the PostgreSQL server, once there is one
	count   int    // of databases
}

// Run runs the case and prints its results. Whatever the case leaves running is
// stopped before Run returns.
func Run(ctx context.Context, c Case, cfg Config) (err error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Progress == nil {
		cfg.Progress = io.Discard
	}
	dir, err := os.MkdirTemp("", "opsledger-bench-")
	if err != nil {
		return err
	}
	// Servers may run as another user and keep their folders to themselves.
	if err := os.Chmod(dir, 0o711); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	e := &Env{
		Dir: dir, Program: cfg.Program, Log: cfg.Log, cfg: cfg,
		machine: thisMachine(cfg.Version), report: &report{name: c.Name, json: cfg.JSON, out: cfg.Out},
	}
	e.Defer(func() error { return os.RemoveAll(dir) })
	defer func() { err = errors.Join(err, e.close()) }()
	if err := c.Run(ctx, e); err != nil {
		return fmt.Errorf("bench %s: %w", c.Name, err)
	}
	return e.report.flush(e.machine)
}

// Defer registers what undoes something, run in reverse order at the end.
func (e *Env) Defer(f func() error) { e.undo = append(e.undo, f) }

// Within runs a part of a case and undoes what that part left running, so that
// it does not disturb the next.
func (e *Env) Within(ctx context.Context, part func(context.Context, *Env) error) error {
	inner := *e
	inner.undo = nil
	err := part(ctx, &inner)
	e.count = inner.count
	return errors.Join(err, inner.close())
}

func (e *Env) close() error {
	var errs []error
	for i := len(e.undo) - 1; i >= 0; i-- {
		errs = append(errs, e.undo[i]())
	}
	return errors.Join(errs...)
}

// Print adds a line to the results.
func (e *Env) Print(l Line) error { return e.report.add(l, e.machine) }

// Progress tells the user what is going on; it is no result.
func (e *Env) Progress(format string, args ...any) {
	fmt.Fprintf(e.cfg.Progress, format+"\n", args...)
}

// Note adds a program's name and version to the machine line, once.
func (e *Env) Note(version string) { e.machine.note(version) }

// startServer starts the private PostgreSQL, with the settings of production.
func (e *Env) startServer(ctx context.Context) (url string, err error) {
	s, err := privatepg.Start(ctx, privatepg.Config{Dir: e.Dir + "/postgres", Log: e.Log})
	if err != nil {
		return "", err
	}
	e.Defer(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		return s.Stop(ctx)
	})
	return s.URL(), nil
}
