package supervise_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// The test binary is supervisor and owner as well, each in a process of its own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "supervise":
			os.Exit(supervise.Main())
		case "own":
			os.Exit(own(os.Args[2]))
		}
	}
	testkit.Main(m)
}

var command = []string{"/proc/self/exe", "supervise"}

func starter(t *testing.T) *supervise.Starter {
	t.Helper()
	s := supervise.NewStarter(command)
	t.Cleanup(s.Close)
	return s
}

func shell(script string) supervise.Spec {
	return supervise.Spec{Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/"}
}

func start(t *testing.T, spec supervise.Spec) *supervise.Process {
	t.Helper()
	p, err := starter(t).Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill(); p.Release() })
	return p
}

// readLine waits for the program to say something, so that tests need no sleeps.
func readLine(t *testing.T, r io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func TestHowItEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		want   supervise.End
	}{
		"well":             {"exit 0", supervise.End{}},
		"exit code":        {"exit 7", supervise.End{Code: 7}},
		"signal":           {"kill -SEGV $$", supervise.End{Code: -1, Signal: "SIGSEGV"}},
		"child in group":   {"sleep 1000 & exit 0", supervise.End{LeftBehind: 1}},
		"daemon":           {"setsid sleep 1000 >/dev/null 2>&1 & sleep 0.1; exit 0", supervise.End{LeftBehind: 1}},
		"holds the output": {"setsid sleep 1000 & sleep 0.1; exit 3", supervise.End{Code: 3, LeftBehind: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, shell(test.script))
			if _, err := io.ReadAll(p.Stdout); err != nil {
				t.Error(err)
			}
			if end := p.Wait(); end != test.want {
				t.Errorf("ended with %+v, want %+v", end, test.want)
			}
		})
	}
}

func TestOutputIsKeptApart(t *testing.T) {
	t.Parallel()
	p := start(t, shell("echo out; echo err >&2"))
	stdout, err1 := io.ReadAll(p.Stdout)
	stderr, err2 := io.ReadAll(p.Stderr)
	if string(stdout) != "out\n" || string(stderr) != "err\n" || err1 != nil || err2 != nil {
		t.Errorf("%q %q %v %v", stdout, stderr, err1, err2)
	}
	p.Wait()
}

func TestWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	_, err := starter(t).Start(supervise.Spec{Path: "/nonexistent", Dir: "/"})
	if err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("got %v", err)
	}
	broken := supervise.NewStarter([]string{"/nonexistent"})
	defer broken.Close()
	if _, err := broken.Start(shell("exit 0")); err == nil {
		t.Error("started without a supervisor")
	}
}

// A supervisor may die before it has named the program that it started, as by that
// program's hand: the program counts as started, and as lost.
func TestSupervisorDiesAtTheStart(t *testing.T) {
	t.Parallel()
	s := supervise.NewStarter([]string{"/bin/sh", "-c", "read line <&3; kill -KILL $$"})
	defer s.Close()
	p, err := s.Start(shell("exit 0"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	if end := p.Wait(); !end.Lost || p.Leader.PID != 0 {
		t.Errorf("%+v of %+v", end, p.Leader)
	}
}

// Terminate and Kill reach those that left the group and those that ignore SIGTERM.
func TestTheWholeTreeIsSignalled(t *testing.T) {
	t.Parallel()
	p := start(t, shell(`setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' & wait`))
	stubborn, err := strconv.Atoi(readLine(t, p.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	p.Terminate()
	if end := p.Wait(); end.Signal != "SIGTERM" || end.LeftBehind == 0 {
		t.Errorf("ended with %+v", end)
	}
	if testkit.Alive(stubborn) {
		t.Error("what ignored SIGTERM in a session of its own still runs")
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	p := start(t, shell(`trap "" TERM; echo ready; while :; do sleep 1000; done`))
	readLine(t, p.Stdout)
	p.Terminate()
	p.Kill()
	if end := p.Wait(); end.Signal != "SIGKILL" {
		t.Errorf("ended with %+v", end)
	}
}

func TestRunsAsAnotherUser(t *testing.T) {
	t.Parallel()
	nobody, err := asuser.Lookup("nobody")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and a user nobody")
	}
	spec := shell("id -u; id -G; touch /root/x")
	spec.As = &supervise.Account{UID: nobody.UID, GID: nobody.GID, Groups: nobody.Groups}
	p := start(t, spec)
	out, _ := io.ReadAll(p.Stdout)
	if want := fmt.Sprintf("%d\n%d\n", nobody.UID, nobody.GID); string(out) != want {
		t.Errorf("is %q, want %q", out, want)
	}
	if end := p.Wait(); end.Code == 0 {
		t.Error("wrote to root's home")
	}
}
