package bind

import (
	"errors"
)

// settleSettings takes over the result of an attempt: err when named has none of
// what was wanted, complaint when it has all but the main configuration. Needs the lock.
func (e *Engine) settleSettings(want desiredSettings, complaint, err error) {
	s := &e.ledger.settings
	s.tried = want.version
	problem := errors.Join(complaint, err)
	if problem != nil {
		e.metrics.failures.Inc()
		if s.failure == nil || s.failure.message != problem.Error() {
			e.log.Warn("named does not run with the configuration of the log", "error", problem)
		}
		s.fail(problem.Error(), e.ledger.seen)
	} else {
		s.succeed()
	}
	if err == nil {
		s.live = map[int64]bool{}
		for id := range want.views {
			s.live[id] = true
		}
	}
	e.ledger.frontier.note(&s.pending)
	for _, site := range e.ledger.sites {
		// One that owes was perhaps parked, though nothing is to be done there any more.
		if site.owes() != 0 || !site.proved() || !s.live[site.key.view] {
			e.queue.put(site, false)
		}
	}
	e.notify()
}

// failSettings reports what keeps named as a whole from working.
func (e *Engine) failSettings(message string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &e.ledger.settings
	if s.failure == nil || s.failure.message != message {
		e.log.Warn("named does not work", "error", message)
	}
	s.fail(message, e.ledger.seen)
	e.notify()
}
