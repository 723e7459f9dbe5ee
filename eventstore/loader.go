package eventstore

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// maxLoaders is the number of combined reads that run at once.
	maxLoaders = 4
	// maxLoads is the number of Loads in one combined read.
	maxLoads = 128
	// maxItems is the number of their items. A Load that has more, such as that of a
	// batch of operations, is read alone, so that no other Load waits for its items.
	maxItems = 2048
)

// load is what one History.Load wants from the database, and what it got.
type load struct {
	// lookup is a command that may have been carried out before, nil for none.
	lookup *uuid.UUID
	// missing says how many ids to draw from which sequences.
	missing map[domain.Sequence]int
	// items are the events to read.
	items []wanted

	done chan struct{}
	// After done: the head, which was read before all else, and for each item its events.
	head   domain.Position
	stored *storedCommand
	ids    map[domain.Sequence][]int64
	tails  [][]protocol.Envelope
	err    error
}

// wanted are the events with a tag and, unless empty, of certain types after a
// position. Equal ones of several loads are read once.
type wanted struct {
	tag   domain.Tag
	types string // see typeList
	after domain.Position
}

// loader combines the Loads of concurrent decisions into few reads, as the
// writer combines their appends. No Load waits for others to come: when one of the
// combined reads is free, it begins at once.
type loader struct {
	// read runs one combined read.
	read func([]*load) error

	mu      sync.Mutex
	waiting []*load
	running int
}

// do reads what l wants. When ctx ends first, l must not be touched again.
func (r *loader) do(ctx context.Context, l *load) error {
	l.done = make(chan struct{})
	r.mu.Lock()
	r.waiting = append(r.waiting, l)
	if r.running < maxLoaders {
		r.running++
		go r.readWaiting()
	}
	r.mu.Unlock()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readWaiting reads until no Load waits.
func (r *loader) readWaiting() {
	for batch := r.take(); len(batch) > 0; batch = r.take() {
		err := r.read(batch)
		for _, l := range batch {
			l.err = err
			close(l.done)
		}
	}
}

// take returns the next batch; an empty one ends the caller's turn as a loader.
func (r *loader) take() []*load {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, items := 0, 0
	for n < min(len(r.waiting), maxLoads) {
		if items += len(r.waiting[n].items); n > 0 && items > maxItems {
			break
		}
		n++
	}
	if n == 0 {
		r.running--
		return nil
	}
	batch := slices.Clone(r.waiting[:n])
	r.waiting = slices.Delete(r.waiting, 0, n)
	return batch
}
