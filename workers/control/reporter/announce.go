package reporter

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// announce tells all agents where the log ends and requests reports of them: at once,
// whenever the roster changes, and regularly.
func (r *Reporter) announce(ctx context.Context) {
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		_, changed := r.cfg.Roster.Enrolled()
		if err := r.announceHead(ctx); err != nil && ctx.Err() == nil {
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

func (r *Reporter) announceHead(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	head, err := r.cfg.Store.Head(ctx)
	if err != nil {
		return err
	}
	last := head.Last[domain.ContextDNS]
	r.measure(last)
	announcement := protocol.HeadAnnouncement{Log: r.cfg.Store.LogID()}
	if r.inStream(ctx, last) {
		announcement.LastDNS = last
	}
	payload, err := json.Marshal(announcement)
	if err != nil {
		return err
	}
	return r.cfg.NC.Publish(protocol.SubjectReportNow, payload)
}

// inStream says whether the stream is known to have had the event. An agent that is told of
// an event which nobody could publish yet, while the stream has no leader, would take it for
// a lost one, and all agents would take snapshots at once.
func (r *Reporter) inStream(ctx context.Context, last domain.Position) bool {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	js, err := jetstream.New(r.cfg.NC)
	if err != nil {
		return false
	}
	stream, err := js.Stream(ctx, protocol.StreamEvents)
	return err == nil && domain.Position(stream.CachedInfo().State.LastSeq) >= last
}

// measure updates the lags of all agents, also of silent ones.
func (r *Reporter) measure(last domain.Position) {
	now, online := time.Now(), 0
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastDNS = last
	for id, w := range r.last {
		name, is := r.nameOf(id), conditionOf(w, last, now)
		r.metrics.lagging(id, name, is.Applied, last)
		r.metrics.condition(id, name, is.Online, is.Condition)
		if is.Online {
			online++
		}
	}
	r.metrics.online.Set(float64(online))
}
