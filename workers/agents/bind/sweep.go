package bind

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// sweep looks for drift until ctx ends: it asks for every zone's serial often, and
// has every zone's contents compared now and then. It only queues comparisons;
// workers repair.
func (e *Engine) sweep(ctx context.Context) error {
	tick := time.NewTicker(e.cfg.DriftEvery)
	defer tick.Stop()
	strays := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := e.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("cannot look for drift", "error", err)
		}
		if time.Since(strays) < min(e.cfg.VerifyEvery, 20*e.cfg.DriftEvery) {
			continue
		}
		strays = time.Now()
		if err := e.findStrays(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("cannot look for zones that are not in the log", "error", err)
		}
		e.sweepFiles()
	}
}

// expected is the serial that a zone should have while no job on it is under way.
type expected struct {
	zone   *zoneInView
	serial uint32
}

// sweepOnce compares serials, and queues the comparisons that are due.
func (e *Engine) sweepOnce(ctx context.Context) error {
	byView := e.idleZones()
	if len(byView) == 0 {
		return nil
	}
	conn, err := dnsclient.Dial(ctx, e.dialAddr())
	if err != nil {
		return err
	}
	defer conn.Close()
	for view, list := range byView {
		key := e.viewKey(view)
		for len(list) > 0 && ctx.Err() == nil {
			n := min(64, len(list))
			if err := e.sweepSome(ctx, conn, key, list[:n]); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

// idleZones lists the zones that should be as they were last proved, and queues
// those whose last comparison is long ago.
func (e *Engine) idleZones() map[int64][]expected {
	e.mu.Lock()
	defer e.mu.Unlock()
	quiet := map[int64][]expected{}
	if !e.queue.open {
		return quiet
	}
	// a share of all zones per sweep, so that they do not all come at once
	due := 1 + int(2*float64(len(e.state.inView))*e.cfg.DriftEvery.Seconds()/e.cfg.VerifyEvery.Seconds())
	for key, z := range e.state.inView {
		if z.working || z.queued || z.unapplied() != 0 || z.failure != nil || !z.proved() || z.want == nil {
			continue
		}
		if due > 0 && time.Since(z.verified) > e.cfg.VerifyEvery {
			due--
			e.compareSoon(z)
		} else if !z.want.forwards() {
			quiet[key.view] = append(quiet[key.view], expected{zone: z, serial: z.soa.Serial})
		}
	}
	return quiet
}

func (e *Engine) compareSoon(z *zoneInView) {
	z.checkDue = true
	e.queue.put(z, false)
}

func (e *Engine) sweepSome(ctx context.Context, conn *dnsclient.Conn, key dnsclient.Key, list []expected) error {
	questions := make([]*mdns.Msg, len(list))
	for i, x := range list {
		questions[i] = question(x.zone.key.zone, mdns.TypeSOA)
	}
	answers, err := conn.ExchangeAll(ctx, key, questions)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, x := range list {
		soa, err := soaIn(answers[i], x.zone.key.zone)
		moved := x.zone.soa == nil || x.zone.soa.Serial != x.serial || x.zone.working
		if !moved && (err != nil || soa.Serial != x.serial) {
			e.compareSoon(x.zone)
		}
	}
	return nil
}

// sweepFiles deletes zone files that are old and belong to no zone.
func (e *Engine) sweepFiles() {
	used := map[string]bool{}
	e.mu.Lock()
	if !e.queue.open {
		e.mu.Unlock()
		return
	}
	for _, z := range e.state.inView {
		if !z.installed.known || z.working {
			e.mu.Unlock()
			return // not now: it is not known which file this zone uses
		}
		used[z.installed.file] = true
	}
	e.mu.Unlock()
	entries, err := os.ReadDir(e.layout.zones())
	if err != nil {
		e.log.Warn("cannot sweep zone files", "error", err)
		return
	}
	for _, entry := range entries {
		file := filepath.Join(e.layout.zones(), entry.Name())
		zone := strings.TrimSuffix(strings.TrimSuffix(file, ".jnl"), ".jbk")
		info, err := entry.Info()
		if err != nil || used[zone] || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			e.log.Warn("cannot delete zone file", "file", file, "error", err)
		}
	}
}
