package eventstore

import (
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// relayQueueLimit bounds the events that wait in memory; at 512 KiB of data per
// event, the bytes are bounded too.
const (
	relayQueueLimit = 20_000
	relayQueueBytes = 64 << 20
)

// relayQueue hands a process's commits to its relay. When the relay falls
// behind, the queue forgets and says so; Postgres has everything.
type relayQueue struct {
	// signal is sent to when there may be news.
	signal chan struct{}

	mu     sync.Mutex
	events []protocol.Envelope
	bytes  int
	lost   bool
}

func newRelayQueue() *relayQueue { return &relayQueue{signal: make(chan struct{}, 1)} }

// put appends a committed batch, which follows all batches before it.
func (q *relayQueue) put(events []protocol.Envelope) {
	q.mu.Lock()
	for _, e := range events {
		q.bytes += len(e.Data)
	}
	q.events = append(q.events, events...)
	if len(q.events) > relayQueueLimit || q.bytes > relayQueueBytes {
		q.events, q.bytes, q.lost = nil, 0, true
	}
	q.mu.Unlock()
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// takeFrom removes everything and returns what is at the position and behind it.
func (q *relayQueue) takeFrom(position domain.Position) []protocol.Envelope {
	q.mu.Lock()
	events := q.events
	q.events, q.bytes = nil, 0
	q.mu.Unlock()
	for len(events) > 0 && events[0].Position < position {
		events = events[1:]
	}
	return events
}

// waiting tells whether there is something to take.
func (q *relayQueue) waiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events) > 0
}

// overflowed tells whether events were forgotten since the last call.
func (q *relayQueue) overflowed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := q.lost
	q.lost = false
	return lost
}
