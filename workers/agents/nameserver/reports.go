package nameserver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

const (
	// reportEvery is how often an agent reports when nothing changes. After three missed
	// reports the control plane counts it as offline.
	reportEvery = 5 * time.Second
	// reportPause is the least time between two reports.
	reportPause = 5 * time.Millisecond
)

// publishReports publishes the engine's status: on every change, when requested, and
// regularly. It returns nil when ctx ends.
func (f *Follower) publishReports(ctx context.Context) error {
	connected := f.cfg.NC.StatusChanged(nats.CONNECTED)
	defer f.cfg.NC.RemoveStatusListener(connected)
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.cfg.Engine.Changed():
		case <-f.reportNow:
		case <-connected:
		case <-tick.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		pause.Reset(reportPause + protocol.ReportPause(f.publishReport(f.reported.Add(1))))
	}
}

// publishReport sends one report and returns its size. A report that cannot be sent is
// dropped, since the next one replaces it.
func (f *Follower) publishReport(seq int64) int {
	log := f.log.Load()
	if log == nil || !f.cfg.NC.IsConnected() {
		return 0
	}
	r := f.cfg.Engine.Status()
	r.Log, r.Agent, r.Boot, r.Seq = *log, f.cfg.ID, f.boot, seq
	if r.At.IsZero() {
		r.At = time.Now().UTC()
	}
	payload, err := encodeReport(r)
	if err == nil {
		err = f.cfg.NC.Publish(protocol.SubjectReport(f.cfg.ID), payload)
	}
	if err != nil {
		f.cfg.Log.Warn("cannot report", "error", err)
	}
	return len(payload)
}

// encodeReport encodes a report within the limits of reports. Failures that do not fit are
// merged into one that stands for all of them, so that a report never hides a failure.
func encodeReport(r protocol.Report) ([]byte, error) {
	all := slices.Clone(r.Failures)
	for i := range all {
		all[i].Message = protocol.Cut(all[i].Message, protocol.MaxFailureText)
	}
	for keep := min(len(all), protocol.MaxFailures-1); ; keep /= 2 {
		r.Failures = all[:keep:keep]
		if keep < len(all) {
			r.Failures = append(r.Failures, merge(all[keep:]))
		}
		payload, err := json.Marshal(r)
		if err != nil || len(payload) <= protocol.MaxAgentMessage || keep == 0 {
			return payload, err
		}
	}
}

// merge makes one failure of many; it may concern anything.
func merge(rest []protocol.Failure) protocol.Failure {
	first, now := rest[0].Since, false
	for _, f := range rest {
		first, now = min(first, f.Since), now || f.Now
	}
	message := fmt.Sprintf("%d more failures, one of them: %s", len(rest), rest[0].Message)
	return protocol.Failure{Since: first, More: true, Now: now, Message: protocol.Cut(message, protocol.MaxFailureText)}
}
