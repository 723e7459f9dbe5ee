package bind

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// settle takes over what a worker proved. Needs the lock.
func (e *Engine) settle(s *site, j job, o outcome) {
	failed := s.failure != nil
	e.ledger.settle(s, j, o, time.Now())
	if failed && s.failure == nil {
		e.log.Info("zone is served as the log says again", "zone", s.key.zone, "view", s.key.view)
	}
	if s.owes() != 0 || !s.proved() {
		s.again = true
	}
	e.notify()
}

// maxTrouble is how often in a row something uncertain may happen before it is reported as a failure.
const maxTrouble = 5

// setback decides what follows an attempt that did not succeed. Needs the lock.
func (e *Engine) setback(ctx context.Context, s *site, err error) {
	s.trouble++
	var (
		refused *refusal
		rcode   dnsclient.RcodeError
		differs mismatch
	)
	switch definite := errors.As(err, &refused) || errors.As(err, &rcode) || errors.As(err, &differs); {
	case ctx.Err() != nil:
		e.ledger.postpone(s)
	case errors.Is(err, errReconfigure) && s.trouble <= maxTrouble:
		e.ledger.postpone(s)
		e.ledger.settings.spent++
		e.call()
	case errors.Is(err, errStale) && s.trouble <= maxTrouble:
		e.metrics.drift.Inc()
		e.log.Warn("zone was changed outside the log, comparing it", "zone", s.key.zone, "view", s.key.view, "error", err)
		e.ledger.postpone(s)
		s.again = true
	case definite || s.trouble > maxTrouble:
		e.report(s, err)
	default: // named is away, or its connection broke
		e.ledger.postpone(s)
		e.call()
		e.retry(s, time.Duration(s.trouble)*100*time.Millisecond)
	}
	e.notify()
}

// report makes the error part of every report until the site is served as the
// log says, and tries again after a pause that grows.
func (e *Engine) report(s *site, err error) {
	e.metrics.failures.Inc()
	if s.failure == nil || s.failure.message != err.Error() {
		e.log.Warn("zone is not served as the log says", "zone", s.key.zone, "view", s.key.view, "error", err)
	}
	e.ledger.fail(s, err.Error())
	e.retry(s, pause(s.failure.attempts))
}

// pause grows from a quarter of a second to half a minute.
func pause(attempts int) time.Duration {
	const longest = 30 * time.Second
	d := min(longest, 125*time.Millisecond<<min(attempts, 10))
	return d - rand.N(d/4)
}

// retry queues the site later.
func (e *Engine) retry(s *site, after time.Duration) {
	time.AfterFunc(after, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.ledger.sites[s.key] == s {
			e.queue.put(s, true)
		}
	})
}

// park leaves a site whose view named does not have until the configuration is settled.
func (e *Engine) park(s *site) {
	_, wanted := e.ledger.views[s.key.view]
	switch f := e.ledger.settings.failure; {
	case s.want == nil && !wanted: // it went with its view
		s.begin()
		s.succeed()
		e.ledger.afterwards(s)
		delete(e.ledger.sites, s.key)
	case f != nil && e.ledger.settings.version == e.ledger.settings.tried:
		e.ledger.fail(s, "the view is not configured: "+f.message)
	default:
		return
	}
	e.notify()
}
