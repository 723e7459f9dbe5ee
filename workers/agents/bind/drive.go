package bind

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// driver looks after named as a whole: its process, its configuration, and what
// must be looked through after it has started. Everything happens in one
// goroutine, one step after the other.
//
// Invariants:
//  1. Workers are let at named only while it runs a configuration of ours, and
//     since it started has loaded its zones and an inventory was taken.
//  2. named is reconfigured only when views, ACLs, the main configuration or the
//     agent's own settings changed, or a forward-only zone went away; never for a
//     change of records or of zones with records.
type driver struct {
	agent *Agent
	named process
	// running is the digest of the configuration that named showed as its server-id.
	running string
	// boot tells one start of named from the next; stock is that of the inventory.
	boot, stock string
	// settled is the version of the settings that was last tried, at lastTry.
	settled int
	lastTry time.Time
}

const (
	// healthEvery is the pause between looks at a named that is well.
	healthEvery = 2 * time.Second
	// troubleEvery is the pause when something is wrong.
	troubleEvery = 250 * time.Millisecond
	// renewEvery is the least pause between reconfigurations for forward-only zones
	// that went, so that many of them share one.
	renewEvery = 200 * time.Millisecond
	// settingsRetry is the pause before a configuration that failed is tried again unchanged.
	settingsRetry = 20 * time.Second
)

func (d *driver) run(ctx context.Context) error {
	a := d.agent
	defer func() {
		if err := d.named.stop(); err != nil {
			a.log.Warn("named did not stop by itself", "error", err)
		}
	}()
	if a.cfg.Supervise {
		if err := d.named.takeOver(ctx, a); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		pause := healthEvery
		if err := d.step(ctx); err != nil && ctx.Err() == nil {
			pause = troubleEvery
			a.log.Debug("named needs attention", "error", err)
		} else if a.renewalDue() {
			pause = renewEvery
		}
		d.wait(ctx, pause)
	}
	return nil
}

func (d *driver) wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.agent.attention:
	case <-d.named.done():
		d.away()
	case <-timer.C:
	}
}

// step brings process, configuration and inventory up to date, as far as possible now.
func (d *driver) step(ctx context.Context) error {
	a := d.agent
	if a.cfg.Supervise {
		if err := d.named.keepRunning(ctx, a); err != nil {
			d.away()
			if ctx.Err() == nil { // else it was interrupted
				a.failSettings(err.Error())
			}
			return err
		}
	}
	if err := d.configure(ctx); err != nil {
		return err
	}
	if err := d.meet(ctx); err != nil {
		d.away()
		return err
	}
	return d.takeStock(ctx)
}

// away notes that named does not answer.
func (d *driver) away() {
	d.running, d.boot = "", ""
	a := d.agent
	a.rndc.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue.open = false
	if a.version != "" {
		a.version = ""
		a.notify()
	}
}

// meet asks named for its state, which tells a restart and its version.
func (d *driver) meet(ctx context.Context) error {
	a := d.agent
	text, err := a.control(ctx, "status")
	if err != nil {
		return err
	}
	status := parseStatus(text)
	boot := fmt.Sprintf("%s %d", status["boot time"], d.named.pid())
	if d.boot != boot {
		running, err := a.serverID(ctx)
		if err != nil {
			return err // it is not met before it answers there, too
		}
		d.boot, d.running = boot, running
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if version := status["version"]; a.version != version {
		a.version = version
		a.notify()
	}
	return nil
}

// takeStock takes an inventory after each start of named and then lets the workers at it.
func (d *driver) takeStock(ctx context.Context) error {
	a := d.agent
	a.mu.Lock()
	ready := a.loaded && a.ledger.settings.tried > 0
	same := d.stock == d.boot
	if ready && same && !a.queue.open {
		a.queue.unshut()
	}
	if !ready || same {
		a.mu.Unlock()
		return nil
	}
	a.queue.shut()
	a.mu.Unlock()
	if err := a.awaitLoaded(ctx); err != nil {
		return err
	}
	if err := a.takeInventory(ctx); err != nil {
		if ctx.Err() == nil {
			a.failSettings(err.Error())
		}
		return err
	}
	d.stock = d.boot
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue.unshut()
	return nil
}

// awaitLoaded waits until named has loaded its zones. It answers before, with
// SERVFAIL for those that it has not come to: they would seem to be broken.
func (a *Agent) awaitLoaded(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := a.control(ctx, "status")
		if err != nil || !strings.Contains(text, "reload/reconfig in progress") {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// configure brings named to the configuration of the log, or the last good one.
func (d *driver) configure(ctx context.Context) error {
	a := d.agent
	a.mu.Lock()
	s := &a.ledger.settings
	since := time.Since(d.lastTry)
	due := a.loaded && (s.version != d.settled || s.spent != s.renewed && since > renewEvery ||
		d.running == "" && (s.failure == nil || since > time.Second) || s.failure != nil && since > settingsRetry)
	if !due {
		a.mu.Unlock()
		return nil
	}
	want := a.desiredSettings()
	s.begin()
	a.ledger.frontier.note(&s.pending)
	a.mu.Unlock()

	d.lastTry = time.Now()
	complaint, err := d.establish(ctx, want)
	if err == nil && complaint == nil {
		d.settled = want.version
	}
	if err == nil {
		a.dropDatabases(want.views)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && (ctx.Err() != nil || !isDefinite(err)) {
		s.postpone()
		a.ledger.frontier.note(&s.pending)
		return err
	}
	d.settled = want.version
	a.settleSettings(want, complaint, err)
	return err
}

// renewalDue says whether a forward-only zone went that named still forwards.
func (a *Agent) renewalDue() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ledger.settings.spent != a.ledger.settings.renewed
}

// isDefinite says whether trying again at once is of no use.
func isDefinite(err error) bool {
	_, refused := errors.AsType[*refusal](err)
	return refused
}
