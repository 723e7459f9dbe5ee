package bind

import (
	"sync"
)

// queue hands zones to workers: zones with changes first, then those that only
// have to be compared, which never take all workers. The engine's lock guards the
// queue.
//
// Invariants:
//  1. A zone is with one worker at a time, and with none while it rests; a change
//     that comes meanwhile queues it again afterwards.
//  2. While the queue is not open, nothing is handed out.
type queue struct {
	ready      *sync.Cond
	urgent     []*zoneInView
	background []*zoneInView
	// backgroundLimit is how many workers may be busy with comparisons.
	backgroundLimit int
	backgroundBusy  int
	busy            int
	open            bool
	closed          bool
}

// put queues a zone; urgent ones go before all others.
func (q *queue) put(z *zoneInView, urgent bool) {
	if z.working || z.resting {
		z.requeue = z.requeue || urgent
		return
	}
	if urgent {
		q.urgent = append(q.urgent, z)
	} else if !z.queued {
		q.background = append(q.background, z)
	}
	z.queued = true
	q.ready.Signal()
}

// get waits for a zone; nil means that the queue was closed. background says that
// the zone only has to be compared.
func (q *queue) get() (z *zoneInView, background bool) {
	for {
		if q.closed {
			return nil, false
		}
		if z, background := q.next(); z != nil {
			z.queued, z.working = false, true
			q.busy++
			if background {
				q.backgroundBusy++
			}
			return z, background
		}
		q.ready.Wait()
	}
}

// next takes the first zone that is still queued: a zone may be in both lists.
func (q *queue) next() (*zoneInView, bool) {
	for q.open && len(q.urgent) > 0 {
		z := q.urgent[0]
		if q.urgent = q.urgent[1:]; z.queued {
			return z, false
		}
	}
	for q.open && len(q.background) > 0 && q.backgroundBusy < q.backgroundLimit {
		z := q.background[0]
		if q.background = q.background[1:]; z.queued {
			return z, true
		}
	}
	return nil, false
}

// done takes a zone back from its worker.
func (q *queue) done(z *zoneInView, background bool) {
	z.working = false
	q.busy--
	if background {
		q.backgroundBusy--
	}
	if z.requeue && !z.resting {
		z.requeue = false
		q.put(z, true)
	}
	q.ready.Broadcast()
}

// endRest ends a zone's rest.
func (q *queue) endRest(z *zoneInView) {
	z.resting = false
	if z.requeue {
		z.requeue = false
		q.put(z, true)
	}
}

// pause stops handing out zones and waits until all workers are idle.
func (q *queue) pause() {
	q.open = false
	for q.busy > 0 && !q.closed {
		q.ready.Wait()
	}
}

func (q *queue) resume() {
	q.open = true
	q.ready.Broadcast()
}

func (q *queue) close() {
	q.closed = true
	q.ready.Broadcast()
}
