package host

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/internal/signtest"
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
	pending   []executor.Pending
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

func (p *played) Pending() []executor.Pending { return p.pending }

func (p *played) isAcknowledged() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.acknowledged) > 0
}

func (p *played) Reports() <-chan executor.Report { return p.reports }

func newPlayed(t *testing.T, nc *nats.Conn) (*Follower, *played) {
	t.Helper()
	p := &played{reports: make(chan executor.Report)}
	f, err := New(Config{NC: nc, ID: machine, Key: signtest.Public(), LogID: uuid.New(), Tasks: p})
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// Without the control plane's key there is no agent.
func TestNoAgentWithoutAKey(t *testing.T) {
	t.Parallel()
	cfg := Config{NC: testkit.NATS(t), ID: machine, LogID: uuid.New(), Tasks: &played{}}
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("%v", err)
	}
}

// An event says nothing but that there may be news: what its data says is done only if
// the control plane says so, too.
func TestAnEventOnlyWakes(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	stream := streamtest.New(t, server, protocol.HostConsumer(machine), domain.ContextOps)
	f, tasks := newPlayed(t, testkit.Connect(t, server))
	var asked atomic.Int64
	serve(t, stream.NC, protocol.SubjectHostWork(machine), protocol.ForWork, func([]byte) any {
		if asked.Add(1) == 1 {
			return protocol.HostWork{Log: f.cfg.LogID}
		}
		item := protocol.WorkItem{Number: 9, Attempt: ops.AttemptAccepted{Task: strings.Repeat("b", 32), Machine: machine}}
		return protocol.HostWork{Log: f.cfg.LogID, Position: 9, Attempts: []protocol.WorkItem{item}}
	})
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
	testkit.Eventually(t, "its work is assigned", func() bool { return len(tasks.took()) > 0 })
	if got := tasks.took(); !slices.Equal(got, []int64{9}) {
		t.Errorf("assigned %v", got)
	}
}

// An event of before the work that the host has leads to no question. A newer one does:
// for its attempt, or for all work.
func TestOldNews(t *testing.T) {
	t.Parallel()
	f, _ := newPlayed(t, testkit.NATS(t))
	f.seen.Store(10)
	accepted, cancelled := (ops.AttemptAccepted{}).EventType(), (ops.CancelRequested{}).EventType()
	name := protocol.AttemptName{Task: "t", Attempt: 11}
	for _, c := range []struct {
		event protocol.Envelope
		news  []protocol.AttemptName
		all   bool
	}{
		{protocol.Envelope{Position: 5, Type: cancelled, Data: []byte(`{}`)}, nil, false},
		{protocol.Envelope{Position: 10, Type: accepted, Data: []byte(`{"task":"t"}`)}, nil, false},
		{protocol.Envelope{Position: 11, Type: accepted, Data: []byte(`{"task":"t"}`)}, []protocol.AttemptName{name}, false},
		{protocol.Envelope{Position: 12, Type: accepted, Data: []byte(`{"task":`)}, nil, true},
		{protocol.Envelope{Position: 13, Type: cancelled, Data: []byte(`{}`)}, nil, true},
	} {
		fd := newFeeder(f)
		if err := fd.take(c.event); err != nil || !slices.Equal(fd.news, c.news) || fd.all != c.all {
			t.Errorf("event %d: asks for %v, all %t, %v", c.event.Position, fd.news, fd.all, err)
		}
	}
	fd := newFeeder(f)
	for at := domain.Position(11); at <= 11+protocol.MaxNamed; at++ {
		_ = fd.take(protocol.Envelope{Position: at, Type: accepted, Data: []byte(`{"task":"t"}`)})
	}
	if len(fd.news) != protocol.MaxNamed || !fd.all {
		t.Errorf("of many attempts the host asks for %d, all %t", len(fd.news), fd.all)
	}
}

// What runs here and was cancelled before the log knew that it had begun is ended, and
// what has begun since the question is asked about again.
func TestCancelledWhatRuns(t *testing.T) {
	t.Parallel()
	f, tasks := newPlayed(t, testkit.NATS(t))
	tasks.pending = []executor.Pending{
		{Task: "t", Attempt: 4}, {Task: "u", Attempt: 5, Waiting: true},
		{Task: "v", Attempt: 6, End: &executor.Report{}}, {Task: "w", Attempt: 30},
	}
	running := f.running()
	if len(running) != 2 || running[0].Attempt != 4 || running[1].Attempt != 30 {
		t.Fatalf("%v run", running)
	}
	work := protocol.HostWork{Position: 10, Cancelled: []protocol.AttemptName{running[0]}}
	if err := f.takeWork(work, running); err != nil || !slices.Equal(tasks.cancelled, []int64{5, 4}) || len(f.askWork) != 0 {
		t.Errorf("cancelled %v, asks %d times, %v", tasks.cancelled, len(f.askWork), err)
	}
	if err := f.takeWork(protocol.HostWork{Position: 10}, nil); err != nil || len(f.askWork) != 1 {
		t.Errorf("an attempt that began since: asks %d times, %v", len(f.askWork), err)
	}
}

// A control plane with another log gives no work and takes no reports.
func TestAnotherLog(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	f, _ := newPlayed(t, nc)
	other := uuid.New()
	serve(t, nc, protocol.SubjectHostWork(machine), protocol.ForWork, func([]byte) any { return protocol.HostWork{Log: other} })
	if _, err := f.fetchWork(t.Context(), nil); err == nil || !strings.Contains(err.Error(), other.String()) {
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

// serve answers what comes on a subject, signed for the purpose.
func serve(t *testing.T, nc *nats.Conn, subject string, p protocol.Purpose, answer func([]byte) any) {
	t.Helper()
	sub, err := nc.Subscribe(subject, func(m *nats.Msg) {
		if err := signtest.Answer(m, machine, p, answer(m.Data)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
}
