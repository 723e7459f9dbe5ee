package host

import (
	"context"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// percentEvery is the least time between two reports of one attempt's percent.
	percentEvery = 50 * time.Millisecond
	// refreshEvery is how often a running attempt is reported without news: its
	// host may have been given up, and is heard of again so.
	refreshEvery = 30 * time.Second
	// maxFlying bounds the messages that wait for their receipts; what comes
	// meanwhile goes together with the next one.
	maxFlying = 2
)

// attempt names one.
type attempt struct {
	task   string
	number domain.Position
}

// reporter tells the control plane how far the attempts are.
//
// Invariants:
//  1. The log hears every begin and every end at least once: both are repeated
//     until a receipt names them, and an end is settled only then.
//  2. No two reports of one attempt are on their way at the same time, so what is
//     older never arrives later.
type reporter struct {
	agent    *Agent
	told     map[attempt]*told
	extra    chan executor.Report
	receipts chan receipt
	wake     chan struct{}
	closing  chan []executor.Held
	closed   chan struct{}

	flying  int
	sending sync.WaitGroup
	// notBefore holds everything back after a failure.
	notBefore time.Time
	pause     backoff.Growing
	// ending: only ends matter any more.
	ending bool
}

// told is what the control plane is to know of an attempt.
type told struct {
	newest executor.Report
	// due is when the newest word is to be sent; it is never sent again before
	// there is news, or repetition is called for.
	due    time.Time
	flying bool
	sent   time.Time
}

func newReporter(a *Agent) *reporter {
	return &reporter{
		agent: a, told: map[attempt]*told{}, extra: make(chan executor.Report), receipts: make(chan receipt, maxFlying),
		wake: make(chan struct{}, 1), closing: make(chan []executor.Held), closed: make(chan struct{}),
		pause: backoff.Growing{Least: 100 * time.Millisecond, Most: 5 * time.Second},
	}
}

// again has what was not received sent at once, and what runs reported anew.
func (r *reporter) again() { signal(r.wake) }

// fail reports an attempt that the executor does not have.
func (r *reporter) fail(task string, number domain.Position, text string) {
	select {
	case r.extra <- executor.Report{Task: task, Attempt: int64(number), State: executor.Failed, Message: text, Lines: -1}:
	case <-r.closed:
	}
}

// finish reports the ends among what is held, and returns when they are received,
// or lastWord has passed, or ctx ends.
func (r *reporter) finish(ctx context.Context, held []executor.Held) {
	ctx, cancel := context.WithTimeout(ctx, lastWord)
	defer cancel()
	select {
	case <-ctx.Done():
		return
	case r.closing <- held:
	}
	select {
	case <-ctx.Done():
	case <-r.closed:
	}
}

// run reports until ctx ends, or finish is done.
func (r *reporter) run(ctx context.Context) {
	defer r.sending.Wait()
	defer close(r.closed)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for !r.ending || r.anyEnds() {
		select {
		case <-ctx.Done():
			return
		case report := <-r.agent.cfg.Tasks.Reports():
			r.take(report, time.Now())
		case report := <-r.extra:
			r.take(report, time.Now())
		case got := <-r.receipts:
			r.settle(got, time.Now())
		case <-r.wake:
			r.repeat(time.Now())
		case held := <-r.closing:
			r.lastEnds(held, time.Now())
		case <-timer.C:
		}
		timer.Reset(r.send(ctx, time.Now()))
	}
}

// take notes what the executor says.
func (r *reporter) take(report executor.Report, now time.Time) {
	if report.State == executor.Queued {
		signal(r.agent.changed)
		return
	}
	name := attempt{report.Task, domain.Position(report.Attempt)}
	t := r.told[name]
	if t == nil {
		t = &told{}
		r.told[name] = t
	}
	switch {
	case t.newest.State.Final():
		return // it is on its way already
	case report.State == executor.Progress && t.newest.State != "":
		t.due = later(now, t.sent.Add(percentEvery))
	default:
		t.due = now
	}
	t.newest = report
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// repeat ends the waiting that follows a failure, and has all that runs reported.
func (r *reporter) repeat(now time.Time) {
	r.notBefore = time.Time{}
	r.pause.Reset()
	for _, t := range r.told {
		t.due = now
	}
}

// lastEnds takes the ends of what was stopped.
func (r *reporter) lastEnds(held []executor.Held, now time.Time) {
	r.ending = true
	for _, h := range held {
		if h.End != nil {
			r.take(*h.End, now)
		}
	}
	r.notBefore = time.Time{}
}

func (r *reporter) anyEnds() bool {
	for _, t := range r.told {
		if t.newest.State.Final() {
			return true
		}
	}
	return false
}

// send sends what is due and returns when to look again.
func (r *reporter) send(ctx context.Context, now time.Time) time.Duration {
	if wait := r.notBefore.Sub(now); wait > 0 {
		return wait
	}
	next := time.Hour
	for r.flying < maxFlying {
		m := newMessage(r.agent)
		next = time.Hour
		for _, t := range r.told {
			switch wait := t.due.Sub(now); {
			case t.flying:
			case wait > 0:
				next = min(next, wait)
			case m.add(t.newest):
				t.flying, t.sent = true, now
			}
		}
		if len(m.reports) == 0 {
			return next
		}
		r.flying++
		r.sending.Go(func() { m.deliver(ctx, r.receipts) })
	}
	return next
}

// settle takes the receipt of a message, or that there is none.
func (r *reporter) settle(got receipt, now time.Time) {
	r.flying--
	if got.err != nil || len(got.taken) < len(got.reports) {
		r.notBefore = now.Add(r.pause.Next())
		r.agent.cfg.Log.Debug("reports were not received, will report again", "attempts", len(got.reports), "error", got.err)
	} else {
		r.pause.Reset()
	}
	for _, report := range got.reports {
		name := attempt{report.Task, domain.Position(report.Attempt)}
		t := r.told[name]
		t.flying = false
		news := t.newest.State != report.State || t.newest.Percent != report.Percent
		switch {
		case !got.taken[name.number]:
			t.due = now
		case report.State.Final():
			r.ended(name)
		case !news:
			t.due = now.Add(backoff.Jitter(refreshEvery))
		}
	}
}

// ended: the log has the end.
func (r *reporter) ended(name attempt) {
	delete(r.told, name)
	if err := r.agent.cfg.Tasks.Settled(name.task, int64(name.number)); err != nil {
		r.agent.cfg.Log.Debug("an end is reported once more at the next start", "task", name.task, "error", err)
	}
	signal(r.agent.changed)
}
