package executor_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opsledger/opsledger/workers/executor"
)

const programs = `
actions:
  good: {$USER}
  args: {$USER, environment: {COLOUR: blue}}
  bad: {$USER}
  segv: {$USER}
  stubborn: {$USER, timeout: 300ms, grace: 100ms}
  flood: {$USER, output_limit: 1MiB}
  fork: {$USER}
  binary: {$USER}
  waits: {$USER, grace: 100ms}
  many: {$USER}
`

var scripts = map[string]string{
	"good":     "echo one; echo '##percent 42'; echo '##percent 41'; echo '##percent x'; echo '##result all well'; echo two",
	"args":     `for a; do echo "$a"; done; env | grep -v OPSLEDGER_RUN | sort`,
	"bad":      "echo reason >&2; exit 3",
	"segv":     "kill -SEGV $$",
	"stubborn": `trap "" TERM; while :; do sleep 100; done`,
	"flood":    "yes | head -c 1073741824",
	"fork":     "setsid sleep 1000 & sleep 1000 & exit 0",
	"binary":   `printf 'a\000b\033[31m\377\r\nlast \344\270\255'`,
	"waits":    `echo ready; while :; do sleep 100; done`,
	"many":     "seq 1 100000",
}

func newPrograms(t *testing.T) *host {
	t.Helper()
	config := programs
	if os.Geteuid() != 0 {
		config = strings.ReplaceAll(config, "$USER, timeout", "timeout") // a key cannot be there twice
		config = strings.ReplaceAll(config, "$USER", "output_limit: 64MiB")
		config = strings.ReplaceAll(config, "output_limit: 64MiB, output_limit", "output_limit")
	}
	return newHost(t, config, scripts)
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	for i, test := range []struct {
		action  string
		state   executor.State
		message string
		log     string
	}{
		{"good", executor.OK, "exit code 0", "stdout one\nstdout ##percent x\nstdout two\n"},
		{"bad", executor.Failed, "exit code 3", "stderr reason\n"},
		{"segv", executor.Failed, "ended by signal SIGSEGV", ""},
		{"stubborn", executor.Failed, "timed out after 300ms; ended by signal SIGKILL", ""},
		{"fork", executor.OK, "2 processes that it left behind were ended", ""},
		{"binary", executor.OK, "", "stdout a\\x00b\\x1b[31m\\xff\nstdout last 中\n"},
		{"unknown", executor.Failed, "unknown action", ""},
		{"../good", executor.Failed, "unknown action", ""},
		{"update", executor.Failed, "unknown action", ""},
	} {
		t.Run(test.action, func(t *testing.T) {
			attempt := int64(i + 1)
			h.assign(executor.Assignment{Task: strings.Repeat("0", 31) + strconv.Itoa(i), Attempt: attempt, Action: test.action})
			end := h.wantEnd(attempt, test.state, test.message)
			if log := h.log(attempt); log != test.log {
				t.Errorf("log %q, want %q", log, test.log)
			}
			if (end.Percent == 100) != (end.State == executor.OK) {
				t.Errorf("%d percent", end.Percent)
			}
			if test.action == "good" && (end.Result != "all well" || end.Code == nil || *end.Code != 0) {
				t.Errorf("%+v", end)
			}
		})
	}
}

// What comes from outside is arguments and environment, never a command.
func TestArguments(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 5, Action: "args", Target: "$(id) `id`; rm", Version: "1.2/x", Content: " a b ,\n*\r\n$HOME"})
	h.wantEnd(5, executor.OK, "")
	log := h.log(5)
	if want := "stdout update\nstdout $(id) `id`; rm\nstdout 1.2/x\nstdout a b\nstdout *\nstdout $HOME\n"; !strings.HasPrefix(log, want) {
		t.Errorf("arguments %q", log)
	}
	for _, want := range []string{"COLOUR=blue", "OPSLEDGER_TASK=" + task, "OPSLEDGER_ATTEMPT=5", "OPSLEDGER_MODE=update", "OPSLEDGER_ACTION=args", "OPSLEDGER_VERSION=1.2/x"} {
		if !strings.Contains(log, "stdout "+want+"\n") {
			t.Errorf("no %s in %q", want, log)
		}
	}
	h.assign(executor.Assignment{Attempt: 9, Mode: executor.Revert, Of: 5, Action: "args"})
	h.wantEnd(9, executor.OK, "")
	if log := h.log(9); !strings.HasPrefix(log, "stdout revert\n") || !strings.Contains(log, "OPSLEDGER_OF=5\n") {
		t.Errorf("revert %q", log)
	}
}

func TestBadAssignments(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	for i, a := range []executor.Assignment{
		{Content: "../x"}, {Content: "//etc/passwd"}, {Content: "-rf"}, {Content: "/-rf"}, {Content: ","}, {Content: "a,a"}, {Content: strings.Repeat("x", 300<<10)}, {Target: "-x"}, {Target: "a\nb"},
		{Version: "-x"}, {Version: "a b"}, {Version: "../x"}, {Mode: "wipe"}, {Mode: executor.Revert}, {Mode: executor.Revert, Of: 1 << 40},
	} {
		a.Action, a.Attempt = "good", int64(i+1)
		h.assign(a)
		if end := h.end(a.Attempt); end.State != executor.Failed || !end.Began.IsZero() {
			t.Errorf("%d: %+v", i, end)
		}
	}
	for _, a := range []executor.Assignment{{Task: "x", Attempt: 1}, {Task: task}, {Task: task, Attempt: -1}, {Task: strings.ToUpper(task), Attempt: 1}} {
		if err := h.e.Assign(a); !errors.Is(err, executor.ErrMalformed) {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

func TestOutputLimit(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "flood"})
	h.wantEnd(1, executor.Failed, "more than its output limit of 1048576 bytes")
}

// A program that changes what others may write is refused, also after the start.
func TestProgramThatOthersCanChange(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	if err := os.Chmod(h.path("actions/good"), 0o777); err != nil {
		t.Fatal(err)
	}
	h.assign(executor.Assignment{Attempt: 1, Action: "good"})
	h.wantEnd(1, executor.Failed, "lets others change it")
	if err := errors.Join(os.Remove(h.path("actions/bad")), os.Symlink("/bin/true", h.path("actions/bad"))); err != nil {
		t.Fatal(err)
	}
	h.assign(executor.Assignment{Attempt: 2, Action: "bad"})
	h.wantEnd(2, executor.Failed, "not an executable file")
}

func TestManyLines(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "many"})
	if end := h.wantEnd(1, executor.OK, ""); end.Lines != 100_000 {
		t.Errorf("%d lines", end.Lines)
	}
	if log := h.log(1); strings.Contains(log, "[") || !strings.HasSuffix(log, "stdout 100000\n") {
		t.Error("lines are missing")
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 3, Action: "waits"})
	h.until("line", func() bool { return len(h.lines) > 0 })
	h.assign(executor.Assignment{Task: strings.Repeat("1", 32), Attempt: 4, Action: "waits"}) // waits for the target
	h.assign(executor.Assignment{Task: strings.Repeat("5", 32), Attempt: 6, Action: "waits", Deadline: time.Now().Add(time.Millisecond)})
	if err := h.e.Cancel(strings.Repeat("1", 32), 4); err != nil {
		t.Fatal(err)
	}
	h.wantEnd(4, executor.Cancelled, "before it began") // at once, not when its turn comes
	h.wantEnd(6, executor.Expired, "its deadline passed")
	if err := errors.Join(h.e.Cancel(task, 3), h.e.Cancel(strings.Repeat("2", 32), 5)); err != nil {
		t.Fatal(err)
	}
	h.wantEnd(3, executor.Cancelled, "cancelled; ended by signal SIGTERM")
	h.wantEnd(5, executor.Cancelled, "before it began")
	h.assign(executor.Assignment{Task: strings.Repeat("2", 32), Attempt: 5, Action: "good"}) // overtaken by its cancellation
	h.stop()
	for _, r := range h.reports {
		if r.Attempt >= 4 && r.State == executor.Started {
			t.Errorf("it ran: %+v", r)
		}
	}
}

func TestFencing(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 7, Action: "waits"})
	h.until("line", func() bool { return len(h.lines) > 0 })
	if err := h.e.Assign(executor.Assignment{Task: task, Attempt: 6, Action: "good"}); !errors.Is(err, executor.ErrStale) {
		t.Errorf("stale: %v", err)
	}
	h.assign(executor.Assignment{Attempt: 8, Action: "good"})
	h.wantEnd(7, executor.Cancelled, "superseded")
	h.wantEnd(8, executor.OK, "")
	h.assign(executor.Assignment{Attempt: 8, Action: "bad"}) // delivered again
	h.assign(executor.Assignment{Attempt: 9, Action: "good"})
	h.wantEnd(9, executor.OK, "")
	h.stop()
	for _, r := range h.reports {
		if r.Attempt == 8 && r.State.Final() && r.State != executor.OK {
			t.Errorf("the end changed: %+v", r)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "good", Deadline: time.Now().Add(-time.Second)})
	if end := h.wantEnd(1, executor.Expired, "deadline"); !end.Began.IsZero() {
		t.Error("it ran")
	}
	h.assign(executor.Assignment{Attempt: 2, Action: "good", Deadline: time.Now().Add(time.Hour)})
	h.wantEnd(2, executor.OK, "")
}

// The agent's own stop ends what runs; ends are told again until they are settled.
func TestStopAndSettle(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "waits"})
	h.until("line", func() bool { return len(h.lines) > 0 })
	h.assign(executor.Assignment{Task: strings.Repeat("3", 32), Attempt: 2, Action: "waits"})
	h.stop()
	h.reports, h.lines = nil, nil
	h.start()
	h.wantEnd(1, executor.Interrupted, "the agent was stopped")
	h.until("the one that had to wait", func() bool { return len(h.lines) > 0 })
	if err := h.e.Cancel(strings.Repeat("3", 32), 2); err != nil {
		t.Fatal(err)
	}
	h.end(2)
	if err := errors.Join(h.e.Settled(task, 1), h.e.Settled(task, 1), h.e.Settled(task, 99)); err != nil {
		t.Fatal(err)
	}
	h.stop()
	h.reports, h.lines = nil, nil
	h.start()
	h.end(2)
	for _, r := range h.reports {
		if r.Attempt == 1 {
			t.Errorf("a settled end was told again: %+v", r)
		}
	}
}

// Whenever the agent is killed, a program ran at most once, is gone, and its end arrives.
func TestAgentKilled(t *testing.T) {
	t.Parallel()
	config := "concurrency: 1\nactions:\n  slow: {$USER}\n  quick: {$USER}\n"
	for name, test := range map[string]struct {
		action string
		when   executor.State
		want   executor.State
	}{
		"waiting": {"quick", executor.Queued, executor.OK}, // for another to end
		"running": {"slow", executor.Progress, executor.Interrupted},
		"ended":   {"quick", executor.OK, executor.OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config, nil)
			h.write("actions/slow", "#!/bin/sh\necho $OPSLEDGER_ATTEMPT >>"+h.path("runs")+"\nsetsid sleep 1000 & echo $! >"+h.path("pid")+"\necho '##percent 1'; wait\n")
			h.write("actions/quick", "#!/bin/sh\necho $OPSLEDGER_ATTEMPT >>"+h.path("runs")+"\n")
			if err := errors.Join(os.Chmod(h.path("actions/slow"), 0o755), os.Chmod(h.path("actions/quick"), 0o755)); err != nil {
				t.Fatal(err)
			}
			a := executor.Assignment{Task: task, Attempt: 11, Mode: executor.Update, Action: test.action, Target: "t", Content: "f"}
			v := h.victim()
			if name == "waiting" {
				v.assign(executor.Assignment{Task: strings.Repeat("3", 32), Attempt: 10, Mode: executor.Update, Action: "slow", Target: "t", Content: "f"})
				v.until(10, executor.Progress)
			}
			v.assign(a)
			if !v.until(11, test.when) {
				t.Errorf("it was never %s", test.when)
			}
			v.kill()
			h.start()
			if end := h.end(11); end.State != test.want {
				t.Errorf("ended %+v", end)
			}
			h.assign(a) // delivered again
			if runs := h.read("runs"); strings.Count(runs, "11\n") != 1 {
				t.Errorf("ran %q", runs)
			}
			if pid, err := strconv.Atoi(strings.TrimSpace(h.read("pid"))); err == nil && syscall.Kill(pid, 0) == nil {
				t.Error("a process was left over")
			}
		})
	}
}

// A supervisor that is killed takes its program along, and the end says so.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	h := newHost(t, "actions:\n  orphan: {$USER}\n", map[string]string{"orphan": "setsid sleep 1000 & echo $!; kill -KILL $PPID; sleep 1000"}).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "orphan"})
	h.wantEnd(1, executor.Failed, "its supervisor was killed")
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(h.log(1), "stdout ")))
	if stat, gone := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err != nil || gone == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("process %d was left over (%v): %s", pid, err, stat)
	}
}

// One target is worked on by one attempt at a time, in order; others go on beside it.
func TestOneAttemptPerTarget(t *testing.T) {
	t.Parallel()
	h := newHost(t, "concurrency: 8\nactions:\n  turn: {$USER}\n", nil)
	h.write("actions/turn", "#!/bin/sh\nmkdir "+h.path("busy-")+"$2 || exit 1\necho $OPSLEDGER_ATTEMPT >>"+h.path("order-")+"$2\nsleep 0.02\nrmdir "+h.path("busy-")+"$2\n")
	if err := os.Chmod(h.path("actions/turn"), 0o755); err != nil {
		t.Fatal(err)
	}
	h.start()
	const each = 6
	for i := range int64(3 * each) {
		h.assign(executor.Assignment{Task: strings.Repeat("0", 30) + strconv.FormatInt(10+i, 10), Attempt: i + 1, Action: "turn", Target: string(rune('a' + i%3))})
	}
	for i := range int64(3 * each) {
		h.wantEnd(i+1, executor.OK, "")
	}
	if got := h.read("order-a"); got != "1\n4\n7\n10\n13\n16\n" {
		t.Errorf("order %q", got)
	}
}
