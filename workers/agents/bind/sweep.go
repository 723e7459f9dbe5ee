package bind

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	files, lists := time.Now(), zoneLists{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := e.compareLists(ctx, lists); err != nil && ctx.Err() == nil {
			e.log.Warn("cannot look for zones that were added or removed", "error", err)
		}
		if err := e.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("cannot look for drift", "error", err)
		}
		if time.Since(files) >= min(e.cfg.VerifyEvery, 20*e.cfg.DriftEvery) {
			files = time.Now()
			clear(lists) // whatever their times say
			e.sweepFiles()
		}
	}
}

// expected is the serial that a zone should have while no job on it is under way.
type expected struct {
	zone   *zoneInView
	serial uint32
	// left says that this is drift which was left, and serial 0 that named did not have the zone.
	left bool
}

const (
	// askedAtOnce is how many zones are asked for at once, betweenAsked the least time from there
	// to the next ones.
	askedAtOnce  = 64
	betweenAsked = 32 * time.Millisecond
)

// sweepOnce compares serials, and queues the comparisons that are due. It spreads its questions
// over the time until the next sweep, in the same order each time: so each zone is asked for as
// often as zones are swept, and named's clients notice nothing. What cannot be asked keeps nothing
// else from being asked.
func (e *Engine) sweepOnce(ctx context.Context) (failed error) {
	idle, due := e.idleZones()
	parts := inParts(idle)
	if len(parts) == 0 {
		e.compareAll(due)
		return nil
	}
	conn, err := dnsclient.Dial(ctx, e.dialAddr())
	if err != nil {
		return err
	}
	defer func() { conn.Close() }()
	asClient := e.mayAsk(e.cfg.namedAddr())
	pause := max(e.cfg.DriftEvery/time.Duration(len(parts)), betweenAsked)
	began := time.Now()
	for i, part := range parts {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(began.Add(time.Duration(i) * pause))):
		}
		share := len(due) / (len(parts) - i) // so that they do not all come at once
		e.compareAll(due[:share])
		due = due[share:]
		refused, err := e.sweepSome(ctx, conn, asClient, part)
		if err != nil {
			failed = err
			again, err := dnsclient.Dial(ctx, e.dialAddr())
			if err != nil {
				return err
			}
			conn.Close()
			conn = again
			continue
		}
		e.doubt(refused)
	}
	return failed
}

// inParts puts zones in order, and cuts them into parts of one view each.
func inParts(zones []expected) (parts [][]expected) {
	slices.SortFunc(zones, func(a, b expected) int {
		return cmp.Or(cmp.Compare(a.zone.key.view, b.zone.key.view), cmp.Compare(a.zone.key.zone, b.zone.key.zone))
	})
	for len(zones) > 0 {
		n := 1
		for n < min(len(zones), askedAtOnce) && zones[n].zone.key.view == zones[0].zone.key.view {
			n++
		}
		parts, zones = append(parts, zones[:n]), zones[n:]
	}
	return parts
}

// idleZones lists the zones that should be as they were last proved, or as they were left, and those
// whose last comparison is long ago. Within [Config.VerifyEvery] all come: in the first half of it none
// does, and in the second a share of all with each sweep.
func (e *Engine) idleZones() (quiet []expected, due []*zoneInView) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.queue.open {
		return nil, nil
	}
	share := 1 + int(2*float64(len(e.state.inView))*e.cfg.DriftEvery.Seconds()/e.cfg.VerifyEvery.Seconds())
	for _, z := range e.state.inView {
		if z.working || z.queued || z.awaited != nil || z.want == nil {
			continue
		}
		left := z.reported != nil && z.failure != nil
		if !left && (z.unapplied() != 0 || z.failure != nil || !z.proved()) {
			continue
		}
		switch {
		case len(due) < share && time.Since(z.verified) > e.cfg.VerifyEvery/2:
			due = append(due, z)
		case z.want.forwards():
		case left:
			quiet = append(quiet, expected{zone: z, serial: z.reported.serial, left: true})
		default:
			quiet = append(quiet, expected{zone: z, serial: z.soa.Serial})
		}
	}
	return quiet, due
}

func (e *Engine) compareAll(zones []*zoneInView) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, z := range zones {
		e.compareSoon(z)
	}
}

func (e *Engine) compareSoon(z *zoneInView) {
	z.checkDue = true
	e.queue.put(z, false)
}

// sweepSome asks for some zones of one view: as its clients do where the log lets clients at
// named's own address ask, and for what is wrong then once more by the engine's key. What the
// engine does not get either is compared; what clients alone do not get is returned.
func (e *Engine) sweepSome(ctx context.Context, conn *dnsclient.Conn, asClient bool, list []expected) (refused []expected, err error) {
	view := list[0].zone.key.view
	if asClient {
		if list, err = e.wrongAmong(ctx, conn, e.probeKey(view), list); err != nil || len(list) == 0 {
			return nil, err
		}
	}
	wrong, err := e.wrongAmong(ctx, conn, e.viewKey(view), list)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range wrong {
		e.compareSoon(x.zone)
	}
	if asClient {
		refused = slices.DeleteFunc(list, func(x expected) bool { return slices.Contains(wrong, x) })
	}
	return refused, nil
}

// doubt has health ask for zones.
func (e *Engine) doubt(zones []expected) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range zones {
		if len(e.doubted) < maxFaults {
			e.doubted[x.zone.key] = true
		}
	}
}

// wrongAmong returns the zones that named does not answer for by a key as it should.
func (e *Engine) wrongAmong(ctx context.Context, conn *dnsclient.Conn, key dnsclient.Key, list []expected) (wrong []expected, err error) {
	questions := make([]*mdns.Msg, len(list))
	for i, x := range list {
		questions[i] = question(x.zone.key.zone, mdns.TypeSOA)
	}
	answers, err := conn.ExchangeAll(ctx, key, questions)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, x := range list {
		if x.moved() {
			continue
		}
		if x.wrongIn(answers[i]) != x.wrongBefore() {
			wrong = append(wrong, x)
		}
	}
	return wrong, nil
}

// wrongBefore is what is known to be wrong with answers, empty for nothing.
func (x expected) wrongBefore() string {
	if x.left && x.serial == 0 {
		return mdns.RcodeToString[mdns.RcodeRefused]
	}
	return ""
}

// moved says whether somebody has worked on the zone since. The caller holds the lock.
func (x expected) moved() bool {
	if x.left {
		return x.zone.working || x.zone.reported == nil || x.zone.reported.serial != x.serial
	}
	return x.zone.working || x.zone.soa == nil || x.zone.soa.Serial != x.serial
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
