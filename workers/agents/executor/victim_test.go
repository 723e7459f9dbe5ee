package executor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/workers/agents/executor"
)

// agent is an agent in a process of its own: assignments come in, reports go out.
func agent(dir string) int {
	config, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		return 1
	}
	e, err := open(dir, string(config))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		for in := json.NewDecoder(os.Stdin); ; {
			var a executor.Assignment
			if in.Decode(&a) != nil {
				return
			}
			_ = e.Assign(a)
		}
	}()
	go func() {
		for range e.Lines() {
		}
	}()
	go func() {
		for out := json.NewEncoder(os.Stdout); ; {
			_ = out.Encode(<-e.Reports())
		}
	}()
	if err := e.Run(context.Background()); err != nil {
		return 1
	}
	return 0
}

// victim is such a process.
type victim struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func (h *host) victim() *victim {
	h.t.Helper()
	h.write("config.yaml", h.config)
	v := &victim{t: h.t, cmd: exec.Command("/proc/self/exe", "agent", h.dir)}
	v.cmd.Stderr = os.Stderr
	out, err1 := v.cmd.StdoutPipe()
	in, err2 := v.cmd.StdinPipe()
	if err := errors.Join(err1, err2, v.cmd.Start()); err != nil {
		h.t.Fatal(err)
	}
	v.in, v.out = in, bufio.NewReader(out)
	h.t.Cleanup(v.kill)
	return v
}

func (v *victim) assign(a executor.Assignment) {
	v.t.Helper()
	if err := json.NewEncoder(v.in).Encode(a); err != nil {
		v.t.Fatal(err)
	}
}

// until reads reports up to one of the attempt with the state, and returns whether
// there was one: of several only the newest may be told, so an attempt that does
// not stay in the state may have ended in another.
func (v *victim) until(attempt int64, state executor.State) bool {
	v.t.Helper()
	for {
		line, err := v.out.ReadBytes('\n')
		var r executor.Report
		if err := errors.Join(err, json.Unmarshal(line, &r)); err != nil {
			v.t.Fatal(err)
		}
		if r.Attempt == attempt && (r.State == state || r.State.Final()) {
			return r.State == state
		}
	}
}

func (v *victim) kill() {
	_ = v.cmd.Process.Signal(syscall.SIGKILL)
	_ = v.cmd.Wait()
}
