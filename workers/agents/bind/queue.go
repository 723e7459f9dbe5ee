package bind

import (
	"sync"
)

// queue hands sites to workers: changes first, then comparisons, which never
// take all workers. It lives under the engine's lock.
//
// Invariants:
//  1. A site is with one worker at a time, and with none while it rests; what
//     comes meanwhile brings it back.
//  2. While the gate is shut nothing is handed out.
type queue struct {
	ready *sync.Cond
	hot   []*site
	cold  []*site
	// coldLimit is how many workers may be busy with comparisons.
	coldLimit int
	coldBusy  int
	busy      int
	open      bool
	closed    bool
}

// put queues a site; hot goes before all that is cold.
func (q *queue) put(s *site, hot bool) {
	if s.working || s.resting {
		s.again = s.again || hot
		return
	}
	if hot {
		q.hot = append(q.hot, s)
	} else if !s.queued {
		q.cold = append(q.cold, s)
	}
	s.queued = true
	q.ready.Signal()
}

// get waits for a site; nil means that the queue was closed.
func (q *queue) get() (s *site, cold bool) {
	for {
		if q.closed {
			return nil, false
		}
		if s, cold := q.next(); s != nil {
			s.queued, s.working = false, true
			q.busy++
			if cold {
				q.coldBusy++
			}
			return s, cold
		}
		q.ready.Wait()
	}
}

// next takes the first site that is still queued: a site may stand in both lists.
func (q *queue) next() (*site, bool) {
	for q.open && len(q.hot) > 0 {
		s := q.hot[0]
		if q.hot = q.hot[1:]; s.queued {
			return s, false
		}
	}
	for q.open && len(q.cold) > 0 && q.coldBusy < q.coldLimit {
		s := q.cold[0]
		if q.cold = q.cold[1:]; s.queued {
			return s, true
		}
	}
	return nil, false
}

// done gives a site back.
func (q *queue) done(s *site, cold bool) {
	s.working = false
	q.busy--
	if cold {
		q.coldBusy--
	}
	if s.again && !s.resting {
		s.again = false
		q.put(s, true)
	}
	q.ready.Broadcast()
}

// rested ends a site's rest.
func (q *queue) rested(s *site) {
	s.resting = false
	if s.again {
		s.again = false
		q.put(s, true)
	}
}

// shut stops handing out and waits until all workers are idle.
func (q *queue) shut() {
	q.open = false
	for q.busy > 0 && !q.closed {
		q.ready.Wait()
	}
}

func (q *queue) unshut() {
	q.open = true
	q.ready.Broadcast()
}

func (q *queue) close() {
	q.closed = true
	q.ready.Broadcast()
}
