package projections

import (
	"sort"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// batch is a part of the log without a gap, from what is applied on.
//
// Invariants:
//  1. Only whole changes of it are applied: their events are events[:whole], and each of
//     their ends is in ends. The rest is thrown away, and read again.
//  2. It is full at a change's end alone.
type batch struct {
	// events are the context's events in it.
	events []protocol.Envelope
	// to is the position that it has come to.
	to domain.Position
	// ends are the positions of the last events of its changes.
	ends  []domain.Position
	whole int
	bytes int
}

// pass goes on to the next event, and takes it if it is of the context.
func (b *batch) pass(e *protocol.Envelope, own domain.Context) {
	if e.Context == own {
		b.events = append(b.events, *e)
		b.bytes += len(e.Data)
	}
	b.to = e.Position
	if e.More == 0 {
		b.ends, b.whole = append(b.ends, e.Position), len(b.events)
	}
}

// inside tells whether the batch ends inside a change.
func (b *batch) inside() bool {
	return len(b.events) > b.whole || len(b.ends) > 0 && b.ends[len(b.ends)-1] < b.to
}

func (b *batch) full() bool {
	return (len(b.events) >= batchEvents || b.bytes >= batchBytes) && !b.inside()
}

// endBefore is the last change's end before the position, 0 if there is none.
func (b *batch) endBefore(p domain.Position) domain.Position {
	i := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] >= p })
	if i == 0 {
		return 0
	}
	return b.ends[i-1]
}
