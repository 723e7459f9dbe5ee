package eventstore

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// The bounds of one commit. More would hold the head, and everybody, for too long.
const (
	maxBatchCommands = 1024
	maxBatchEvents   = protocol.MaxChange
	maxBatchBytes    = 32 << 20
)

// entry is one decision on its way through the writer.
type entry struct {
	commandID uuid.UUID
	// keyed: the command's id came from outside and is kept in cache.commands.
	keyed       bool
	fingerprint []byte
	refusal     *Refusal // then there are neither conditions nor events
	warnings    []domain.Warning
	conditions  []condition
	// events lack what the head decides: positions, prev and recorded_at.
	events []protocol.Envelope
	// tags are the events' rows in the tag index, positions counted from 1.
	tags  []tagRow
	bytes int
	since time.Time
	// foreign: the entry came from another process, in a term of this writer.
	foreign bool
	term    uint64
	// doubt is set once the entry was handed over and no answer came: it may have been appended
	// behind that position.
	doubt *domain.Position
	state atomic.Int32
	done  chan answer // has room for the one answer
}

// The states of an entry. It stops waiting once: the writer takes it, or its caller
// abandons it.
const (
	entryWaiting int32 = iota
	entryTaken
	entryAbandoned
)

// index makes the rows of the entry's events in the tag index.
func (e *entry) index() error {
	e.tags = make([]tagRow, 0, 4*len(e.events))
	for i := range e.events {
		before := len(e.tags)
		e.tags = appendTagRows(e.tags, &e.events[i], domain.Position(i+1))
		if err := checkRows(&e.events[i], e.tags[before:]); err != nil {
			return err
		}
	}
	return nil
}

// abandon takes the entry back; false means that the writer has it already.
func (e *entry) abandon() bool { return e.state.CompareAndSwap(entryWaiting, entryAbandoned) }

// condition lets an append fail when the log has, after the position, an event
// with the tag and one of the types (none means any).
type condition struct {
	tag   domain.Tag
	types *typeSet
	after domain.Position
	// hash stands for the tag in the tag index.
	hash int64
}

// answer is what the writer tells about an entry.
type answer struct {
	events []protocol.Envelope
	stored *storedCommand // the command had been carried out before
	// term is the writer's where err is errTermOver, 0 if it has none.
	term uint64
	err  error
}

// mailbox holds the decisions that wait for the writer.
type mailbox struct {
	// wake tells the writer, sometimes in vain, that entries wait.
	wake chan struct{} // has room for one

	mu      sync.Mutex
	waiting []*entry
	closed  bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// call wakes the writer.
func (m *mailbox) call() {
	select {
	case m.wake <- struct{}{}:
	default: // a wake-up is pending already
	}
}

// put hands an entry to the writer; false means that there is none any more.
func (m *mailbox) put(e *entry) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.waiting = append(m.waiting, e)
	m.call()
	return true
}

// take returns the entries that fit into one commit, in the order of arrival.
func (m *mailbox) take() []*entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var (
		batch         []*entry
		n             int
		events, bytes int
	)
	for ; n < len(m.waiting) && len(batch) < maxBatchCommands; n++ {
		e := m.waiting[n]
		if len(batch) > 0 && (events+len(e.events) > maxBatchEvents || bytes+e.bytes > maxBatchBytes) {
			break
		}
		if !e.state.CompareAndSwap(entryWaiting, entryTaken) {
			continue
		}
		batch, events, bytes = append(batch, e), events+len(e.events), bytes+e.bytes
	}
	if m.waiting = m.waiting[n:]; len(m.waiting) == 0 {
		m.waiting = nil
	} else {
		m.call()
	}
	return batch
}

// close refuses new entries. Those that wait stay for take.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}
