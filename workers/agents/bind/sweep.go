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
func (a *Agent) sweep(ctx context.Context) error {
	tick := time.NewTicker(a.cfg.DriftEvery)
	defer tick.Stop()
	strays := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("cannot look for drift", "error", err)
		}
		if time.Since(strays) < min(a.cfg.VerifyEvery, 20*a.cfg.DriftEvery) {
			continue
		}
		strays = time.Now()
		if err := a.findStrays(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("cannot look for zones that are not in the log", "error", err)
		}
		a.sweepFiles()
	}
}

// expected is what a zone's SOA should be while nothing is under way.
type expected struct {
	site   *site
	serial uint32
}

// sweepOnce compares serials, and asks for the comparisons that are due by time.
func (a *Agent) sweepOnce(ctx context.Context) error {
	byView := a.quietSites()
	if len(byView) == 0 {
		return nil
	}
	conn, err := dnsclient.Dial(ctx, a.dialAddr())
	if err != nil {
		return err
	}
	defer conn.Close()
	for view, list := range byView {
		key := a.viewKey(view)
		for len(list) > 0 && ctx.Err() == nil {
			n := min(64, len(list))
			if err := a.sweepSome(ctx, conn, key, list[:n]); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

// quietSites lists the zones that should just now be as they were proved, and
// queues those whose last comparison is long ago.
func (a *Agent) quietSites() map[int64][]expected {
	a.mu.Lock()
	defer a.mu.Unlock()
	quiet := map[int64][]expected{}
	if !a.queue.open {
		return quiet
	}
	// a share of all per sweep, so that they do not all come at once
	due := 1 + int(2*float64(len(a.ledger.sites))*a.cfg.DriftEvery.Seconds()/a.cfg.VerifyEvery.Seconds())
	for key, s := range a.ledger.sites {
		if s.working || s.queued || s.owes() != 0 || s.failure != nil || !s.proved() || s.want == nil {
			continue
		}
		if due > 0 && time.Since(s.verified) > a.cfg.VerifyEvery {
			due--
			a.compareSoon(s)
		} else if !s.want.forwards() {
			quiet[key.view] = append(quiet[key.view], expected{site: s, serial: s.soa.Serial})
		}
	}
	return quiet
}

func (a *Agent) compareSoon(s *site) {
	s.checkDue = true
	a.queue.put(s, false)
}

func (a *Agent) sweepSome(ctx context.Context, conn *dnsclient.Conn, key dnsclient.Key, list []expected) error {
	questions := make([]*mdns.Msg, len(list))
	for i, e := range list {
		questions[i] = question(e.site.key.zone, mdns.TypeSOA)
	}
	answers, err := conn.ExchangeAll(ctx, key, questions)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, e := range list {
		soa, err := soaIn(answers[i], e.site.key.zone)
		moved := e.site.soa == nil || e.site.soa.Serial != e.serial || e.site.working
		if !moved && (err != nil || soa.Serial != e.serial) {
			a.compareSoon(e.site)
		}
	}
	return nil
}

// sweepFiles deletes zone files that are old and belong to no zone.
func (a *Agent) sweepFiles() {
	used := map[string]bool{}
	a.mu.Lock()
	if !a.queue.open {
		a.mu.Unlock()
		return
	}
	for _, s := range a.ledger.sites {
		if !s.installed.known || s.working {
			a.mu.Unlock()
			return // not now: what this zone uses is not known
		}
		used[s.installed.file] = true
	}
	a.mu.Unlock()
	entries, err := os.ReadDir(a.layout.zones())
	if err != nil {
		a.log.Warn("cannot sweep zone files", "error", err)
		return
	}
	for _, e := range entries {
		file := filepath.Join(a.layout.zones(), e.Name())
		zone := strings.TrimSuffix(strings.TrimSuffix(file, ".jnl"), ".jbk")
		info, err := e.Info()
		if err != nil || used[zone] || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			a.log.Warn("cannot delete zone file", "file", file, "error", err)
		}
	}
}
