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
	engine *Engine
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
	e := d.engine
	defer func() {
		if err := d.named.stop(); err != nil {
			e.log.Warn("named did not stop by itself", "error", err)
		}
	}()
	if e.cfg.Supervise {
		if err := d.named.takeOver(ctx, e); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		pause := healthEvery
		if err := d.step(ctx); err != nil && ctx.Err() == nil {
			pause = troubleEvery
			e.log.Debug("named needs attention", "error", err)
		} else if e.renewalDue() {
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
	case <-d.engine.attention:
	case <-d.named.done():
		d.away()
	case <-timer.C:
	}
}

// step brings process, configuration and inventory up to date, as far as possible now.
func (d *driver) step(ctx context.Context) error {
	e := d.engine
	if e.cfg.Supervise {
		if err := d.named.keepRunning(ctx, e); err != nil {
			d.away()
			if ctx.Err() == nil { // else it was interrupted
				e.failSettings(err.Error())
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
	e := d.engine
	e.rndc.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.open = false
	if e.version != "" {
		e.version = ""
		e.notify()
	}
}

// meet asks named for its state, which tells a restart and its version.
func (d *driver) meet(ctx context.Context) error {
	e := d.engine
	text, err := e.control(ctx, "status")
	if err != nil {
		return err
	}
	status := parseStatus(text)
	boot := fmt.Sprintf("%s %d", status["boot time"], d.named.pid())
	if d.boot != boot {
		running, err := e.serverID(ctx)
		if err != nil {
			return err // it is not met before it answers there, too
		}
		d.boot, d.running = boot, running
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if version := status["version"]; e.version != version {
		e.version = version
		e.notify()
	}
	return nil
}

// takeStock takes an inventory after each start of named and then lets the workers at it.
func (d *driver) takeStock(ctx context.Context) error {
	e := d.engine
	e.mu.Lock()
	ready := e.loaded && e.ledger.settings.tried > 0
	same := d.stock == d.boot
	if ready && same && !e.queue.open {
		e.queue.unshut()
	}
	if !ready || same {
		e.mu.Unlock()
		return nil
	}
	e.queue.shut()
	e.mu.Unlock()
	if err := e.awaitLoaded(ctx); err != nil {
		return err
	}
	if err := e.takeInventory(ctx); err != nil {
		if ctx.Err() == nil {
			e.failSettings(err.Error())
		}
		return err
	}
	d.stock = d.boot
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.unshut()
	return nil
}

// awaitLoaded waits until named has loaded its zones. It answers before, with
// SERVFAIL for those that it has not come to: they would seem to be broken.
func (e *Engine) awaitLoaded(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := e.control(ctx, "status")
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
	e := d.engine
	e.mu.Lock()
	s := &e.ledger.settings
	since := time.Since(d.lastTry)
	due := e.loaded && (s.version != d.settled || s.spent != s.renewed && since > renewEvery ||
		d.running == "" && (s.failure == nil || since > time.Second) || s.failure != nil && since > settingsRetry)
	if !due {
		e.mu.Unlock()
		return nil
	}
	want := e.desiredSettings()
	s.begin()
	e.ledger.frontier.note(&s.pending)
	e.mu.Unlock()

	d.lastTry = time.Now()
	complaint, err := d.establish(ctx, want)
	if err == nil && complaint == nil {
		d.settled = want.version
	}
	if err == nil {
		e.dropDatabases(want.views)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil && (ctx.Err() != nil || !isDefinite(err)) {
		s.postpone()
		e.ledger.frontier.note(&s.pending)
		return err
	}
	d.settled = want.version
	e.settleSettings(want, complaint, err)
	return err
}

// renewalDue says whether a forward-only zone went that named still forwards.
func (e *Engine) renewalDue() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ledger.settings.spent != e.ledger.settings.renewed
}

// isDefinite says whether trying again at once is of no use.
func isDefinite(err error) bool {
	_, refused := errors.AsType[*refusal](err)
	return refused
}
