package host

import (
	"context"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// percentEvery is the least time between two reports of one attempt's percent. The log
	// takes one in 100 ms.
	percentEvery = 200 * time.Millisecond
	// refreshEvery is how often a running attempt is reported again without a change: if
	// the control plane has given the host up, it learns so that the attempt goes on.
	refreshEvery = 30 * time.Second
	// maxInFlight bounds the messages that wait for their receipts. Reports that come
	// meanwhile travel together in the next message.
	maxInFlight = 2
)

// attemptID names an attempt.
type attemptID struct {
	task   string
	number domain.Position
}

// reporter reports to the control plane how far the attempts are.
//
// Invariants:
//  1. Every begin and every end is reported at least once: both are repeated until a
//     receipt names them, and only then is an end acknowledged to the executor.
//  2. No two reports about one attempt are on their way at the same time, so that an
//     older report never arrives later.
type reporter struct {
	follower *Follower
	pending  map[attemptID]*pendingReport
	extra    chan executor.Report
	receipts chan receipt
	wake     chan struct{}
	closing  chan []executor.Pending
	closed   chan struct{}

	inFlight int
	sending  sync.WaitGroup
	// notBefore delays all messages after a failure.
	notBefore time.Time
	pause     backoff.Growing
	// ending: the agent stops, and only ends are still to be reported.
	ending bool
}

// pendingReport is the newest report about an attempt.
type pendingReport struct {
	report executor.Report
	// due is when the report is to be sent.
	due      time.Time
	inFlight bool
	sent     time.Time
}

func newReporter(f *Follower) *reporter {
	return &reporter{
		follower: f, pending: map[attemptID]*pendingReport{}, extra: make(chan executor.Report), receipts: make(chan receipt, maxInFlight),
		wake: make(chan struct{}, 1), closing: make(chan []executor.Pending), closed: make(chan struct{}),
		pause: backoff.Growing{Least: 100 * time.Millisecond, Most: 5 * time.Second},
	}
}

// repeatNow makes run send all pending reports at once.
func (r *reporter) repeatNow() { signal(r.wake) }

// fail reports an attempt that the executor does not have.
func (r *reporter) fail(task string, number domain.Position, text string) {
	select {
	case r.extra <- executor.Report{Task: task, Attempt: int64(number), State: ops.Failed, Message: text, Lines: -1}:
	case <-r.closed:
	}
}

// finish reports the ends among the executor's pending attempts. It returns when they
// are received, when lastReportWithin has passed, or when ctx ends.
func (r *reporter) finish(ctx context.Context, left []executor.Pending) {
	ctx, cancel := context.WithTimeout(ctx, lastReportWithin)
	defer cancel()
	select {
	case <-ctx.Done():
		return
	case r.closing <- left:
	}
	select {
	case <-ctx.Done():
	case <-r.closed:
	}
}

// run reports until ctx ends, or until all ends are received after finish.
func (r *reporter) run(ctx context.Context) {
	defer r.sending.Wait()
	defer close(r.closed)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for !r.ending || r.anyEnds() {
		select {
		case <-ctx.Done():
			return
		case report := <-r.follower.cfg.Tasks.Reports():
			r.take(report, time.Now())
		case report := <-r.extra:
			r.take(report, time.Now())
		case got := <-r.receipts:
			r.takeReceipt(got, time.Now())
		case <-r.wake:
			r.repeat(time.Now())
		case left := <-r.closing:
			r.lastEnds(left, time.Now())
		case <-timer.C:
		}
		timer.Reset(r.send(ctx, time.Now()))
	}
}

// take notes a report of the executor.
func (r *reporter) take(report executor.Report, now time.Time) {
	if report.State == ops.Queued {
		signal(r.follower.changed)
		return
	}
	name := attemptID{report.Task, domain.Position(report.Attempt)}
	t := r.pending[name]
	if t == nil {
		t = &pendingReport{}
		r.pending[name] = t
	}
	switch {
	case t.report.State.Ended():
		return // the end is on its way already
	case report.State == ops.Running && t.report.State != "":
		t.due = later(now, t.sent.Add(percentEvery))
	default:
		t.due = now
	}
	t.report = report
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// repeat ends the delay after a failure, and makes all pending reports due.
func (r *reporter) repeat(now time.Time) {
	r.notBefore = time.Time{}
	r.pause.Reset()
	for _, t := range r.pending {
		t.due = now
	}
}

// lastEnds takes the ends of the attempts that were stopped.
func (r *reporter) lastEnds(left []executor.Pending, now time.Time) {
	r.ending = true
	for _, h := range left {
		if h.End != nil {
			r.take(*h.End, now)
		}
	}
	r.notBefore = time.Time{}
}

func (r *reporter) anyEnds() bool {
	for _, t := range r.pending {
		if t.report.State.Ended() {
			return true
		}
	}
	return false
}

// send sends the reports that are due and returns how long to wait for the next ones.
func (r *reporter) send(ctx context.Context, now time.Time) time.Duration {
	if wait := r.notBefore.Sub(now); wait > 0 {
		return wait
	}
	next := time.Hour
	for r.inFlight < maxInFlight {
		m := newMessage(r.follower)
		next = time.Hour
		for _, t := range r.pending {
			switch wait := t.due.Sub(now); {
			case t.inFlight:
			case wait > 0:
				next = min(next, wait)
			case m.add(t.report):
				t.inFlight, t.sent = true, now
			}
		}
		if len(m.reports) == 0 {
			return next
		}
		r.inFlight++
		r.sending.Go(func() { m.deliver(ctx, r.receipts) })
	}
	return next
}

// takeReceipt takes the receipt of a message, or the error if there is none.
func (r *reporter) takeReceipt(got receipt, now time.Time) {
	r.inFlight--
	if got.err != nil || len(got.taken) < len(got.reports) {
		r.notBefore = now.Add(r.pause.Next())
		r.follower.cfg.Log.Debug("reports were not received, will report again", "attempts", len(got.reports), "error", got.err)
	} else {
		r.pause.Reset()
	}
	for _, report := range got.reports {
		name := attemptID{report.Task, domain.Position(report.Attempt)}
		t := r.pending[name]
		t.inFlight = false
		news := t.report.State != report.State || t.report.Percent != report.Percent
		switch {
		case !got.taken[name.number]:
			t.due = now
		case report.State.Ended():
			r.forgetEnded(name)
		case !news:
			t.due = now.Add(backoff.Jitter(refreshEvery))
		}
	}
}

// forgetEnded notes that the log has the attempt's end.
func (r *reporter) forgetEnded(name attemptID) {
	delete(r.pending, name)
	if err := r.follower.cfg.Tasks.Acknowledged(name.task, int64(name.number)); err != nil {
		r.follower.cfg.Log.Debug("an end will be reported once more at the next start", "task", name.task, "error", err)
	}
	signal(r.follower.changed)
}
