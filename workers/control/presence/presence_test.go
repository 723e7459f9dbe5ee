package presence_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/presence"
	"github.com/opsledger/opsledger/workers/internal/hostplane"
)

// world is a control plane whose hosts are played by the test.
type world struct {
	*hostplane.Plane
	t *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{hostplane.Start(t), t}
	for id := int64(7); id <= 8; id++ {
		ip := fmt.Sprintf("10.0.0.%d", id)
		w.Append(ops.MachineAdded{ID: id, Machine: ops.MachineData{Name: ip, InsideIP: ip, OutsideIP: ip, Usage: "-", Location: "-"}}, ops.HostEnrolled{ID: id})
	}
	return w
}

// accept gives a machine an attempt, which is named like the machine.
func (w *world) accept(machine int64, within time.Duration) domain.Position {
	w.t.Helper()
	_, accepted := w.create(machine, within)
	return w.Append(accepted)
}

// acceptBegun gives a machine an attempt that is already due when it is known, and has begun.
func (w *world) acceptBegun(machine int64) {
	w.t.Helper()
	created, accepted := w.create(machine, 0)
	w.Append(accepted, ops.AttemptStarted{Task: accepted.Task, Machine: machine, Attempt: created + 1})
}

// create creates a machine's task, and returns its position and what would accept it.
func (w *world) create(machine int64, within time.Duration) (domain.Position, ops.AttemptAccepted) {
	w.t.Helper()
	name, order := taskOf(machine), ops.Order{Action: "a", Target: "t", Content: "c"}
	created := w.Append(ops.TaskCreated{ID: machine, Task: name, Machine: machine, Creator: 1, CreatorName: "admin", Order: order})
	return created, ops.AttemptAccepted{
		Task: name, Machine: machine, Mode: ops.ModeUpdate, Executor: 1, Order: order, Deadline: time.Now().Add(within).UTC(),
	}
}

func taskOf(machine int64) string { return fmt.Sprintf("%032x", machine) }

func (w *world) alive(machine int64, known ...domain.Position) {
	w.t.Helper()
	payload, err := json.Marshal(protocol.HostHeartbeat{Log: w.Store.LogID(), Boot: uuid.New(), Version: "v1", Known: known})
	w.Check(err)
	w.Check(w.NC.Publish(protocol.SubjectHostHeartbeat(machine), payload))
}

// watch runs another presence with its own patience until stop, or the test's end.
func (w *world) watch(silence time.Duration) (p *presence.Presence, stop func()) {
	w.t.Helper()
	p = presence.New(presence.Config{NC: w.NC, Pool: w.Pool, Store: w.Store, Reader: w.Reader, Silence: silence})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	w.t.Cleanup(stop)
	return p, stop
}

func (w *world) until(machine int64, state ops.State) {
	w.t.Helper()
	w.Eventually(fmt.Sprintf("machine %d's task is %s", machine, state), func() bool {
		task, err := w.Reader.Task(w.t.Context(), taskOf(machine))
		return err == nil && task.State == state
	})
}

func TestSilenceThenTheHostsWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attempt := w.accept(7, time.Hour)
	begun := ops.RecordReport{Machine: 7, Task: taskOf(7), Attempt: attempt, Begun: true}
	w.Execute(begun)
	const silence = 1200 * time.Millisecond
	p, stop := w.watch(silence)
	began := time.Now()
	w.Eventually("the host is heard", func() bool { w.alive(7, attempt); return p.Host(7).Online })
	if h := p.Host(7); h.Version != "v1" || time.Since(h.Seen) > time.Since(began) {
		t.Errorf("the host is %+v", h)
	}
	w.until(7, ops.StateUnknown)
	if waited := time.Since(began); waited < silence {
		t.Errorf("given up after %v", waited)
	}
	if p.Host(7).Online || len(p.Hosts()) != 1 {
		t.Errorf("the hosts are %+v", p.Hosts())
	}
	stop() // it would give the host up again within a second
	w.Execute(begun)
	w.until(7, ops.StateRunning)
}

// A process that has just started could not have heard anybody.
func TestListensBeforeItGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Execute(ops.RecordReport{Machine: 7, Task: taskOf(7), Attempt: w.accept(7, time.Hour), Begun: true})
	_, err := w.Pool.Exec(t.Context(), `INSERT INTO control.hosts (host, boot, version, seen_at) VALUES (7, $1, 'v0', now() - interval '1 hour')`, uuid.New())
	w.Check(err)
	const silence = 2500 * time.Millisecond
	began := time.Now()
	p, _ := w.watch(silence)
	w.Eventually("it is remembered", func() bool { return p.Host(7).Version == "v0" })
	w.until(7, ops.StateUnknown)
	if waited := time.Since(began); waited < silence {
		t.Errorf("given up after %v", waited)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acceptBegun(8)
	w.accept(7, 50*time.Millisecond)
	w.until(7, ops.StateExpired)
	w.Eventually("the other deadline passed, too", func() bool {
		due, err := w.Reader.Due(t.Context(), time.Now().Add(-time.Second), 10)
		return err == nil && len(due) == 0
	})
	w.until(8, ops.StateRunning) // what has begun may go on
}

// A host that lives and does not know its work is told to ask for it.
func TestIdleHostsAreToldToAskForWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pokes := make(chan *nats.Msg, 16)
	sub, err := w.NC.ChanSubscribe("hosts.*.poke", pokes)
	w.Check(err)
	defer func() { _ = sub.Unsubscribe() }()
	w.accept(7, time.Hour)
	known := w.accept(8, time.Hour)
	w.Eventually("the idle host is poked", func() bool {
		w.alive(8, known)
		w.alive(7) // again and again, since nobody may listen yet
		select {
		case m := <-pokes:
			if m.Subject != protocol.SubjectHostFetchWork(7) {
				t.Errorf("poked: %s", m.Subject)
			}
			return true
		default:
			return false
		}
	})
}

// A heartbeat about another log is dropped.
func TestOtherLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payload, err := json.Marshal(protocol.HostHeartbeat{Log: uuid.New(), Boot: uuid.New()})
	w.Check(err)
	w.Check(w.NC.Publish(protocol.SubjectHostHeartbeat(7), payload))
	w.Check(w.NC.Publish(protocol.SubjectHostHeartbeat(7), []byte("{")))
	w.Eventually("the other host is heard, which spoke later", func() bool { w.alive(8); return w.Presence.Host(8).Online })
	if !w.Presence.Host(7).Seen.IsZero() {
		t.Error("host 7 was heard")
	}
}
