package projections

import (
	"container/heap"

	"github.com/opsledger/opsledger/domain"
)

// waiter is one call of [Progress.Wait].
type waiter struct {
	position domain.Position
	// done has room for the one answer.
	done chan error
	// place is the waiter's index in the heap, -1 outside of it.
	place int
}

// waiterHeap holds waiters, the one with the lowest position first, so that an
// advance touches only those that it wakes.
type waiterHeap []*waiter

func (h *waiterHeap) add(w *waiter) { heap.Push(h, w) }

func (h *waiterHeap) pop() *waiter { return heap.Pop(h).(*waiter) }

// remove takes a waiter out, wherever it is; one that was woken is out already.
func (h *waiterHeap) remove(w *waiter) {
	if w.place >= 0 {
		heap.Remove(h, w.place)
	}
}

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (h waiterHeap) Len() int           { return len(h) }
func (h waiterHeap) Less(i, j int) bool { return h[i].position < h[j].position }
func (h waiterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}
func (h *waiterHeap) Push(x any) {
	w := x.(*waiter)
	w.place = len(*h)
	*h = append(*h, w)
}
func (h *waiterHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h, w.place = (*h)[:last], -1
	return w
}
