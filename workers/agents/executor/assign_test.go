package executor_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

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
	h.wantEnd(4, ops.Cancelled, "before it began") // at once, not when its turn comes
	h.wantEnd(6, ops.Expired, "its deadline passed")
	if err := errors.Join(h.e.Cancel(task, 3), h.e.Cancel(strings.Repeat("2", 32), 5)); err != nil {
		t.Fatal(err)
	}
	h.wantEnd(3, ops.Cancelled, "cancelled; ended by signal SIGTERM")
	h.wantEnd(5, ops.Cancelled, "before it began")
	h.assign(executor.Assignment{Task: strings.Repeat("2", 32), Attempt: 5, Action: "good"}) // overtaken by its cancellation
	h.stop()
	for _, r := range h.reports {
		if r.Attempt >= 4 && r.State == ops.Running {
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
	h.wantEnd(7, ops.Cancelled, "superseded")
	h.wantEnd(8, ops.Succeeded, "")
	h.assign(executor.Assignment{Attempt: 8, Action: "bad"}) // delivered again
	h.assign(executor.Assignment{Attempt: 9, Action: "good"})
	h.wantEnd(9, ops.Succeeded, "")
	h.stop()
	for _, r := range h.reports {
		if r.Attempt == 8 && r.State.Ended() && r.State != ops.Succeeded {
			t.Errorf("the end changed: %+v", r)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "good", Deadline: time.Now().Add(-time.Second)})
	if end := h.wantEnd(1, ops.Expired, "deadline"); !end.Began.IsZero() {
		t.Error("it ran")
	}
	h.assign(executor.Assignment{Attempt: 2, Action: "good", Deadline: time.Now().Add(time.Hour)})
	h.wantEnd(2, ops.Succeeded, "")
}

// The agent's own stop ends what runs; ends are reported again until they are acknowledged.
func TestStopAndAcknowledge(t *testing.T) {
	t.Parallel()
	h := newPrograms(t).start()
	h.assign(executor.Assignment{Attempt: 1, Action: "waits"})
	h.until("line", func() bool { return len(h.lines) > 0 })
	h.assign(executor.Assignment{Task: strings.Repeat("3", 32), Attempt: 2, Action: "waits"})
	h.stop()
	h.reports, h.lines = nil, nil
	h.start()
	h.wantInterrupted(1, "the agent was stopped")
	h.until("the one that had to wait", func() bool { return len(h.lines) > 0 })
	if err := h.e.Cancel(strings.Repeat("3", 32), 2); err != nil {
		t.Fatal(err)
	}
	h.end(2)
	if err := errors.Join(h.e.Acknowledged(task, 1), h.e.Acknowledged(task, 1), h.e.Acknowledged(task, 99)); err != nil {
		t.Fatal(err)
	}
	h.stop()
	h.reports, h.lines = nil, nil
	h.start()
	h.end(2)
	for _, r := range h.reports {
		if r.Attempt == 1 {
			t.Errorf("an acknowledged end was reported again: %+v", r)
		}
	}
}

// Whenever the agent is killed, a program ran at most once, is gone, and its end arrives.
func TestAgentKilled(t *testing.T) {
	t.Parallel()
	config := "concurrency: 1\nactions:\n  slow: {$USER}\n  quick: {$USER}\n"
	for name, test := range map[string]struct {
		action string
		when   func(executor.Report) bool
		want   ops.AttemptState
		cut    bool // interrupted
	}{
		"waiting": {"quick", in(ops.Queued), ops.Succeeded, false}, // for another to end
		"running": {"slow", progressed, ops.Failed, true},
		"ended":   {"quick", in(ops.Succeeded), ops.Succeeded, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config, nil)
			h.write("actions/slow", "#!/bin/sh\necho $OPSLEDGER_ATTEMPT >>"+h.path("runs")+"\nsetsid sleep 1000 & echo $! >"+h.path("pid")+"\necho '##percent 1'; wait\n")
			h.write("actions/quick", "#!/bin/sh\necho $OPSLEDGER_ATTEMPT >>"+h.path("runs")+"\n")
			if err := errors.Join(os.Chmod(h.path("actions/slow"), 0o755), os.Chmod(h.path("actions/quick"), 0o755)); err != nil {
				t.Fatal(err)
			}
			a := executor.Assignment{Task: task, Attempt: 11, Mode: ops.ModeUpdate, Action: test.action, Target: "t", Content: "f"}
			v := h.startAgent()
			if name == "waiting" {
				v.assign(executor.Assignment{Task: strings.Repeat("3", 32), Attempt: 10, Mode: ops.ModeUpdate, Action: "slow", Target: "t", Content: "f"})
				v.until(10, progressed)
			}
			v.assign(a)
			if !v.until(11, test.when) {
				t.Error("it never was")
			}
			v.kill()
			h.start()
			if end := h.end(11); end.State != test.want || end.Interrupted != test.cut {
				t.Errorf("ended %+v", end)
			}
			h.assign(a) // delivered again
			if runs := h.read("runs"); strings.Count(runs, "11\n") != 1 {
				t.Errorf("ran %q", runs)
			}
			if pid, err := strconv.Atoi(strings.TrimSpace(h.read("pid"))); err == nil && testkit.Alive(pid) {
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
	h.wantEnd(1, ops.Failed, "its supervisor was killed")
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(h.log(1), "stdout ")))
	if err != nil || testkit.Alive(pid) {
		t.Errorf("process %d was left over (%v)", pid, err)
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
		h.wantEnd(i+1, ops.Succeeded, "")
	}
	if got := h.read("order-a"); got != "1\n4\n7\n10\n13\n16\n" {
		t.Errorf("order %q", got)
	}
}
