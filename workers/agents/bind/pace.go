package bind

import "time"

// A zone that changes without pause would get an update for every few changes.
// named syncs its journal twice for each, the engine reads each back, and neither
// would come to anything else. So a zone that is dirty again whenever a job on it
// ends rests before the next job, in proportion to the time that the job took:
// changes gather meanwhile and travel in one message. A client that waits for each
// change before it makes the next is never held up, nor is the second of two
// changes made at the same time.
const (
	// restShare is how many times longer than its last job a zone rests.
	restShare = 3
	// restMin and restMax bound the rest.
	restMin = 5 * time.Millisecond
	restMax = 50 * time.Millisecond
	// restAfter is how many more jobs must have ended dirty than clean before a zone
	// rests. longestStreak bounds the count, so that as many clean ends stop the rests.
	restAfter     = 2
	longestStreak = 4
)

// pace is how long the zone must rest after a job that took so long, 0 for not at
// all. It is called once for each job, before the zone is given back to the queue.
func (z *zoneInView) pace(took time.Duration) time.Duration {
	if z.requeue {
		z.streak = min(z.streak+1, longestStreak)
	} else {
		z.streak = max(z.streak-1, 0)
	}
	if z.streak < restAfter || z.uncertain > 0 {
		return 0
	}
	return min(max(restShare*took, restMin), restMax)
}

// rest keeps the zone out of the queue for a while. The caller holds the lock.
func (e *Engine) rest(z *zoneInView, pause time.Duration) {
	z.resting = true
	time.AfterFunc(pause, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.queue.endRest(z)
	})
}
