package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/internal/hostplane"
)

const machine = int64(7)

var quiet = slog.New(slog.DiscardHandler)

// world is a control plane and the folder of one enrolled machine.
type world struct {
	*hostplane.Plane
	t     *testing.T
	dir   string
	tasks int
	agent *exec.Cmd
}

// newWorld has the scripts as actions of the machine.
func newWorld(t *testing.T, scripts map[string]string) *world {
	t.Helper()
	w := &world{Plane: hostplane.Start(t), t: t, dir: t.TempDir()}
	w.Append(
		ops.MachineAdded{ID: machine, Machine: ops.MachineData{Name: "web01", InsideIP: "10.0.0.1", OutsideIP: "10.0.0.1", Usage: "-", Location: "-"}},
		ops.HostEnrolled{ID: machine},
	)
	user := "timeout: 1m"
	if os.Geteuid() == 0 {
		user = "user: root"
	}
	config := "actions_folder: " + filepath.Join(w.dir, "actions") + "\nconcurrency: 2\naccounts: [deploy]\nactions:\n"
	for name, text := range scripts {
		config += fmt.Sprintf("  %s: {%s, grace: 1s, environment: {DIR: %s}}\n", name, user, w.dir)
		w.write("actions/"+name, "#!/bin/sh\n"+text+"\n", 0o755)
	}
	w.write("actions.yaml", config, 0o600)
	c, err := w.Authority.Credentials(t.Context(), busauth.Identity{Kind: busauth.KindHost, ID: machine}, "nats://"+w.Address)
	w.Check(err)
	w.Check(c.WriteFile(filepath.Join(w.dir, "creds")))
	t.Cleanup(w.kill)
	return w
}

func (w *world) write(name, text string, mode os.FileMode) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	w.Check(errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)))
}

func (w *world) read(name string) string {
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		return ""
	}
	return string(text)
}

// home is where account's keys are.
func (w *world) home(account string) string { return filepath.Join("homes", account) }

// newKeeper keeps keys of accounts whose homes are in the folder.
func newKeeper(dir string, accounts ...string) (*sshkeys.Keeper, error) {
	return sshkeys.New(sshkeys.Config{
		Accounts: accounts,
		File:     filepath.Join(dir, "ssh-keys.json"),
		Lookup: func(name string) (asuser.User, error) {
			return asuser.User{Name: name, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid()), Home: filepath.Join(dir, "homes", name)}, nil
		},
	})
}

// start runs the agent in this process; what it returns stops it.
func (w *world) start() (stop func()) {
	w.t.Helper()
	c, err := busauth.ReadCredentials(filepath.Join(w.dir, "creds"))
	w.Check(err)
	nc, err := nats.Connect(c.URL, append(Options(c.ID), c.Option(), nats.Timeout(testkit.Patience))...)
	w.Check(err)
	log := slog.New(slog.NewTextHandler(w.t.Output(), nil))
	f, err := newFollower(nc, c, w.dir, log)
	w.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait(); nc.Close() })
	w.t.Cleanup(stop)
	return stop
}

// startProcess runs the agent as a process, until kill.
func (w *world) startProcess() {
	w.t.Helper()
	runtime.LockOSThread() // the thread ends with the test, and its end is the death of its children
	w.agent = exec.Command("/proc/self/exe", "agent", w.dir)
	said, err := os.OpenFile(filepath.Join(w.dir, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	w.Check(err)
	defer said.Close()
	w.agent.Stderr = said
	w.agent.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w.Check(w.agent.Start())
}

func (w *world) kill() {
	if w.agent == nil {
		return
	}
	_ = w.agent.Process.Kill()
	_ = w.agent.Wait()
	w.agent = nil
	if w.t.Failed() {
		w.t.Logf("the agent said:\n%s", w.read("said"))
	}
}

// task plans a task and returns its name.
func (w *world) task(action string) string {
	w.t.Helper()
	w.tasks++
	name := fmt.Sprintf("%032x", w.tasks)
	w.Append(ops.TaskCreated{
		ID: int64(w.tasks), Task: name, Machine: machine, IP: "10.0.0.1", Creator: 1, CreatorName: "admin",
		Order: ops.Order{Action: action, Target: "t", Content: "c"},
	})
	return name
}

// accept lets the machine carry a task out, and returns the attempt.
func (w *world) accept(name, action string, within time.Duration) domain.Position {
	w.t.Helper()
	return w.Append(ops.AttemptAccepted{
		Task: name, Machine: machine, Mode: ops.ModeUpdate, Executor: 1, ExecutorName: "admin",
		Order: ops.Order{Action: action, Target: "t", Content: "c"}, Deadline: time.Now().Add(within).UTC(),
	})
}

// do plans and accepts.
func (w *world) do(action string) string {
	w.t.Helper()
	name := w.task(action)
	w.accept(name, action, time.Hour)
	return name
}

func (w *world) state(name string) opsmodel.Task {
	t, err := w.Reader.Task(context.Background(), name)
	if err != nil {
		return opsmodel.Task{}
	}
	return t
}

// until waits for a task's state.
func (w *world) until(name string, state ops.State) opsmodel.Task {
	w.t.Helper()
	var last opsmodel.Task
	w.Eventually(fmt.Sprintf("task %s is %s", name, state), func() bool {
		last = w.state(name)
		return last.State == state
	})
	return last
}

// ran is how often the scripts said so in the file.
func (w *world) ran(file string) int { return strings.Count(w.read(file), "\n") }

// history lists the types of the events about a task.
func (w *world) history(name string) (types []string) {
	w.t.Helper()
	page, err := w.Store.ReadTag(context.Background(), ops.TagTask(name), 0, 500)
	w.Check(err)
	for _, e := range page {
		types = append(types, e.Type)
	}
	return types
}

// events counts the events of a type about a task.
func (w *world) events(name, eventType string) int {
	w.t.Helper()
	n := 0
	for _, t := range w.history(name) {
		if t == eventType {
			n++
		}
	}
	return n
}
