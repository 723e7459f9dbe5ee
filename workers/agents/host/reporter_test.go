package host

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/internal/signtest"
)

// desk is a control plane that refuses some reports and takes the others.
type desk struct {
	mu      sync.Mutex
	heard   []protocol.HostReport
	refused int
}

// answer takes nothing until it has refused often enough.
func (d *desk) answer(data []byte) any {
	var r protocol.HostReport
	_ = json.Unmarshal(data, &r)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, r)
	if d.refused > 0 {
		d.refused--
		return protocol.HostReceipt{Error: "not now"}
	}
	receipt := protocol.HostReceipt{}
	for _, a := range r.Attempts {
		receipt.Taken = append(receipt.Taken, a.Attempt)
	}
	return receipt
}

func (d *desk) said() (all []protocol.AttemptReport) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.heard {
		all = append(all, r.Attempts...)
	}
	return all
}

// reporting runs the reporter of a follower with a fake executor.
func reporting(t *testing.T, refused int) (*Follower, *played, *desk) {
	t.Helper()
	nc := testkit.NATS(t)
	f, tasks := newPlayed(t, nc)
	d := &desk{refused: refused}
	serve(t, nc, protocol.SubjectHostReport(machine), protocol.ForReceipt, d.answer)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.reporter.run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return f, tasks, d
}

func TestAnEndIsReportedUntilItIsReceived(t *testing.T) {
	t.Parallel()
	_, tasks, d := reporting(t, 3)
	end := executor.Report{Task: "t", Attempt: 5, State: ops.Succeeded, Message: "exit code 0", Result: "fine", Lines: 7, Began: time.Now()}
	tasks.reports <- end
	tasks.reports <- end // the executor repeats itself
	testkit.Eventually(t, "it is acknowledged", tasks.isAcknowledged)
	said := d.said()
	if len(said) != 4 {
		t.Errorf("said %d times", len(said))
	}
	if got := *said[3].End; !said[3].Begun || got != (ops.End{Outcome: ops.Succeeded, Result: "fine", Lines: 7}) {
		t.Errorf("said %+v, %+v", said[3], got)
	}
}

// A thousand percentages make few reports, and the end does not wait for them.
func TestPercentagesAreHeldBack(t *testing.T) {
	t.Parallel()
	_, tasks, d := reporting(t, 0)
	began := time.Now()
	tasks.reports <- executor.Report{Task: "t", Attempt: 5, State: ops.Running, Began: began}
	for percent := range 100 {
		tasks.reports <- executor.Report{Task: "t", Attempt: 5, State: ops.Running, Percent: 1 + percent, Began: began}
		time.Sleep(time.Millisecond) // the pace is the point
	}
	tasks.reports <- executor.Report{Task: "t", Attempt: 5, State: ops.Succeeded, Percent: 100, Began: began}
	testkit.Eventually(t, "it is acknowledged", tasks.isAcknowledged)
	most := int(time.Since(began)/percentEvery) + 3
	said := d.said()
	if len(said) > most || said[0].Percent != nil || !said[0].Begun || said[len(said)-1].End == nil {
		t.Errorf("%d reports, at most %d are due: %+v", len(said), most, said)
	}
	if !slices.IsSortedFunc(said[1:len(said)-1], func(a, b protocol.AttemptReport) int { return *a.Percent - *b.Percent }) {
		t.Error("percentages fell")
	}
}

// No two reports of one attempt are on their way at a time, while others are not kept waiting.
func TestOneReportOfAnAttemptAtATime(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	f, tasks := newPlayed(t, nc)
	f.receiptWithin = testkit.Patience // else a report is repeated, rightly
	release := make(chan struct{})
	var mu sync.Mutex
	count := map[domain.Position]int{}
	heard := make(chan domain.Position, 16)
	replies, err := nc.Subscribe(protocol.SubjectHostReport(machine), func(m *nats.Msg) {
		var r protocol.HostReport
		_ = json.Unmarshal(m.Data, &r)
		receipt := protocol.HostReceipt{}
		mu.Lock()
		for _, said := range r.Attempts {
			count[said.Attempt]++
			if count[said.Attempt] > 1 {
				t.Errorf("attempt %d is reported twice at a time", said.Attempt)
			}
			heard <- said.Attempt
			receipt.Taken = append(receipt.Taken, said.Attempt)
		}
		mu.Unlock()
		go func() {
			<-release
			_ = signtest.Answer(m, machine, protocol.ForReceipt, receipt)
		}()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = replies.Unsubscribe() }()
	defer close(release) // when the reporter has ended, which would go on with the next report
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.reporter.run(ctx) })
	defer running.Wait()
	defer cancel()
	tasks.reports <- executor.Report{Task: "t", Attempt: 5, State: ops.Running}
	<-heard
	tasks.reports <- executor.Report{Task: "t", Attempt: 5, State: ops.Succeeded}
	tasks.reports <- executor.Report{Task: "u", Attempt: 6, State: ops.Running}
	if got := <-heard; got != 6 {
		t.Errorf("attempt %d is reported next", got)
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		report  executor.Report
		outcome ops.AttemptState
		text    string
	}{
		{executor.Report{State: ops.Succeeded, Message: "1 file exchanged"}, ops.Succeeded, "1 file exchanged"},
		{executor.Report{State: ops.Succeeded, Message: "exit code 0", Result: "fine"}, ops.Succeeded, "fine"},
		{executor.Report{State: ops.Failed, Message: "exit code 3", Result: "disk full"}, ops.Failed, "exit code 3; disk full"},
		{executor.Report{State: ops.Cancelled, Message: "cancelled"}, ops.Cancelled, "cancelled"},
		{executor.Report{State: ops.Expired, Message: "too late"}, ops.Expired, "too late"},
		{executor.Report{State: ops.Failed, Interrupted: true, Message: "the agent was killed"}, ops.Failed, "interrupted: the agent was killed"},
		{executor.Report{State: ops.Failed, Message: strings.Repeat("é", 4000)}, ops.Failed, strings.Repeat("é", ops.MaxResult/2)},
	} {
		if end := describe(c.report).End; end.Outcome != c.outcome || end.Result != c.text {
			t.Errorf("%s is said as %s, %.50q", c.report.State, end.Outcome, end.Result)
		}
	}
}
