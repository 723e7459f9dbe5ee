package host

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

// played is an executor that does nothing but remember what it was asked for.
type played struct {
	Tasks
	mu           sync.Mutex
	assigned     []int64
	acknowledged []int64
	// cancelled are the attempts that it was told to cancel; it knows those in knows.
	cancelled []int64
	knows     map[int64]bool
	reports   chan executor.Report
}

func (p *played) Assign(a executor.Assignment) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.assigned = append(p.assigned, a.Attempt)
	return nil
}

func (p *played) Acknowledged(_ string, attempt int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acknowledged = append(p.acknowledged, attempt)
	return nil
}

func (p *played) Cancel(_ string, attempt int64) error {
	p.cancelled = append(p.cancelled, attempt)
	return nil
}

func (p *played) Knows(_ string, attempt int64) bool { return p.knows[attempt] }

func (p *played) took() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.assigned)
}

func (p *played) Pending() []executor.Pending { return nil }

func (p *played) isAcknowledged() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.acknowledged) > 0
}

func (p *played) Reports() <-chan executor.Report { return p.reports }

func newPlayed(t *testing.T, nc *nats.Conn) (*Follower, *played) {
	t.Helper()
	p := &played{reports: make(chan executor.Report)}
	f, err := New(Config{NC: nc, ID: machine, LogID: uuid.New(), Tasks: p, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// A consumer that has others' events, too, does not make their work this host's.
func TestWorkOfOthers(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	stream := streamtest.New(t, server, protocol.HostConsumer(machine), domain.ContextOps)
	f, tasks := newPlayed(t, testkit.Connect(t, server))
	serve(t, stream.NC, protocol.SubjectHostWork(machine), func([]byte) any { return protocol.HostWork{Log: f.cfg.LogID} })
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := newFeeder(f).run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	for _, host := range []int64{machine + 1, machine} {
		stream.Append(domain.ContextOps, ops.AttemptAccepted{Task: strings.Repeat("a", 32), Machine: host, Mode: ops.ModeUpdate})
	}
	testkit.Eventually(t, "its own work is assigned", func() bool { return slices.Contains(tasks.took(), 2) })
	if got := tasks.took(); len(got) != 1 {
		t.Errorf("assigned %v", got)
	}
}

// An attempt that is missing in work of a later position is over, whatever events come
// afterwards; but the cancellation of an attempt that the host has is carried out.
func TestOldNews(t *testing.T) {
	t.Parallel()
	f, tasks := newPlayed(t, testkit.NATS(t))
	tasks.knows = map[int64]bool{4: true}
	f.seen.Store(10)
	fd := newFeeder(f)
	for _, r := range []domain.Recorded{
		{Position: 5, Event: ops.AttemptAccepted{Task: "t"}},
		{Position: 6, Event: ops.CancelRequested{Task: "t", Attempt: 4}},
		{Position: 7, Event: ops.CancelRequested{Task: "t", Attempt: 5}},
		{Position: 10, Event: ops.AttemptAccepted{Task: "u"}},
		{Position: 11, Event: ops.AttemptAccepted{Task: "v"}},
		{Position: 12, Event: ops.CancelRequested{Task: "v", Attempt: 11}},
	} {
		if err := fd.takeEvent(r); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(tasks.assigned, []int64{11}) || !slices.Equal(tasks.cancelled, []int64{4, 11}) {
		t.Errorf("assigned %v, cancelled %v", tasks.assigned, tasks.cancelled)
	}
}

// A control plane with another log gives no work and takes no reports.
func TestAnotherLog(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	f, _ := newPlayed(t, nc)
	other := uuid.New()
	serve(t, nc, protocol.SubjectHostWork(machine), func([]byte) any { return protocol.HostWork{Log: other} })
	if _, err := f.fetchWork(t.Context()); err == nil || !strings.Contains(err.Error(), other.String()) {
		t.Errorf("work of another log: %v", err)
	}
	dir := t.TempDir()
	for range 2 {
		if err := PrepareFolder(dir, other); err != nil {
			t.Error(err)
		}
	}
	if err := PrepareFolder(dir, uuid.New()); err == nil || !strings.Contains(err.Error(), other.String()) {
		t.Errorf("a folder of another log: %v", err)
	}
}

// serve answers what comes on a subject.
func serve(t *testing.T, nc *nats.Conn, subject string, answer func([]byte) any) {
	t.Helper()
	sub, err := nc.Subscribe(subject, func(m *nats.Msg) {
		payload, err := json.Marshal(answer(m.Data))
		if err == nil {
			err = m.Respond(payload)
		}
		if err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
}
