package bind

import "time"

// A zone that changes without pause would get an update for every few changes,
// each with two syncs of named's and a reading back, and named would be busy with
// nothing else. So a site that keeps being dirty again at the end of its work
// rests before the next, in proportion to what the work took: changes gather
// meanwhile and travel together. Who waits for one change before making the next
// is never held up, nor is the second of two at the same time.
const (
	// restShare is how many times longer than its work a site rests.
	restShare = 3
	// restMin and restMax bound the rest.
	restMin = 5 * time.Millisecond
	restMax = 50 * time.Millisecond
	// crowdedAt is how many more works must have ended dirty than clean, and
	// crowdedMost how many count: as many clean ones end the rests.
	crowdedAt   = 2
	crowdedMost = 4
)

// pace is how long the site must rest after work that took so long, 0 for not at
// all. It is called once for each work, before the site is given back.
func (s *site) pace(took time.Duration) time.Duration {
	if s.again {
		s.crowded = min(s.crowded+1, crowdedMost)
	} else {
		s.crowded = max(s.crowded-1, 0)
	}
	if s.crowded < crowdedAt || s.trouble > 0 {
		return 0
	}
	return min(max(restShare*took, restMin), restMax)
}

// rest keeps the site out of the queue for a while. Needs the lock.
func (e *Engine) rest(s *site, pause time.Duration) {
	s.resting = true
	time.AfterFunc(pause, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.queue.rested(s)
	})
}
