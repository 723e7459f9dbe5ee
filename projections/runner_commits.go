package projections

import (
	"context"
	"sync"
	"time"

	"github.com/opsledger/opsledger/protocol"
)

const (
	// commitsLimit bounds the events that wait for the runner in memory. What is
	// forgotten is a gap in the positions, which is filled from Postgres.
	commitsLimit = 20_000
	// foreignLinger is how long the stream is followed after an event of another
	// process was seen.
	foreignLinger = time.Minute
)

// commits hands a process's own commits to its runner, as the relay has them: the
// same envelopes as JetStream will deliver, without the way there and back. It is
// for speed, not for truth: the runner checks positions.
type commits struct {
	// signal is sent to when there may be news.
	signal chan struct{}

	mu      sync.Mutex
	open    bool
	batches [][]protocol.Envelope
	events  int
}

func newCommits() *commits { return &commits{signal: make(chan struct{}, 1)} }

// put takes a committed batch, in the order of the log. It is called by the
// store's writer and neither blocks nor keeps anything while nobody leads.
func (c *commits) put(batch []protocol.Envelope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return
	}
	if c.events += len(batch); c.events > commitsLimit && len(c.batches) > 0 {
		c.batches, c.events = nil, len(batch)
	}
	c.batches = append(c.batches, batch)
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

// take removes everything.
func (c *commits) take() [][]protocol.Envelope {
	c.mu.Lock()
	defer c.mu.Unlock()
	batches := c.batches
	c.batches, c.events = nil, 0
	return batches
}

// listen opens and closes the way.
func (c *commits) listen(open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open, c.batches, c.events = open, nil, 0
}

// takeCommits applies what this process has committed. A gap before it was left
// by another process, or by a batch whose outcome was not known.
func (l *leadership) takeCommits(ctx context.Context) error {
	b := batch{to: l.applied}
	for _, events := range l.commits.take() {
		for i := range events {
			switch e := &events[i]; {
			case e.Position <= b.to:
				if e.Position == l.unclaimed {
					l.unclaimed = 0
				}
				continue
			case e.Position > b.to+1:
				if err := l.apply(ctx, b); err != nil {
					return err
				}
				l.foreign = time.Now()
				return l.catchUp(ctx)
			case b.events == nil && e.Context == l.context:
				b.events = make([]protocol.Envelope, 0, min(len(events)-i, batchEvents))
				fallthrough
			default:
				b.pass(e, l.context)
			}
			if b.full() {
				if err := l.apply(ctx, b); err != nil {
					return err
				}
				b = batch{to: l.applied}
			}
		}
	}
	return l.apply(ctx, b)
}

// follow has the stream followed while other processes append, too. What comes
// first from another process after a while is found in Postgres.
func (l *leadership) follow(ctx context.Context) {
	switch abroad := !l.foreign.IsZero() && time.Since(l.foreign) < foreignLinger; {
	case abroad && l.tail == nil:
		l.tail = startTail(ctx, l.JS, l.Store.LogID(), l.applied, l.Log)
	case !abroad && l.tail != nil:
		l.tail.stop()
		l.tail = nil
	}
}

// delivered is where the stream's messages come from; nil while it is not followed.
func (l *leadership) delivered() <-chan tailMessage {
	if l.tail == nil {
		return nil
	}
	return l.tail.messages
}
