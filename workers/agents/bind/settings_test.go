package bind

import (
	"log/slog"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// A zone that came to a view which named did not have yet, and went again before
// it had, is parked. Once named has the view, what the zone owes is settled.
func TestParkedAndNotWantedAnyMore(t *testing.T) {
	t.Parallel()
	l, emit := smallLedger(t)
	prove(t, l)
	l.stock.begin()
	l.stock.succeed()
	e := &Engine{ledger: l, log: slog.New(slog.DiscardHandler), metrics: newMetrics(), changed: make(chan struct{}, 1)}
	e.queue = queue{ready: sync.NewCond(&e.mu), coldLimit: 1, open: true}
	e.mu.Lock()
	defer e.mu.Unlock()
	emit(dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}})
	zone := dns.ZoneData{Name: "b.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{2}}
	emit(dns.ZoneCreated{ID: 6, Zone: zone})
	emit(dns.ZoneDeleted{ID: 6, Zone: zone})
	e.wake()
	s, _ := e.queue.get()
	if (&worker{engine: e}).handle(t.Context(), s); s.owes() == 0 {
		t.Fatal("not parked")
	}
	e.queue.done(s, false)
	l.settings.begin()
	e.settleSettings(e.desiredSettings(), nil, nil)
	if !s.queued {
		t.Errorf("the site, which owes %d, is not handed out", s.owes())
	}
}
