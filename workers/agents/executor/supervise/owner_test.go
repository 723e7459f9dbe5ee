package supervise_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// owned is what a process that will be killed says of its program.
type owned struct {
	Orphans supervise.Orphans
	Family  []int
}

const assignment = "OPSLEDGER_RUN="

// own starts a program with a child in its group, one outside, and one without
// its environment, says so, and waits to be killed.
func own(token string) int {
	p, err := supervise.NewStarter(command).Start(supervise.Spec{Path: "/bin/sh", Dir: "/",
		Env:  []string{"PATH=/usr/bin:/bin", assignment + token},
		Args: []string{"-c", `sleep 1000 & echo $!; setsid sleep 1000 & echo $!; env -i sleep 1000 & echo $!; echo $$; wait`}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	o := owned{Orphans: supervise.Orphans{Variable: assignment + token, Leader: p.Leader, Supervisor: p.Supervisor}}
	for in := bufio.NewScanner(p.Stdout); len(o.Family) < 4 && in.Scan(); {
		pid, _ := strconv.Atoi(in.Text())
		o.Family = append(o.Family, pid)
	}
	_ = json.NewEncoder(os.Stdout).Encode(o)
	select {}
}

// startOwner starts a process that owns a program, and returns what it says.
func startOwner(t *testing.T) (*exec.Cmd, owned) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "own", fmt.Sprint(time.Now().UnixNano()))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var o owned
	if err := json.NewDecoder(out).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return cmd, o
}

func TestTheTreeDiesWithItsOwner(t *testing.T) {
	t.Parallel()
	cmd, o := startOwner(t)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for _, pid := range append(o.Family, o.Orphans.Supervisor.PID) {
		testkit.Eventually(t, fmt.Sprintf("process %d dies with its owner", pid), func() bool { return !testkit.Alive(pid) })
	}
}

// When owner and supervisor are killed at once, only the leader dies with them;
// the next owner ends the rest.
func TestEndOrphans(t *testing.T) {
	t.Parallel()
	cmd, o := startOwner(t)
	if err := syscall.Kill(o.Orphans.Supervisor.PID, syscall.SIGSTOP); err != nil { // so that it cannot do its work
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := syscall.Kill(o.Orphans.Supervisor.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	if _, err := supervise.EndOrphans(ctx, o.Orphans); err != nil {
		t.Fatal(err)
	}
	for i, pid := range o.Family {
		const emptied = 2 // left the environment; it may also have outlived its leader, by which it would be known
		if i != emptied && testkit.Alive(pid) {
			t.Errorf("process %d of the family was left over", i)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// A process that merely has the noted id, or the noted group's, is a stranger.
func TestStrangersAreNotEnded(t *testing.T) {
	t.Parallel()
	stranger := exec.Command("sleep", "1000")
	stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	id := supervise.Identity{PID: stranger.Process.Pid, Start: 1}
	n, err := supervise.EndOrphans(t.Context(), supervise.Orphans{Variable: assignment + "nobody's", Leader: id, Supervisor: id})
	if n != 0 || err != nil {
		t.Errorf("ended %d processes, %v", n, err)
	}
	if !testkit.Alive(stranger.Process.Pid) {
		t.Error("a stranger was killed")
	}
}
