package bind

import (
	"errors"
)

// settleSettings takes over the result of establish: err means that named runs
// without the wanted settings, complaint that it has all of them but the main
// configuration. The caller holds the lock.
func (e *Engine) settleSettings(want desiredSettings, complaint, err error) {
	s := &e.state.settings
	s.tried = want.version
	problem := errors.Join(complaint, err)
	if problem != nil {
		e.metrics.failures.Inc()
		if s.failure == nil || s.failure.message != problem.Error() {
			e.log.Warn("named does not run with the configuration of the log", "error", problem)
		}
		s.fail(problem.Error(), e.state.seen)
	} else {
		s.succeed()
	}
	if err == nil {
		s.configured = map[int64]bool{}
		for id := range want.views {
			s.configured[id] = true
		}
		s.secondary = want.peers.secondary
	}
	e.state.frontier.note(&s.pending)
	for _, z := range e.state.inView {
		// A zone with an unapplied position may have been parked, even if by now nothing
		// is to be done for it.
		if z.unapplied() != 0 || !z.proved() || !s.configured[z.key.view] {
			e.queue.put(z, false)
		}
	}
	e.notify()
}

// failSettings reports a failure that keeps named as a whole from working.
func (e *Engine) failSettings(message string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &e.state.settings
	if s.failure == nil || s.failure.message != message {
		e.log.Warn("named does not work", "error", message)
	}
	s.fail(message, e.state.seen)
	e.notify()
}
