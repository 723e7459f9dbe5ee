package bind

import (
	"log/slog"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// A zone that was added to a view before named had the view, and removed again, is
// parked. Once named has the view, the zone's positions are applied.
func TestParkedAndNotWantedAnyMore(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	prove(t, s)
	s.inventory.begin()
	s.inventory.succeed()
	e := &Engine{state: s, log: slog.New(slog.DiscardHandler), metrics: newMetrics(), changed: make(chan struct{}, 1)}
	e.queue = queue{ready: sync.NewCond(&e.mu), backgroundLimit: 1, open: true}
	e.mu.Lock()
	defer e.mu.Unlock()
	emit(dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}})
	zone := dns.ZoneData{Name: "b.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{2}}
	emit(dns.ZoneCreated{ID: 6, Zone: zone})
	emit(dns.ZoneDeleted{ID: 6, Zone: zone})
	e.queueDirty(true)
	z, _ := e.queue.get()
	if (&worker{engine: e}).handle(t.Context(), z); z.unapplied() == 0 {
		t.Fatal("not parked")
	}
	e.queue.done(z, false)
	s.settings.begin()
	e.settleSettings(e.desiredSettings(), nil, nil)
	if !z.queued {
		t.Errorf("the zone, with unapplied position %d, is not handed out", z.unapplied())
	}
}
