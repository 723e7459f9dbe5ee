package executor_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const programs = `
actions:
  good: {$USER}
  args: {$USER, environment: {COLOUR: blue}}
  bad: {$USER}
  segv: {$USER}
  stubborn: {$USER, timeout: 2s, grace: 100ms}
  flood: {$USER, output_limit: 1MiB}
  fork: {$USER}
  binary: {$USER}
  waits: {$USER, grace: 1m}
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
		state   ops.AttemptState
		message string
		log     string
	}{
		{"good", ops.Succeeded, "exit code 0", "stdout one\nstdout ##percent x\nstdout two\n"},
		{"bad", ops.Failed, "exit code 3", "stderr reason\n"},
		{"segv", ops.Failed, "ended by signal SIGSEGV", ""},
		{"stubborn", ops.Failed, "timed out after 2s; ended by signal SIGKILL", ""},
		{"fork", ops.Succeeded, "2 processes that it left behind were ended", ""},
		{"binary", ops.Succeeded, "", "stdout a\\x00b\\x1b[31m\\xff\nstdout last 中\n"},
		{"unknown", ops.Failed, "unknown action", ""},
		{"../good", ops.Failed, "unknown action", ""},
		{"update", ops.Failed, "unknown action", ""},
	} {
		t.Run(test.action, func(t *testing.T) {
			attempt := int64(i + 1)
			h.assign(executor.Assignment{Task: strings.Repeat("0", 31) + strconv.Itoa(i), Attempt: attempt, Action: test.action})
			end := h.wantEnd(attempt, test.state, test.message)
			if log := h.log(attempt); log != test.log {
				t.Errorf("log %q, want %q", log, test.log)
			}
			if (end.Percent == 100) != (end.State == ops.Succeeded) {
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
	h.wantEnd(5, ops.Succeeded, "")
	log := h.log(5)
	if want := "stdout update\nstdout $(id) `id`; rm\nstdout 1.2/x\nstdout a b\nstdout *\nstdout $HOME\n"; !strings.HasPrefix(log, want) {
		t.Errorf("arguments %q", log)
	}
	for _, want := range []string{"COLOUR=blue", "OPSLEDGER_TASK=" + task, "OPSLEDGER_ATTEMPT=5", "OPSLEDGER_MODE=update", "OPSLEDGER_ACTION=args", "OPSLEDGER_VERSION=1.2/x"} {
		if !strings.Contains(log, "stdout "+want+"\n") {
			t.Errorf("no %s in %q", want, log)
		}
	}
	h.assign(executor.Assignment{Attempt: 9, Mode: ops.ModeRevert, Of: 5, Action: "args"})
	h.wantEnd(9, ops.Succeeded, "")
	if log := h.log(9); !strings.HasPrefix(log, "stdout revert\n") || !strings.Contains(log, "OPSLEDGER_OF=5\n") {
		t.Errorf("revert %q", log)
	}
}

func TestBadAssignments(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	for i, a := range []executor.Assignment{
		{Content: "../x"}, {Content: "//etc/passwd"}, {Content: "-rf"}, {Content: "/-rf"}, {Content: ","}, {Content: "a,a"}, {Content: strings.Repeat("x", 300<<10)}, {Target: "-x"}, {Target: "a\nb"},
		{Version: "-x"}, {Version: "a b"}, {Version: "../x"}, {Mode: "wipe"}, {Mode: ops.ModeRevert}, {Mode: ops.ModeRevert, Of: 1 << 40},
	} {
		a.Action, a.Attempt = "good", int64(i+1)
		h.assign(a)
		if end := h.end(a.Attempt); end.State != ops.Failed || !end.Began.IsZero() {
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
	h.wantEnd(1, ops.Failed, "more than its output limit of 1048576 bytes")
}

// A program that changes what others may write is refused, also after the start.
func TestProgramThatOthersCanChange(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	if err := os.Chmod(h.path("actions/good"), 0o777); err != nil {
		t.Fatal(err)
	}
	h.assign(executor.Assignment{Attempt: 1, Action: "good"})
	h.wantEnd(1, ops.Failed, "lets others change it")
	if err := errors.Join(os.Remove(h.path("actions/bad")), os.Symlink("/bin/true", h.path("actions/bad"))); err != nil {
		t.Fatal(err)
	}
	h.assign(executor.Assignment{Attempt: 2, Action: "bad"})
	h.wantEnd(2, ops.Failed, "not an executable file")
}

func TestManyLines(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "many"})
	if end := h.wantEnd(1, ops.Succeeded, ""); end.Lines != 100_000 {
		t.Errorf("%d lines", end.Lines)
	}
	if log := h.log(1); strings.Contains(log, "[") || !strings.HasSuffix(log, "stdout 100000\n") {
		t.Error("lines are missing")
	}
}
