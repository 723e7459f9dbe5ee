package bind

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// settle takes over what a worker proved. Needs the lock.
func (a *Agent) settle(s *site, j job, o outcome) {
	failed := s.failure != nil
	a.ledger.settle(s, j, o, time.Now())
	if failed && s.failure == nil {
		a.log.Info("zone is served as the log says again", "zone", s.key.zone, "view", s.key.view)
	}
	if s.owes() != 0 || !s.proved() {
		s.again = true
	}
	a.notify()
}

// maxTrouble is how often in a row something uncertain may happen before it is reported as a failure.
const maxTrouble = 5

// setback decides what follows an attempt that did not succeed. Needs the lock.
func (a *Agent) setback(ctx context.Context, s *site, err error) {
	s.trouble++
	var (
		refused *refusal
		rcode   dnsclient.RcodeError
		differs mismatch
	)
	switch definite := errors.As(err, &refused) || errors.As(err, &rcode) || errors.As(err, &differs); {
	case ctx.Err() != nil:
		a.ledger.postpone(s)
	case errors.Is(err, errReconfigure) && s.trouble <= maxTrouble:
		a.ledger.postpone(s)
		a.ledger.settings.spent++
		a.call()
	case errors.Is(err, errStale) && s.trouble <= maxTrouble:
		a.metrics.drift.Inc()
		a.log.Warn("zone was changed outside the log, comparing it", "zone", s.key.zone, "view", s.key.view, "error", err)
		a.ledger.postpone(s)
		s.again = true
	case definite || s.trouble > maxTrouble:
		a.report(s, err)
	default: // named is away, or its connection broke
		a.ledger.postpone(s)
		a.call()
		a.retry(s, time.Duration(s.trouble)*100*time.Millisecond)
	}
	a.notify()
}

// report makes the error part of every report until the site is served as the
// log says, and tries again after a pause that grows.
func (a *Agent) report(s *site, err error) {
	a.metrics.failures.Inc()
	if s.failure == nil || s.failure.message != err.Error() {
		a.log.Warn("zone is not served as the log says", "zone", s.key.zone, "view", s.key.view, "error", err)
	}
	a.ledger.fail(s, err.Error())
	a.retry(s, pause(s.failure.attempts))
}

// pause grows from a quarter of a second to half a minute.
func pause(attempts int) time.Duration {
	const longest = 30 * time.Second
	d := min(longest, 125*time.Millisecond<<min(attempts, 10))
	return d - rand.N(d/4)
}

// retry queues the site later.
func (a *Agent) retry(s *site, after time.Duration) {
	time.AfterFunc(after, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.ledger.sites[s.key] == s {
			a.queue.put(s, true)
		}
	})
}

// park leaves a site whose view named does not have until the configuration is settled.
func (a *Agent) park(s *site) {
	_, wanted := a.ledger.views[s.key.view]
	switch f := a.ledger.settings.failure; {
	case s.want == nil && !wanted: // it went with its view
		s.begin()
		s.succeed()
		a.ledger.afterwards(s)
		delete(a.ledger.sites, s.key)
	case f != nil && a.ledger.settings.version == a.ledger.settings.tried:
		a.ledger.fail(s, "the view is not configured: "+f.message)
	default:
		return
	}
	a.notify()
}
