package bind

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// driver looks after named as a whole: its process, its configuration, and the
// inventory of its zones after each start. It does so in one goroutine, one step
// after the other.
//
// Invariants:
//  1. Workers are admitted to named only while it runs a configuration of the
//     engine's and, since its start, has loaded its zones and had its inventory taken.
//  2. named is reconfigured only when views, ACLs, the main configuration or the
//     agent's own settings changed, or a forward-only zone was removed; never for
//     a change of records or of zones with records.
type driver struct {
	engine *Engine
	named  process
	// running is the digest of the configuration that named showed as its server-id.
	running string
	// boot tells one start of named from the next; inventoried is the boot that the
	// last inventory was taken of.
	boot, inventoried string
	// triedVersion is the version of the settings that was last tried, at lastTry.
	triedVersion int
	lastTry      time.Time
	listening    listening
	conf         confWatch
	// status is what named said of itself last, and zones that of before it was asked.
	status map[string]string
	zones  zonesState
}

const (
	// healthEvery is the pause between looks at a named that is well.
	healthEvery = 2 * time.Second
	// retryEvery is the pause when something is wrong.
	retryEvery = 250 * time.Millisecond
	// rebuildEvery is the least pause between reconfigurations for removed
	// forward-only zones, so that many of them share one.
	rebuildEvery = 200 * time.Millisecond
	// settingsRetry is the pause before a configuration that failed is tried again unchanged.
	settingsRetry = 20 * time.Second
)

func (d *driver) run(ctx context.Context) error {
	e := d.engine
	defer func() {
		if err := d.named.leave(e); err != nil {
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
		err := d.step(ctx)
		d.noteSilence(err)
		if err != nil && ctx.Err() == nil {
			pause = retryEvery
			e.log.Debug("named needs attention", "error", err)
		} else if e.rebuildDue() {
			pause = rebuildEvery
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
		d.noteDown()
	case <-timer.C:
	}
}

// step brings process, configuration and inventory up to date, as far as possible now.
func (d *driver) step(ctx context.Context) error {
	e := d.engine
	if e.cfg.Supervise {
		if err := d.named.keepRunning(ctx, e); err != nil {
			d.noteDown()
			if ctx.Err() == nil { // else the engine is being stopped
				e.failSettings(err.Error())
			}
			return err
		}
	}
	if err := d.configure(ctx); err != nil {
		return err
	}
	if err := d.askStatus(ctx); err != nil {
		d.noteDown()
		return err
	}
	if err := d.admitWorkers(ctx); err != nil {
		return err
	}
	d.watchConf(d.status)
	d.checkListening(ctx)
	return nil
}

// noteDown notes that named does not answer.
func (d *driver) noteDown() {
	d.running, d.boot = "", ""
	e := d.engine
	e.rndc.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.open = false
	if e.version != "" {
		e.version, e.since, e.queryRate = "", time.Time{}, nil
		e.notify()
	}
}

// askStatus asks named for its status, by which a restart is noticed, and its version.
func (d *driver) askStatus(ctx context.Context) error {
	e := d.engine
	zones := e.zonesState()
	text, err := e.ask(ctx, "status")
	if err != nil {
		return err
	}
	status := parseStatus(text)
	d.status, d.zones = status, zones
	boot := fmt.Sprintf("%s %d", status["boot time"], d.named.pid())
	if d.boot != boot {
		running, err := e.serverID(ctx)
		if err != nil {
			return err // a named that does not answer queries yet counts as down
		}
		d.boot, d.running = boot, running
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	since, _ := time.Parse(time.RFC1123, status["boot time"])
	if version := status["version"]; e.version != version || !e.since.Equal(since) {
		e.version, e.since = version, since
		e.notify()
	}
	return nil
}

// admitWorkers takes an inventory after each start of named and then lets the
// workers begin.
func (d *driver) admitWorkers(ctx context.Context) error {
	e := d.engine
	e.mu.Lock()
	ready := e.loaded && e.state.settings.tried > 0
	same := d.inventoried == d.boot
	if ready && same && !e.queue.open {
		e.queue.resume()
	}
	if !ready || same {
		e.mu.Unlock()
		return nil
	}
	e.queue.pause()
	e.mu.Unlock()
	if err := e.awaitLoaded(ctx); err != nil {
		return err
	}
	err := e.thawAll(ctx)
	if err == nil {
		err = e.takeInventory(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			e.failSettings(err.Error())
		}
		return err
	}
	d.inventoried = d.boot
	e.takeProofs(ctx, fmt.Sprintf("%s %d", d.boot, e.orphan()))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.resume()
	return nil
}

// awaitLoaded waits until named has loaded its zones. Before, named answers with
// SERVFAIL for a zone that it has not come to yet, which would seem to be broken.
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

// configure makes named run the configuration of the log, or the last good one.
func (d *driver) configure(ctx context.Context) error {
	e := d.engine
	e.mu.Lock()
	s := &e.state.settings
	since := time.Since(d.lastTry)
	due := e.loaded && (s.version != d.triedVersion || s.forwardsRemoved != s.forwardsCleared && since > rebuildEvery ||
		d.running == "" && (s.failure == nil || since > time.Second) || s.failure != nil && since > settingsRetry)
	if !due {
		e.mu.Unlock()
		return nil
	}
	want := e.desiredSettings()
	s.begin()
	e.state.frontier.note(&s.pending)
	e.mu.Unlock()

	d.lastTry = time.Now()
	lacking := e.takeTransferKeys(ctx, &want)
	complaint, err := d.establish(ctx, want)
	complaint = errors.Join(lacking, complaint)
	if err == nil && complaint == nil {
		d.triedVersion = want.version
	}
	if err == nil {
		e.dropDatabases(want.views)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil && (ctx.Err() != nil || !isDefinite(err)) {
		s.postpone()
		e.state.frontier.note(&s.pending)
		return err
	}
	d.triedVersion = want.version
	e.settleSettings(want, complaint, err)
	return err
}

// rebuildDue says whether a forward-only zone was removed for which named still
// forwards.
func (e *Engine) rebuildDue() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state.settings.forwardsRemoved != e.state.settings.forwardsCleared
}

// isDefinite says whether trying again at once is of no use.
func isDefinite(err error) bool {
	_, refused := errors.AsType[*refusal](err)
	return refused
}
