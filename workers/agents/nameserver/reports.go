package nameserver

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

const (
	// reportEvery is how often an agent reports when nothing changes; the
	// control plane takes three missed reports for an absent agent.
	reportEvery = 5 * time.Second
	// reportPause is the least time between two reports.
	reportPause = 5 * time.Millisecond
	// maxReport bounds a report's size, in bytes, well under what NATS carries.
	maxReport = 256 << 10
)

// report publishes what the engine has proved: on every change, when asked, and
// regularly. It returns nil when ctx ends.
func (a *Agent) report(ctx context.Context) error {
	connected := a.cfg.NC.StatusChanged(nats.CONNECTED)
	defer a.cfg.NC.RemoveStatusListener(connected)
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for seq := int64(1); ; seq++ {
		select {
		case <-ctx.Done():
			return nil
		case <-a.cfg.Engine.Changed():
		case <-a.reportNow:
		case <-connected:
		case <-tick.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		pause.Reset(reportPause)
		a.publishReport(seq)
	}
}

// publishReport sends one report. A report that cannot be sent is not kept: the
// next one says more.
func (a *Agent) publishReport(seq int64) {
	log := a.log.Load()
	if log == nil || !a.cfg.NC.IsConnected() {
		return
	}
	r := a.cfg.Engine.Status()
	r.Log, r.Agent, r.Boot, r.Seq = *log, a.cfg.ID, a.boot, seq
	if r.At.IsZero() {
		r.At = time.Now().UTC()
	}
	payload, err := encodeReport(r)
	if err == nil {
		err = a.cfg.NC.Publish(protocol.SubjectReport(a.cfg.ID), payload)
	}
	if err != nil {
		a.cfg.Log.Warn("cannot report", "error", err)
	}
}

// encodeReport keeps a report within maxReport. Failures that do not fit are
// merged into one that covers them all: a report never hides a failure.
func encodeReport(r protocol.Report) ([]byte, error) {
	all := r.Failures
	for keep := len(all); ; keep /= 2 {
		r.Failures = all[:keep:keep]
		if keep < len(all) {
			r.Failures = append(r.Failures, merge(all[keep:]))
		}
		payload, err := json.Marshal(r)
		if err != nil || len(payload) <= maxReport || keep == 0 {
			return payload, err
		}
	}
}

// merge makes one failure that may concern anything out of many.
func merge(rest []protocol.Failure) protocol.Failure {
	first := rest[0].Since
	for _, f := range rest {
		first = min(first, f.Since)
	}
	message := rest[0].Message
	if len(message) > 1000 {
		message = message[:1000]
	}
	return protocol.Failure{Since: first, More: true, Message: fmt.Sprintf("%d more failures, one of them: %s", len(rest), message)}
}
