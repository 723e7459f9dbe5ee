package hostdesk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/hostplane"
)

const (
	host = int64(7)
	task = "0358c3c78f5211e685855cf9389306a2"
)

// world is a control plane whose host is played by the test.
type world struct {
	*hostplane.Plane
	t *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{hostplane.Start(t), t}
	data := ops.MachineData{Name: "web01", InsideIP: "10.0.0.1", OutsideIP: "10.0.0.1", Usage: "-", Location: "-"}
	w.Append(ops.MachineAdded{ID: host, Machine: data}, ops.HostEnrolled{ID: host})
	return w
}

func (w *world) accept(name string, id int64, content string) domain.Position {
	w.t.Helper()
	order := ops.Order{Action: "a", Target: "t", Content: content}
	w.Append(ops.TaskCreated{ID: id, Task: name, Machine: host, Creator: 1, CreatorName: "admin", Order: order})
	return w.Append(ops.AttemptAccepted{Task: name, Machine: host, Mode: ops.ModeUpdate, Executor: 1, Order: order, Deadline: time.Now().Add(time.Hour).UTC()})
}

// ask asks as the host does, with an inbox under the prefix, and decodes the
// answer; it says whether one came.
func (w *world) ask(subject, prefix string, question, answer any) bool {
	w.t.Helper()
	inbox := prefix + "." + uuid.NewString()
	sub, err := w.NC.SubscribeSync(inbox)
	w.Check(err)
	defer func() { _ = sub.Unsubscribe() }()
	payload, err := json.Marshal(question)
	w.Check(err)
	w.Check(w.NC.PublishRequest(subject, inbox, payload))
	m, err := sub.NextMsg(time.Second)
	if errors.Is(err, nats.ErrTimeout) {
		return false
	}
	w.Check(err)
	w.Check(json.Unmarshal(m.Data, answer))
	return true
}

func (w *world) report(r protocol.HostReport) protocol.HostReceipt {
	w.t.Helper()
	var receipt protocol.HostReceipt
	w.Eventually("the report is answered", func() bool {
		return w.ask(protocol.SubjectHostReport(host), protocol.HostInboxPrefix(host), r, &receipt)
	})
	return receipt
}

func (w *world) work(after domain.Position) (work protocol.HostWork) {
	w.t.Helper()
	w.Eventually("the question is answered", func() bool {
		return w.ask(protocol.SubjectHostWork(host), protocol.HostInboxPrefix(host), protocol.HostWorkRequest{After: after}, &work)
	})
	return work
}

func TestReportsAreReceivedOnceInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attempt := w.accept(task, 1, "c")
	half := 50
	said := protocol.HostReport{Log: w.Store.LogID(), Attempts: []protocol.AttemptReport{
		{Task: task, Attempt: attempt, Begun: true, Percent: &half},
		{Task: task, Attempt: attempt - 1, Begun: true}, // of an attempt that never was: nothing is news
	}}
	before := attempt + 2
	for range 2 {
		if r := w.report(said); fmt.Sprint(r.Taken) != fmt.Sprint([]domain.Position{attempt, attempt - 1}) || r.Error != "" {
			t.Errorf("receipt %+v", r)
		}
	}
	head, err := w.Store.Head(t.Context())
	w.Check(err)
	if head.Position != before {
		t.Errorf("the log ends at %d, want %d", head.Position, before)
	}
	reported, err := w.Store.Read(t.Context(), attempt, 2)
	w.Check(err)
	for _, e := range reported {
		if e.Door != domain.DoorAgent {
			t.Errorf("event %d came by the door %q", e.Position, e.Door)
		}
	}

	said.Log = uuid.New()
	said.Attempts[0].End = &ops.End{Outcome: ops.Succeeded}
	if r := w.report(said); len(r.Taken) != 0 || !strings.Contains(r.Error, "another log") {
		t.Errorf("a report about another log: %+v", r)
	}
	// What the domain refuses would be refused for ever: it is received.
	said.Log, said.Attempts = w.Store.LogID(), said.Attempts[:1]
	said.Attempts[0].End.Outcome = ops.Unknown
	if r := w.report(said); len(r.Taken) != 1 {
		t.Errorf("a refused report: %+v", r)
	}
	head, err = w.Store.Head(t.Context())
	w.Check(err)
	if head.Position != before {
		t.Errorf("the log ends at %d, want %d", head.Position, before)
	}
}

// Nothing is answered where a host could not listen by itself.
func TestAnswersGoToTheHostAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if work := w.work(0); work.Log != w.Store.LogID() {
		t.Errorf("work %+v", work)
	}
	elsewhere := map[string]*nats.Subscription{}
	for _, prefix := range []string{protocol.HostInboxPrefix(8), "_INBOX_agent_7", "events.ops.7"} {
		inbox := prefix + "." + uuid.NewString()
		sub, err := w.NC.SubscribeSync(inbox)
		w.Check(err)
		elsewhere[prefix] = sub
		w.Check(w.NC.PublishRequest(protocol.SubjectHostWork(host), inbox, nil))
	}
	for range 10 { // the desk has heard the questions before these, and has answered them if it answers such
		w.work(0)
	}
	w.Check(w.NC.FlushTimeout(testkit.Patience))
	for prefix, sub := range elsewhere {
		if answers, _, err := sub.Pending(); err != nil || answers > 0 {
			t.Errorf("%d answers went to %s (%v)", answers, prefix, err)
		}
	}
}

func TestWorkInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Append(ops.AccountKeysSet{Machine: host, Account: "deploy", Keys: []ops.AccountKey{}})
	var want []domain.Position
	for i := range int64(5) {
		want = append(want, w.accept(fmt.Sprintf("%032x", i), i+1, strings.Repeat("<", 65_000)))
	}
	var got []domain.Position
	work := w.work(0)
	if len(work.Accounts) != 1 || work.Position < want[4] {
		t.Errorf("%d accounts as of %d", len(work.Accounts), work.Position)
	}
	for pages := 1; ; pages++ {
		for _, item := range work.Attempts {
			got = append(got, item.Number)
		}
		if !work.More {
			if pages < 2 {
				t.Error("all came in one page")
			}
			break
		}
		work = w.work(got[len(got)-1])
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("attempts %v, want %v", got, want)
	}
}

// A host learns that an attempt which runs there was cancelled, although the log ended it
// before it heard of its begin. It learns nothing of others' attempts.
func TestCancelledBeforeTheBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancel := func(name string, attempt domain.Position) {
		w.Append(
			ops.CancelRequested{Task: name, Machine: host, Attempt: attempt},
			ops.AttemptPresumed{Task: name, Machine: host, Attempt: attempt, Outcome: ops.Cancelled},
		)
	}
	names := func(n int) string { return fmt.Sprintf("%032x", n) }
	cancelled, running, expired := w.accept(names(1), 1, "c"), w.accept(names(2), 2, "c"), w.accept(names(3), 3, "c")
	cancel(names(1), cancelled)
	w.Append(ops.AttemptPresumed{Task: names(3), Machine: host, Attempt: expired, Outcome: ops.Expired})
	asked := protocol.HostWorkRequest{Running: []protocol.AttemptName{
		{Task: names(1), Attempt: cancelled}, {Task: names(2), Attempt: running}, {Task: names(3), Attempt: expired},
		{Task: names(1), Attempt: cancelled + 1000}, {Task: names(9), Attempt: 9}, {Task: "'", Attempt: 1},
	}}
	for asker, want := range map[int64]string{host: fmt.Sprint(asked.Running[:1]), host + 1: "[]"} {
		var work protocol.HostWork
		w.Eventually("the question is answered", func() bool {
			return w.ask(protocol.SubjectHostWork(asker), protocol.HostInboxPrefix(asker), asked, &work)
		})
		if work.Error != "" || fmt.Sprint(work.Cancelled) != want {
			t.Errorf("host %d is to end %v, want %s; %s", asker, work.Cancelled, want, work.Error)
		}
	}
}

// Asked for some attempts alone, the desk tells of those that are the host's and open,
// from the log, and of nothing else.
func TestNamedAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := func(n int) string { return fmt.Sprintf("%032x", n) }
	w.Append(ops.AccountKeysSet{Machine: host, Account: "deploy", Keys: []ops.AccountKey{}})
	open, over := w.accept(names(1), 1, "c"), w.accept(names(2), 2, "c")
	w.Append(ops.AttemptPresumed{Task: names(2), Machine: host, Attempt: over, Outcome: ops.Expired})
	w.accept(names(3), 3, "c") // which nobody asks for
	asked := protocol.HostWorkRequest{Only: []protocol.AttemptName{
		{Task: names(1), Attempt: open}, {Task: names(2), Attempt: over}, {Task: names(1), Attempt: open + 1},
		{Task: names(9), Attempt: 9}, {Task: "'", Attempt: 1},
	}}
	for asker, want := range map[int64]int{host: 1, host + 1: 0} {
		var work protocol.HostWork
		w.Eventually("the question is answered", func() bool {
			return w.ask(protocol.SubjectHostWork(asker), protocol.HostInboxPrefix(asker), asked, &work)
		})
		if work.Error != "" || len(work.Attempts) != want || len(work.Accounts) != 0 || work.More || work.Position < over {
			t.Errorf("host %d is told %+v", asker, work)
		}
		for _, item := range work.Attempts {
			if item.Number != open || item.Attempt.Task != names(1) || item.Attempt.Order.Content != "c" {
				t.Errorf("%+v", item)
			}
		}
	}
}
