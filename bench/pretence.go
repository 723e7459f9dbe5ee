package bench

import (
	"context"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// pretence is how the hosts of a fleet carry tasks out: in words alone.
type pretence struct {
	// name is what the names of the machines begin with, block the number of the
	// block that their addresses are in.
	name  string
	block int
	// machines are the fleet's, by id, with their addresses.
	machines map[int64]string
	// percents is how often an attempt says how far it is, step the time between two words.
	percents int
	step     time.Duration
}

// runs says whether a machine is one of the fleet's.
func (p *pretence) runs(machine int64) bool { _, ok := p.machines[machine]; return ok }

func (p *pretence) newTasks() *pretended {
	return &pretended{
		pretence: p, known: map[int64]*executor.Pending{}, ready: make(chan struct{}),
		reports: make(chan executor.Report), more: make(chan struct{}, 1),
	}
}

// atOnce is how many attempts a host works on, as the executor does by itself.
const atOnce = 4

// pretended takes the executor's place in a host: no process, no disk.
type pretended struct {
	*pretence
	ready   chan struct{}
	reports chan executor.Report
	// more wakes a worker that waits for something to do.
	more chan struct{}

	mu    sync.Mutex
	queue []executor.Assignment
	// known are all that it ever took on; nil those that are settled.
	known map[int64]*executor.Pending
}

// Run implements [host.Tasks].
func (t *pretended) Run(ctx context.Context) error {
	close(t.ready)
	var working sync.WaitGroup
	for range atOnce {
		working.Go(func() { t.work(ctx) })
	}
	working.Wait()
	return nil
}

func (t *pretended) work(ctx context.Context) {
	for {
		if a, ok := t.next(); ok {
			if !t.carryOut(ctx, a) {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-t.more:
		}
	}
}

// next takes the oldest from the queue, and wakes another worker if it is not the last.
func (t *pretended) next() (a executor.Assignment, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		return a, false
	}
	a, t.queue = t.queue[0], t.queue[1:]
	if len(t.queue) > 0 {
		t.wake()
	}
	return a, true
}

func (t *pretended) wake() {
	select {
	case t.more <- struct{}{}:
	default:
	}
}

// carryOut says what an attempt would, and false when ctx ends.
func (t *pretended) carryOut(ctx context.Context, a executor.Assignment) bool {
	say := func(state ops.AttemptState, percent int) bool {
		r := executor.Report{Task: a.Task, Attempt: a.Attempt, State: state, Percent: percent}
		if state.Ended() {
			t.end(r)
		}
		select {
		case <-ctx.Done():
			return false
		case t.reports <- r:
			return true
		}
	}
	t.begin(a.Attempt)
	if !say(ops.Running, 0) {
		return false
	}
	for i := range t.percents {
		if !backoff.Sleep(ctx, t.step) || !say(ops.Running, 100*(i+1)/(t.percents+1)) {
			return false
		}
	}
	return backoff.Sleep(ctx, t.step) && say(ops.Succeeded, 100)
}

func (t *pretended) begin(attempt int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[attempt].Waiting = false
}

func (t *pretended) end(r executor.Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[r.Attempt].End = &r
}

// Close implements [host.Tasks].
func (t *pretended) Close() error { return nil }

// Assign implements [host.Tasks].
func (t *pretended) Assign(a executor.Assignment) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.known[a.Attempt]; !known {
		t.known[a.Attempt] = &executor.Pending{Task: a.Task, Attempt: a.Attempt, Waiting: true}
		t.queue = append(t.queue, a)
		t.wake()
	}
	return nil
}

// Cancel implements [host.Tasks]; nobody cancels here.
func (t *pretended) Cancel(string, int64) error { return nil }

// Settled implements [host.Tasks].
func (t *pretended) Acknowledged(_ string, attempt int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[attempt] = nil
	return nil
}

// Knows implements [host.Tasks].
func (t *pretended) Knows(_ string, attempt int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.known[attempt]
	return known
}

// Held implements [host.Tasks].
func (t *pretended) Pending() []executor.Pending {
	t.mu.Lock()
	defer t.mu.Unlock()
	var held []executor.Pending
	for _, h := range t.known {
		if h != nil {
			held = append(held, *h)
		}
	}
	return held
}

// Reports implements [host.Tasks].
func (t *pretended) Reports() <-chan executor.Report { return t.reports }

// Lines implements [host.Tasks]; there are none.
func (t *pretended) Lines() <-chan executor.Batch { return nil }
