package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/control/output"
)

// steps reports half of the work, waits for the file go, and ends.
const steps = `echo ran >> $DIR/ran
echo one
echo two >&2
echo "##percent 50"
while [ ! -e $DIR/go ]; do sleep 0.01; done
echo three
echo "##result done"`

func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"steps": steps})
	w.start()
	name := w.do("steps")
	w.Eventually("half is seen", func() bool { return w.state(name).Attempt.Percent == 50 })
	if got := w.state(name).State; got != ops.StateRunning {
		t.Errorf("at half it is %s", got)
	}
	w.write("go", "", 0o644)
	end := w.until(name, ops.StateSucceeded)
	if end.Result != "done" || end.Attempt.Percent != 100 || end.Attempt.Lines != 3 {
		t.Errorf("the end is %+v", end)
	}
	w.wantSteps(name, end.Attempt.Number)
	w.Eventually("the host is online", func() bool {
		h := w.Presence.Host(machine)
		return h.Online && h.Version == "test"
	})

	if end := w.until(w.do("rm"), ops.StateFailed); end.Result != "unknown action" {
		t.Errorf("the result of an unknown action is %q", end.Result)
	}
	w.Check(os.Remove(filepath.Join(w.dir, "go")))
	name = w.do("steps")
	attempt := w.until(name, ops.StateRunning).Attempt.Number
	w.Append(ops.CancelRequested{Task: name, Machine: machine, Attempt: attempt})
	w.until(name, ops.StateCancelled)
}

// lines reads the first lines of an attempt.
func (w *world) lines(name string, attempt domain.Position, n int) (all []output.Line) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
	defer cancel()
	r, err := w.Output.Open(ctx, machine, name, attempt, 0)
	w.Check(err)
	defer r.Close()
	for len(all) < n {
		some, err := r.Next(ctx)
		if err != nil {
			w.t.Fatalf("after %d lines: %v", len(all), err)
		}
		all = append(all, some...)
	}
	return all
}

// wantSteps wants the lines that steps prints. Its two streams have no order between them.
func (w *world) wantSteps(name string, attempt domain.Position) {
	w.t.Helper()
	var said, complained []string
	lines := w.lines(name, attempt, 3)
	for _, line := range lines {
		if line.Err {
			complained = append(complained, line.Text)
		} else {
			said = append(said, line.Text)
		}
	}
	if !slices.Equal(said, []string{"one", "three"}) || !slices.Equal(complained, []string{"two"}) {
		w.t.Errorf("lines %+v", lines)
	}
}

// A host that was away finds its work when it comes back, without the attempts that were
// cancelled or have expired meanwhile.
func TestOfflineHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"note": "echo $OPSLEDGER_TASK >> $DIR/ran"})
	wanted := w.do("note")
	cancelled := w.task("note")
	attempt := w.accept(cancelled, "note", time.Hour)
	w.Append(
		ops.CancelRequested{Task: cancelled, Machine: machine, Attempt: attempt},
		ops.AttemptPresumed{Task: cancelled, Machine: machine, Attempt: attempt, Outcome: ops.Cancelled},
	)
	late := w.task("note")
	w.accept(late, "note", 10*time.Millisecond)
	w.until(late, ops.StateExpired)
	w.start()
	w.until(wanted, ops.StateSucceeded)
	w.until(w.do("note"), ops.StateSucceeded)
	if got := w.ran("ran"); got != 2 || strings.Contains(w.read("ran"), cancelled) || strings.Contains(w.read("ran"), late) {
		t.Errorf("ran:\n%s", w.read("ran"))
	}
	w.until(cancelled, ops.StateCancelled)
	w.until(late, ops.StateExpired)
}

// An agent that stops leaves waiting attempts alone. An attempt that is cancelled before
// the agent comes back is not begun, though the agent's journal has it.
func TestCancelledWhileAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"steps": steps})
	stop := w.start()
	running := w.do("steps")
	w.until(running, ops.StateRunning)
	w.Eventually("the program has begun", func() bool { return w.ran("ran") == 1 })
	name := w.task("steps")
	attempt := w.accept(name, "steps", time.Hour) // waits for the target
	w.Eventually("the host has it", func() bool { return strings.Contains(w.read("tasks/journal"), name) })
	stop()
	if end := w.until(running, ops.StateFailed); !strings.Contains(end.Result, "interrupted") {
		t.Errorf("what was stopped ended with %q", end.Result)
	}
	w.Append(ops.AttemptPresumed{Task: name, Machine: machine, Attempt: attempt, Outcome: ops.Cancelled})
	w.write("go", "", 0o644)
	w.start()
	w.until(w.do("steps"), ops.StateSucceeded)
	if got := w.ran("ran"); got != 2 {
		t.Errorf("%d attempts ran, want the first and the last", got)
	}
	w.until(name, ops.StateCancelled)
}

// A host that lost its journal does not run again what it had begun.
func TestLostMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"steps": steps})
	name := w.task("steps")
	attempt := w.accept(name, "steps", time.Hour)
	w.Append(ops.AttemptStarted{Task: name, Machine: machine, Attempt: attempt})
	w.start()
	if end := w.until(name, ops.StateFailed); !strings.Contains(end.Result, "lost its memory") {
		t.Errorf("the result is %q", end.Result)
	}
	if got := w.ran("ran"); got != 0 {
		t.Errorf("it ran %d times", got)
	}
}

// Work that does not fit one message comes in several.
func TestMuchWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const n = 12
	var names []string
	content := strings.Repeat("x", 60_000)
	for i := range n {
		name := fmt.Sprintf("%032x", 100+i)
		order := ops.Order{Action: "note", Target: "t", Content: content}
		w.Append(
			ops.TaskCreated{ID: int64(i + 1), Task: name, Machine: machine, IP: "10.0.0.1", Creator: 1, CreatorName: "admin", Order: order},
			ops.AttemptAccepted{Task: name, Machine: machine, Mode: ops.ModeUpdate, Executor: 1, Order: order, Deadline: time.Now().Add(time.Hour).UTC()},
		)
		names = append(names, name)
	}
	w.start()
	for _, name := range names {
		w.Eventually("an end", func() bool { return w.state(name).State != ops.StateQueued && !w.state(name).State.Open() })
	}
}
