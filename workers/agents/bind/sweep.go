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

// sweep looks for drift until ctx ends: every zone's serial often, every zone's
// contents now and then. It only asks for comparisons; workers repair.
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

// expected is what a zone's SOA should be while nothing is under way.
type expected struct {
	site   *site
	serial uint32
}

// sweepOnce compares serials, and asks for the comparisons that are due by time.
func (e *Engine) sweepOnce(ctx context.Context) error {
	byView := e.quietSites()
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

// quietSites lists the zones that should just now be as they were proved, and
// queues those whose last comparison is long ago.
func (e *Engine) quietSites() map[int64][]expected {
	e.mu.Lock()
	defer e.mu.Unlock()
	quiet := map[int64][]expected{}
	if !e.queue.open {
		return quiet
	}
	// a share of all per sweep, so that they do not all come at once
	due := 1 + int(2*float64(len(e.ledger.sites))*e.cfg.DriftEvery.Seconds()/e.cfg.VerifyEvery.Seconds())
	for key, s := range e.ledger.sites {
		if s.working || s.queued || s.owes() != 0 || s.failure != nil || !s.proved() || s.want == nil {
			continue
		}
		if due > 0 && time.Since(s.verified) > e.cfg.VerifyEvery {
			due--
			e.compareSoon(s)
		} else if !s.want.forwards() {
			quiet[key.view] = append(quiet[key.view], expected{site: s, serial: s.soa.Serial})
		}
	}
	return quiet
}

func (e *Engine) compareSoon(s *site) {
	s.checkDue = true
	e.queue.put(s, false)
}

func (e *Engine) sweepSome(ctx context.Context, conn *dnsclient.Conn, key dnsclient.Key, list []expected) error {
	questions := make([]*mdns.Msg, len(list))
	for i, x := range list {
		questions[i] = question(x.site.key.zone, mdns.TypeSOA)
	}
	answers, err := conn.ExchangeAll(ctx, key, questions)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, x := range list {
		soa, err := soaIn(answers[i], x.site.key.zone)
		moved := x.site.soa == nil || x.site.soa.Serial != x.serial || x.site.working
		if !moved && (err != nil || soa.Serial != x.serial) {
			e.compareSoon(x.site)
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
	for _, s := range e.ledger.sites {
		if !s.installed.known || s.working {
			e.mu.Unlock()
			return // not now: what this zone uses is not known
		}
		used[s.installed.file] = true
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
