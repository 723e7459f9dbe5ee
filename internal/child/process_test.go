package child_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// parentMode makes the test binary itself a parent that starts a child, says its pid and waits to be killed.
const (
	parentMode = "OPSLEDGER_TEST_CHILD_PARENT"
	asAnother  = "another"
)

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) != "" {
		beParent()
		return
	}
	goleak.VerifyTestMain(m)
}

func beParent() {
	spec := child.Spec{Path: "/bin/sleep", Args: []string{"60"}, Unprivileged: true}
	if os.Getenv(parentMode) == asAnother {
		other, err := asuser.Lookup("nobody")
		if err != nil {
			panic(err)
		}
		spec.As = &other
	}
	p, err := child.Start(context.Background(), spec)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(strconv.Itoa(p.Pid()) + "\n")
	<-p.Done()
}

// Invariant 1: a child dies with a parent that is killed, also one that runs as a user.
func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	t.Run("as its parent", func(t *testing.T) { t.Parallel(); killParent(t, "1") })
	t.Run("as another", func(t *testing.T) { t.Parallel(); nobody(t); killParent(t, asAnother) })
}

func killParent(t *testing.T, mode string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), parentMode+"="+mode)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed, as asked
	testkit.Eventually(t, "the child is gone", func() bool { return !testkit.Alive(pid) })
}

func TestStopIsCleanOrKills(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, script string
		grace        time.Duration
		killed       bool
	}{
		{"obeys", `trap 'exit 0' TERM; echo ready; while :; do read -t 1 x <> /dev/ptmx || :; done`, testkit.Patience, false},
		{"ignores", `trap '' TERM; echo ready; while :; do read -t 1 x <> /dev/ptmx || :; done`, 50 * time.Millisecond, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, w := io.Pipe()
			p, err := child.Start(context.Background(), child.Spec{Path: "/bin/bash", Args: []string{"-c", c.script}, Log: w})
			if err != nil {
				t.Fatal(err)
			}
			ready := bufio.NewReader(r)
			if _, err := ready.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, ready) }() // ends when w is closed
			defer w.Close()
			if err := p.Stop(c.grace); (err != nil) != c.killed {
				t.Fatalf("Stop: %v, want killed %v", err, c.killed)
			}
			if testkit.Alive(p.Pid()) {
				t.Fatal("still running after Stop")
			}
		})
	}
}

func TestRunReportsOutputAndFailure(t *testing.T) {
	t.Parallel()
	out, err := child.Run(context.Background(), child.Spec{Path: "/bin/sh", Args: []string{"-c", "echo no such zone; exit 3"}})
	if err == nil || string(out) != "no such zone\n" {
		t.Fatalf("out %q, err %v", out, err)
	}
	if _, err := child.Run(context.Background(), child.Spec{Path: "/no/such/program"}); err == nil {
		t.Fatal("a missing program must be an error")
	}
}

func TestUnprivilegedChildIsNotRoot(t *testing.T) {
	t.Parallel()
	out, err := child.Run(context.Background(), child.Spec{Path: "/usr/bin/id", Args: []string{"-u"}, Unprivileged: true})
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(out)) == "0" {
		t.Fatal("the child runs as root")
	}
}

func TestSignalAfterTheEndIsNoError(t *testing.T) {
	t.Parallel()
	p, err := child.Start(context.Background(), child.Spec{Path: "/bin/true"})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}
