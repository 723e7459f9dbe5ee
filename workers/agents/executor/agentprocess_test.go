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

	"github.com/opsledger/opsledger/domain/ops"
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

// agentProcess is an agent in a process of its own, which can be killed.
type agentProcess struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startAgent starts an agent, by another program if there is one.
func (h *host) startAgent(by ...string) *agentProcess {
	h.t.Helper()
	h.write("config.yaml", h.config)
	command := append(by, os.Args[0], "agent", h.dir)
	v := &agentProcess{t: h.t, cmd: exec.Command(command[0], command[1:]...)}
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

// in returns a condition for until.
func in(state ops.AttemptState) func(executor.Report) bool {
	return func(r executor.Report) bool { return r.State == state }
}

// progressed says that the program of a running attempt has reported progress.
func progressed(r executor.Report) bool { return r.State == ops.Running && r.Percent > 0 }

func (v *agentProcess) assign(a executor.Assignment) {
	v.t.Helper()
	if err := json.NewEncoder(v.in).Encode(a); err != nil {
		v.t.Fatal(err)
	}
}

// until reads reports up to one about the attempt that is as wanted, or to the
// attempt's end, and returns whether it came to a wanted one: of several reports
// only the newest may be told.
func (v *agentProcess) until(attempt int64, wanted func(executor.Report) bool) bool {
	v.t.Helper()
	for {
		line, err := v.out.ReadBytes('\n')
		var r executor.Report
		if err := errors.Join(err, json.Unmarshal(line, &r)); err != nil {
			v.t.Fatal(err)
		}
		if r.Attempt == attempt && (wanted(r) || r.State.Ended()) {
			return wanted(r)
		}
	}
}

func (v *agentProcess) kill() {
	_ = v.cmd.Process.Signal(syscall.SIGKILL)
	_ = v.cmd.Wait()
}
