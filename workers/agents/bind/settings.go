package bind

import (
	"errors"
)

// settleSettings takes over the result of an attempt: err when named has none of
// what was wanted, complaint when it has all but the main configuration. Needs the lock.
func (a *Agent) settleSettings(want desiredSettings, complaint, err error) {
	s := &a.ledger.settings
	s.tried = want.version
	problem := errors.Join(complaint, err)
	if problem != nil {
		a.metrics.failures.Inc()
		if s.failure == nil || s.failure.message != problem.Error() {
			a.log.Warn("named does not run with the configuration of the log", "error", problem)
		}
		s.fail(problem.Error(), a.ledger.seen)
	} else {
		s.succeed()
	}
	if err == nil {
		s.live = map[int64]bool{}
		for id := range want.views {
			s.live[id] = true
		}
	}
	a.ledger.frontier.note(&s.pending)
	for _, site := range a.ledger.sites {
		// One that owes was perhaps parked, though nothing is to be done there any more.
		if site.owes() != 0 || !site.proved() || !s.live[site.key.view] {
			a.queue.put(site, false)
		}
	}
	a.notify()
}

// failSettings reports what keeps named as a whole from working.
func (a *Agent) failSettings(message string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &a.ledger.settings
	if s.failure == nil || s.failure.message != message {
		a.log.Warn("named does not work", "error", message)
	}
	s.fail(message, a.ledger.seen)
	a.notify()
}
