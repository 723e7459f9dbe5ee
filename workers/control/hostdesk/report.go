package hostdesk

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// report brings a host's report to the log. The commands for its attempts are independent
// of each other, and the store may commit them together with those of other hosts.
func (d *Desk) report(ctx context.Context, host int64, data []byte) any {
	var report protocol.HostReport
	if err := json.Unmarshal(data, &report); err != nil {
		return protocol.HostReceipt{Error: "not a report"}
	}
	if report.Log != d.cfg.Store.LogID() {
		return protocol.HostReceipt{Error: "the report is about another log"}
	}
	taken := make([]bool, len(report.Attempts))
	var all sync.WaitGroup
	for i, a := range report.Attempts {
		all.Go(func() { taken[i] = d.take(ctx, host, a) })
	}
	all.Wait()
	receipt := protocol.HostReceipt{Taken: []domain.Position{}}
	for i, a := range report.Attempts {
		if taken[i] {
			receipt.Taken = append(receipt.Taken, a.Attempt)
		}
	}
	if len(receipt.Taken) < len(report.Attempts) {
		receipt.Error = "the log could not take all of it now"
	}
	return receipt
}

// take says whether the log has the report, or needs nothing of it. A refusal is final:
// the same report would be refused again.
func (d *Desk) take(ctx context.Context, host int64, a protocol.AttemptReport) bool {
	_, err := d.cfg.Store.Execute(ctx, eventstore.Request{
		Actor: domain.System, Causation: a.Attempt,
		Command: ops.RecordReport{
			Machine: host, Task: a.Task, Attempt: a.Attempt, Begun: a.Begun, Percent: a.Percent, End: a.End,
		},
	})
	var refusal *domain.Error
	switch {
	case errors.As(err, &refusal):
		d.cfg.Log.Warn("hostdesk: a report was refused", "host", host, "task", a.Task, "error", err)
	case err != nil:
		d.cfg.Log.Warn("hostdesk: a report was not taken", "host", host, "task", a.Task, "error", err)
		return false
	}
	return true
}
