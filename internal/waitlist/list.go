package waitlist

import (
	"container/heap"

	"github.com/opsledger/opsledger/domain"
)

// List holds those who wait, for an answer of type A. The zero value is empty.
//
// Invariants:
//  1. Each waiter gets one answer, and is out of the list by then.
//  2. A waiter that has left, or was answered, gets no answer. Leaving again does
//
// nothing.
//  3. Reaching a position answers all who wait for that position or for one
//
// before it, and nobody else.
type List[A any] struct{ waiting lowestFirst[A] }

// Waiter is one place in the list, for a goroutine that waits.
type Waiter[A any] struct {
	position domain.Position
	// answer has room for the one answer.
	answer chan A
	list   *List[A]
	// place is the waiter's index in the list, absent outside of the list.
	place int
}

const absent = -1

// Join lets the caller wait for the position.
func (l *List[A]) Join(position domain.Position) *Waiter[A] {
	w := &Waiter[A]{position: position, answer: make(chan A, 1), list: l}
	heap.Push(&l.waiting, w)
	return w
}

// Len is how many wait.
func (l *List[A]) Len() int { return len(l.waiting) }

// Reach answers those who wait for the position or for one before.
func (l *List[A]) Reach(position domain.Position, answer A) {
	for len(l.waiting) > 0 && l.waiting[0].position <= position {
		heap.Pop(&l.waiting).(*Waiter[A]).answer <- answer
	}
}

// AnswerAll answers all who wait.
func (l *List[A]) AnswerAll(answer A) {
	for _, w := range l.waiting {
		w.place = absent
		w.answer <- answer
	}
	l.waiting = nil
}

// Answer is where the answer comes; it is never closed.
func (w *Waiter[A]) Answer() <-chan A { return w.answer }

// Leave takes the waiter out of the list.
func (w *Waiter[A]) Leave() {
	if w.place != absent {
		heap.Remove(&w.list.waiting, w.place)
	}
}

// lowestFirst implements [heap.Interface]: the one who waits for the lowest
// position comes first.
type lowestFirst[A any] []*Waiter[A]

func (h lowestFirst[A]) Len() int           { return len(h) }
func (h lowestFirst[A]) Less(i, j int) bool { return h[i].position < h[j].position }
func (h lowestFirst[A]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements [heap.Interface].
func (h *lowestFirst[A]) Push(x any) {
	w := x.(*Waiter[A])
	w.place = len(*h)
	*h = append(*h, w)
}

// Pop implements [heap.Interface].
func (h *lowestFirst[A]) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h, w.place = (*h)[:last], absent
	return w
}
