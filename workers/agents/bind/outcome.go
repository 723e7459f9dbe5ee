package bind

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// settle takes over what a worker proved. The caller holds the lock.
func (e *Engine) settle(z *zoneInView, j job, o outcome) {
	failed := z.failure != nil
	if j.secondary && o.soa != nil && j.soa != nil && j.soa.Serial != o.soa.Serial {
		e.followed = time.Now()
	}
	e.state.settle(z, j, o, time.Now())
	if failed && z.failure == nil {
		e.log.Info("zone is served as the log says again", "zone", z.key.zone, "view", z.key.view)
	}
	if z.unapplied() != 0 || !z.proved() {
		z.requeue = true
	}
	e.notify()
}

// maxUncertain is how many tries in a row may end uncertainly before the zone is
// reported as failing.
const maxUncertain = 5

// handleFailure decides what follows a job that did not succeed. The caller holds
// the lock.
func (e *Engine) handleFailure(ctx context.Context, z *zoneInView, err error) {
	if ctx.Err() == nil && e.settleDrift(z, err) {
		e.notify()
		return
	}
	z.uncertain++
	var (
		refused *refusal
		rcode   dnsclient.RcodeError
		differs mismatch
	)
	switch definite := errors.As(err, &refused) || errors.As(err, &rcode) || errors.As(err, &differs); {
	case ctx.Err() != nil:
		e.state.postpone(z)
	case errors.Is(err, errReconfigure) && z.uncertain <= maxUncertain:
		e.state.postpone(z)
		e.state.settings.forwardsRemoved++
		e.wakeDriver()
	case errors.Is(err, errStale) && z.uncertain <= maxUncertain:
		e.metrics.drift.Inc()
		e.log.Warn("zone was changed outside the log, comparing it", "zone", z.key.zone, "view", z.key.view, "error", err)
		e.state.postpone(z)
		z.requeue = true
	case definite || z.uncertain > maxUncertain:
		e.reportFailure(z, err)
	default: // named is down, or the connection to it broke
		e.log.Debug("what became of a zone is not known, comparing it", "zone", z.key.zone, "view", z.key.view, "error", err)
		e.state.postpone(z)
		e.wakeDriver()
		e.retry(z, time.Duration(z.uncertain)*100*time.Millisecond)
	}
	e.notify()
}

// reportFailure makes the error part of every report until the zone is served as
// the log says, and tries again after a pause that grows.
func (e *Engine) reportFailure(z *zoneInView, err error) {
	e.metrics.failures.Inc()
	if z.failure == nil || z.failure.message != err.Error() {
		e.log.Warn("zone is not served as the log says", "zone", z.key.zone, "view", z.key.view, "error", err)
	}
	e.state.fail(z, err.Error())
	e.retry(z, pause(z.failure.tries))
}

// pause grows from a quarter of a second to half a minute.
func pause(tries int) time.Duration {
	const longest = 30 * time.Second
	d := min(longest, 125*time.Millisecond<<min(tries, 10))
	return d - rand.N(d/4)
}

// retry queues the zone later.
func (e *Engine) retry(z *zoneInView, after time.Duration) {
	time.AfterFunc(after, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.state.inView[z.key] == z {
			e.queue.put(z, true)
		}
	})
}

// park leaves a zone alone, whose view named does not have, until named's
// configuration has been tried.
func (e *Engine) park(z *zoneInView) {
	_, wanted := e.state.views[z.key.view]
	switch f := e.state.settings.failure; {
	case z.want == nil && !wanted: // its view was deleted, too
		z.begin()
		z.succeed()
		e.state.noteOutcome(z)
		delete(e.state.inView, z.key)
	case f != nil && e.state.settings.version == e.state.settings.tried:
		e.state.fail(z, "the view is not configured: "+f.message)
	default:
		return
	}
	e.notify()
}
