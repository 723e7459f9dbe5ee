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
	a := &Agent{ledger: l, log: slog.New(slog.DiscardHandler), metrics: newMetrics(), changed: make(chan struct{}, 1)}
	a.queue = queue{ready: sync.NewCond(&a.mu), coldLimit: 1, open: true}
	a.mu.Lock()
	defer a.mu.Unlock()
	emit(dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}})
	zone := dns.ZoneData{Name: "b.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{2}}
	emit(dns.ZoneCreated{ID: 6, Zone: zone})
	emit(dns.ZoneDeleted{ID: 6, Zone: zone})
	a.wake()
	s, _ := a.queue.get()
	if (&worker{agent: a}).handle(t.Context(), s); s.owes() == 0 {
		t.Fatal("not parked")
	}
	a.queue.done(s, false)
	l.settings.begin()
	a.settleSettings(a.desiredSettings(), nil, nil)
	if !s.queued {
		t.Errorf("the site, which owes %d, is not handed out", s.owes())
	}
}
