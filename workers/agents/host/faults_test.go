package host

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
)

// kill -9 before, while and after an attempt runs: it runs at most once, and its end arrives.
func TestKilledAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"steps": steps, "note": "echo $OPSLEDGER_TASK >> $DIR/notes",
	})
	w.startProcess()
	running := w.do("steps")
	w.until(running, ops.StateRunning)
	w.Eventually("the program has begun", func() bool { return w.ran("ran") == 1 })
	w.kill() // while it runs
	waiting := w.do("note")
	w.startProcess()
	if end := w.until(running, ops.StateFailed); !strings.Contains(end.Result, "interrupted") {
		t.Errorf("the killed one ended with %q", end.Result)
	}
	w.until(waiting, ops.StateSucceeded)
	w.kill() // after they ran

	// Somewhere on the way, a few times.
	var names []string
	for i := range 5 {
		w.startProcess()
		names = append(names, w.do("note"))
		time.Sleep(time.Duration(i) * 20 * time.Millisecond) // the moment is the point
		w.kill()
	}
	w.startProcess()
	for _, name := range names {
		w.Eventually("every end arrives", func() bool { s := w.state(name).State; return s == ops.StateSucceeded || s == ops.StateFailed })
		if n := strings.Count(w.read("notes"), name); n > 1 {
			t.Errorf("task %s ran %d times", name, n)
		}
		if n := w.events(name, "AttemptFinished"); n != 1 {
			t.Errorf("task %s ended %d times", name, n)
		}
	}
	if w.ran("ran") != 1 {
		t.Errorf("the first ran %d times", w.ran("ran"))
	}
}

// The bus, and with it every connection, is away while a task runs and ends.
func TestBusAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"steps": steps + "\necho end >> $DIR/ended"})
	w.start()
	name := w.do("steps")
	attempt := w.until(name, ops.StateRunning).Attempt.Number
	w.RestartNATS(func() {
		w.write("go", "", 0o644)
		w.Eventually("the task goes on", func() bool { return w.ran("ended") == 1 })
	})
	w.until(name, ops.StateSucceeded)
	w.wantSteps(name, attempt)
	next := w.do("steps")
	w.until(next, ops.StateSucceeded)
}

// Serve is killed while a task ends, and started again.
func TestServeAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"steps": steps + "\necho end >> $DIR/ended"})
	w.start()
	name := w.do("steps")
	w.until(name, ops.StateRunning)
	w.RestartServe(func() {
		w.write("go", "", 0o644)
		w.Eventually("the task goes on", func() bool { return w.ran("ended") == 1 })
	})
	w.until(name, ops.StateSucceeded)
}

// All of JetStream is lost, and with it the events for the host.
func TestStreamLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"note": "echo ran >> $DIR/ran"})
	w.start()
	w.until(w.do("note"), ops.StateSucceeded)
	w.RestartNATS(func() { w.NATSDir = t.TempDir() })
	w.until(w.do("note"), ops.StateSucceeded)
	if got := w.ran("ran"); got != 2 {
		t.Errorf("two tasks ran %d times", got)
	}
}

// A host goes silent while a task runs: the task is unknown until the host reports late.
func TestSilenceAndTheLateWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"steps": steps})
	w.RestartServe(func() { w.Silence = heartbeatEvery * 7 / 5 })
	w.startProcess()
	name := w.do("steps")
	w.until(name, ops.StateRunning)
	w.Check(w.agent.Process.Signal(syscall.SIGSTOP))
	w.until(name, ops.StateUnknown)
	w.Eventually("the host is offline", func() bool { return !w.Presence.Host(machine).Online })
	w.write("go", "", 0o644)
	w.Check(w.agent.Process.Signal(syscall.SIGCONT))
	w.until(name, ops.StateSucceeded)
	// Heartbeats that are late on a busy machine are a silence of their own, after a word.
	if history := w.history(name); !slices.Contains(history, "AttemptPresumed") ||
		strings.Contains(strings.Join(history, " "), "AttemptPresumed AttemptPresumed") {
		t.Errorf("it was not given up once for each silence: %v", history)
	}
}

// Messages that come twice, late or from a stranger change nothing.
func TestDuplicatesAndStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"note": "echo ran >> $DIR/ran"})
	w.start()
	name := w.do("note")
	end := w.until(name, ops.StateSucceeded)
	for range 3 {
		w.Check(w.NC.Publish(fmt.Sprintf("hosts.%d.poke", machine), nil))
		w.Check(w.NC.Publish("hosts.poke", nil))
	}
	second := w.accept(name, "note", time.Hour)
	w.Eventually("the second attempt ended", func() bool {
		s := w.state(name)
		return s.Attempt.Number == second && s.State == ops.StateSucceeded
	})
	if second <= end.Attempt.Number || w.ran("ran") != 2 {
		t.Errorf("attempts %d and %d ran %d times", end.Attempt.Number, second, w.ran("ran"))
	}
	if w.events(name, "AttemptFinished") != 2 {
		t.Errorf("%d ends", w.events(name, "AttemptFinished"))
	}

	// An event that never arrives is healed by asking for the work, and those that
	// come again from a new consumer are old.
	w.DeleteConsumer(machine)
	w.until(w.do("note"), ops.StateSucceeded)
	if w.ran("ran") != 3 {
		t.Errorf("three attempts ran %d times", w.ran("ran"))
	}
}
