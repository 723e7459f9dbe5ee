package executor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// The test binary is also the supervisor, and an agent that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "supervise":
			os.Exit(supervise.Main())
		case "agent":
			os.Exit(agent(os.Args[2]))
		}
	}
	testkit.Main(m)
}

const task = "0358c3c78f5211e685855cf9389306a2"

// host is a machine with folders, a configuration and an agent.
type host struct {
	t      *testing.T
	dir    string
	config string
	// proxies are the agent's.
	proxies []string

	e    *executor.Executor
	stop func()

	mu      sync.Mutex
	reports []executor.Report
	lines   []executor.Batch
	changed chan struct{}
}

// user is what the configuration says as whom actions run.
func user() string {
	if os.Geteuid() == 0 {
		return "user: root"
	}
	return "timeout: 1m"
}

// newHost writes scripts and a configuration, in which $DIR is the host's folder
// and $USER a line that says as whom an action runs.
func newHost(t *testing.T, config string, scripts map[string]string) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), changed: make(chan struct{}, 1)}
	h.config = strings.NewReplacer("$DIR", h.dir, "$USER", user()).Replace("actions_folder: $DIR/actions\n" + config)
	for name, text := range scripts {
		h.write("actions/"+name, "#!/bin/sh\n"+text+"\n")
		if err := os.Chmod(h.path("actions/"+name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *host) path(name string) string { return filepath.Join(h.dir, name) }

func (h *host) write(name, text string) {
	h.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(h.path(name)), 0o755), os.WriteFile(h.path(name), []byte(text), 0o644)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) read(name string) string {
	text, err := os.ReadFile(h.path(name))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func open(dir, config string, proxies ...string) (*executor.Executor, error) {
	settings, err := executor.ParseSettings([]byte(config))
	if err != nil {
		return nil, err
	}
	return executor.New(executor.Config{
		Dir: filepath.Join(dir, "agent"), Settings: settings, Supervisor: []string{"/proc/self/exe", "supervise"}, Log: slog.New(slog.DiscardHandler),
		Proxies: proxies,
	})
}

// start runs an agent in this process until the test ends, or stop is called.
func (h *host) start() *host {
	h.t.Helper()
	e, err := open(h.dir, h.config, h.proxies...)
	if err != nil {
		h.t.Fatal(err)
	}
	h.e = e
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := e.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	work.Go(func() { h.collect(ctx) })
	h.stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	h.t.Cleanup(h.stop)
	return h
}

func (h *host) collect(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-h.e.Reports():
			h.mu.Lock()
			h.reports = append(h.reports, r)
			h.mu.Unlock()
		case b := <-h.e.Lines():
			h.mu.Lock()
			h.lines = append(h.lines, b)
			h.mu.Unlock()
		}
		select {
		case h.changed <- struct{}{}:
		default:
		}
	}
}

func (h *host) assign(a executor.Assignment) {
	h.t.Helper()
	if a.Task == "" {
		a.Task = task
	}
	if a.Mode == "" {
		a.Mode = ops.ModeUpdate
	}
	if a.Target == "" {
		a.Target = "t"
	}
	if a.Content == "" {
		a.Content = "f"
	}
	if err := h.e.Assign(a); err != nil {
		h.t.Fatal(err)
	}
}

// until waits for a report, or for lines.
func (h *host) until(what string, found func() bool) {
	h.t.Helper()
	limit := time.After(testkit.Patience)
	for {
		h.mu.Lock()
		ok := found()
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-h.changed:
		case <-limit:
			h.t.Fatalf("no %s; reports %+v", what, h.reports)
		}
	}
}

// end waits for the end of an attempt.
func (h *host) end(attempt int64) (end executor.Report) {
	h.t.Helper()
	h.until(fmt.Sprintf("end of %d", attempt), func() bool {
		for _, r := range h.reports {
			if r.Attempt == attempt && r.State.Ended() {
				end = r
				return true
			}
		}
		return false
	})
	return end
}

func (h *host) wantEnd(attempt int64, state ops.AttemptState, message string) executor.Report {
	h.t.Helper()
	end := h.end(attempt)
	if end.State != state || !strings.Contains(end.Message, message) {
		h.t.Errorf("attempt %d ended %s: %q, want %s: %q", attempt, end.State, end.Message, state, message)
	}
	return end
}

// wantInterrupted wants an end that the agent's own end caused.
func (h *host) wantInterrupted(attempt int64, message string) {
	h.t.Helper()
	if !h.wantEnd(attempt, ops.Failed, message).Interrupted {
		h.t.Errorf("attempt %d was not interrupted", attempt)
	}
}

// log waits until all lines of an ended attempt are there and joins them.
func (h *host) log(attempt int64) string {
	h.t.Helper()
	want := h.end(attempt).Lines
	var text strings.Builder
	h.until("lines", func() bool {
		text.Reset()
		last := int64(0)
		for _, b := range h.lines {
			if b.Attempt != attempt {
				continue
			}
			if b.Missing != nil {
				fmt.Fprintf(&text, "[%d-%d]\n", b.Missing.From, b.Missing.To)
				last = b.Missing.To
			}
			for _, l := range b.Lines {
				if l.Number != last+1 {
					h.t.Errorf("line %d after %d", l.Number, last)
				}
				last = l.Number
				fmt.Fprintf(&text, "%s %s\n", l.Stream, l.Text)
			}
		}
		return last >= want
	})
	return text.String()
}
