package reporter

import (
	"container/heap"

	"github.com/opsledger/opsledger/domain"
)

// waiters are the callers that wait for a change. Those that wait for agents to
// get there lie in a heap by position, so that a report touches only those that
// it may satisfy, however many wait; those that a failure holds up lie aside.
type waiters struct {
	ahead waiterHeap
	held  map[*waiter]struct{}
}

// waiter is one caller. wake is closed when it is to look again; by then it is out.
type waiter struct {
	position domain.Position
	wake     chan struct{}
	// place is the index in the heap, -1 outside of it.
	place int
}

// add lets a caller wait for the position: held up by a failure, or until all
// agents get there.
func (w *waiters) add(position domain.Position, held bool) *waiter {
	one := &waiter{position: position, wake: make(chan struct{}), place: -1}
	if !held {
		heap.Push(&w.ahead, one)
		return one
	}
	if w.held == nil {
		w.held = map[*waiter]struct{}{}
	}
	w.held[one] = struct{}{}
	return one
}

// remove takes a waiter out, if it is still in.
func (w *waiters) remove(one *waiter) {
	if one.place >= 0 {
		heap.Remove(&w.ahead, one.place)
	}
	delete(w.held, one)
}

// reached wakes those that wait for the position or one before.
func (w *waiters) reached(position domain.Position) {
	for len(w.ahead) > 0 && w.ahead[0].position <= position {
		close(heap.Pop(&w.ahead).(*waiter).wake)
	}
}

// heldUp wakes those that a failure holds up.
func (w *waiters) heldUp() {
	for one := range w.held {
		close(one.wake)
	}
	clear(w.held)
}

// everyone wakes all waiters.
func (w *waiters) everyone() {
	for _, one := range w.ahead {
		one.place = -1
		close(one.wake)
	}
	w.ahead = nil
	w.heldUp()
}

// waiterHeap implements [heap.Interface], the lowest position first.
type waiterHeap []*waiter

func (h waiterHeap) Len() int           { return len(h) }
func (h waiterHeap) Less(i, j int) bool { return h[i].position < h[j].position }
func (h waiterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements [heap.Interface].
func (h *waiterHeap) Push(x any) {
	one := x.(*waiter)
	one.place = len(*h)
	*h = append(*h, one)
}

// Pop implements [heap.Interface].
func (h *waiterHeap) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	(*h)[last] = nil
	*h, one.place = (*h)[:last], -1
	return one
}
