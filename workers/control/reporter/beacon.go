package reporter

import (
	"context"
	"encoding/json"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// beacon tells all agents where the log ends and asks them to report: at once,
// whenever the roster changes, and regularly.
func (r *Reporter) beacon(ctx context.Context) {
	tick := time.NewTicker(beaconEvery)
	defer tick.Stop()
	for {
		_, changed := r.cfg.Roster.Enrolled()
		if err := r.sendBeacon(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.Warn("reporter: cannot tell the agents where the log ends", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-changed:
		}
	}
}

func (r *Reporter) sendBeacon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	head, err := r.cfg.Store.Head(ctx)
	if err != nil {
		return err
	}
	last := head.Last[domain.ContextDNS]
	r.measure(last)
	payload, err := json.Marshal(protocol.Beacon{Log: r.cfg.Store.LogID(), LastDNS: last})
	if err != nil {
		return err
	}
	return r.cfg.NC.Publish(protocol.SubjectReportNow, payload)
}

// measure brings the lags up to date, also of agents that are silent.
func (r *Reporter) measure(last domain.Position) {
	now, online := time.Now(), 0
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastDNS = last
	for id, w := range r.words {
		r.metrics.lagging(id, w.report.Applied, last)
		if w.online(now) {
			online++
		}
	}
	r.metrics.online.Set(float64(online))
}
