package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
)

// starting is a plane whose host agent has an action that says when it runs.
type starting struct {
	*session
	ip string
	// program is the action's; lines are what it wrote, as soon as it did.
	program string
	lines   chan startLine
}

type startLine struct {
	text string
	at   time.Time
}

const (
	startAction = "say"
	// startLimit bounds the wait for one program.
	startLimit = 30 * time.Second
)

// runStart measures the time from an update's request to the program on the host.
func (c *tasksCase) runStart(ctx context.Context, e *Env, s *starting) error {
	e.Progress("%d tasks, one after the other", c.starts)
	var took, posts, bare Latencies
	for i := range c.starts + c.starts/10 + 1 {
		first, reply, err := s.update(ctx, fmt.Sprintf("task%d", i))
		if err != nil {
			return err
		}
		alone, err := s.exec(ctx, fmt.Sprintf("bare%d", i))
		if err != nil {
			return err
		}
		if i > c.starts/10 { // those before warmed plans and caches
			took.Add(first)
			posts.Add(reply)
			bare.Add(alone)
		}
	}
	return e.Print(Line{
		Params:   []Field{{"part", "start"}, {"tasks", c.starts}},
		Result:   append(took.Fields(), Field{"post_p50_ms", Milliseconds(posts.Percentile(50))}, Field{"post_p99_ms", Milliseconds(posts.Percentile(99))}),
		Baseline: []Field{{"p50_ms", Milliseconds(bare.Percentile(50))}, {"p99_ms", Milliseconds(bare.Percentile(99))}},
		Ratio:    float64(took.Percentile(50)) / float64(max(bare.Percentile(50), 1)),
	})
}

// openStarting starts a plane with the action.
func openStarting(ctx context.Context, e *Env) (*starting, error) {
	s := &starting{lines: make(chan startLine, 64)}
	pipe := filepath.Join(e.Dir, "started")
	if err := s.listen(e, pipe); err != nil {
		return nil, err
	}
	p, err := startPlaneWith(ctx, e, func(dir string) error { return s.configure(filepath.Join(dir, "host"), pipe) })
	if err != nil {
		return nil, err
	}
	if s.session, err = p.login(ctx); err != nil {
		return nil, err
	}
	e.Defer(func() error { s.close(); return nil })
	machines, err := listOf[struct {
		IP string `json:"inside_ip"`
	}](s.session, "/api/machine")
	if err != nil {
		return nil, err
	}
	if len(machines.Info.Data) != 1 {
		return nil, fmt.Errorf("there are %d machines, one was expected", len(machines.Info.Data))
	}
	s.ip = machines.Info.Data[0].IP
	return s, nil
}

// listen makes the pipe and notes when lines come. To have it open for writing,
// too, keeps it from ending with each program.
func (s *starting) listen(e *Env, pipe string) error {
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		return err
	}
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			s.lines <- startLine{lines.Text(), time.Now()}
		}
	}()
	e.Defer(func() error { err := f.Close(); <-done; return err })
	return nil
}

// configure writes the host's configuration before dev would.
func (s *starting) configure(dir, pipe string) error {
	actions := filepath.Join(dir, "actions")
	if err := os.MkdirAll(actions, 0o755); err != nil {
		return err
	}
	s.program = filepath.Join(actions, startAction)
	if err := os.WriteFile(s.program, []byte("#!/bin/sh\necho \"$4\" >"+shellQuoted(pipe)+"\n"), 0o755); err != nil {
		return err
	}
	action := map[string]string{}
	if os.Geteuid() == 0 {
		action["user"] = "root"
	}
	text, err := json.Marshal(map[string]any{"actions_folder": actions, "actions": map[string]any{startAction: action}}) // which is YAML, too
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "actions.yaml"), text, 0o600)
}

// shellQuoted is a text as one word of a shell, whatever it holds.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// update has a task executed and returns the time to the program's first act, and
// that to the reply.
func (s *starting) update(ctx context.Context, name string) (started, replied time.Duration, err error) {
	var task struct {
		ID string `json:"task_id"`
	}
	err = s.act("/api/task", "add", map[string]string{
		"ip": s.ip, "creator": "admin", "action": startAction, "target": "bench", "version": "1", "content": name, "description": "bench",
	}, &task)
	if err != nil {
		return 0, 0, err
	}
	sent := time.Now()
	if err := s.act("/api/update", "update", map[string]string{"executor": "admin", "task_id": task.ID}, nil); err != nil {
		return 0, 0, err
	}
	replied = time.Since(sent)
	at, err := s.line(ctx, name)
	if err != nil {
		return 0, 0, err
	}
	return at.Sub(sent), replied, s.succeeded(ctx, task.ID)
}

// exec starts the program without anything in between.
func (s *starting) exec(ctx context.Context, name string) (time.Duration, error) {
	command := exec.CommandContext(ctx, s.program, "update", "bench", "1", name)
	sent := time.Now()
	if err := command.Start(); err != nil {
		return 0, err
	}
	at, err := s.line(ctx, name)
	if err != nil {
		return 0, err
	}
	return at.Sub(sent), command.Wait()
}

// line waits for a program's line.
func (s *starting) line(ctx context.Context, want string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case got := <-s.lines:
		if got.text != want {
			return got.at, fmt.Errorf("the program of %q ran, not that of %q", got.text, want)
		}
		return got.at, nil
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("the program of %s does not run: %w", want, ctx.Err())
	}
}

// succeeded waits until the list says so: the next task finds everything at rest.
func (s *starting) succeeded(ctx context.Context, task string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		reply, err := s.conn.do(request{method: http.MethodGet, path: "/api/task?task_id=" + task, token: s.token})
		if err != nil {
			return err
		}
		if strings.Contains(string(reply.body), `"state":"succeeded"`) {
			return nil
		}
		if !backoff.Sleep(ctx, 2*time.Millisecond) {
			return fmt.Errorf("task %s is not done: %w: %s", task, ctx.Err(), firstOctets(reply.body, 500))
		}
	}
}
