package hostdesk

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// maxCommands bounds the commands of one report that are decided at the same time.
const maxCommands = 32

// report brings a host's report to the log. The commands for its attempts are independent
// of each other, and the store may commit them together with those of other hosts.
func (d *Desk) report(ctx context.Context, host int64, data []byte) any {
	report, err := protocol.ReadHostReport(data)
	if err != nil {
		d.hosts.Complain(host, err)
		return protocol.HostReceipt{Error: "not a report: " + err.Error()}
	}
	if report.Log != d.cfg.Store.LogID() {
		return protocol.HostReceipt{Error: "the report is about another log"}
	}
	if !d.hosts.Take(host, len(report.Attempts)*costOfAttempt) {
		return protocol.HostReceipt{Error: "too many reports in a short time"}
	}
	taken := make([]bool, len(report.Attempts))
	var all errgroup.Group
	all.SetLimit(maxCommands)
	for i, a := range report.Attempts {
		all.Go(func() error { taken[i] = d.take(ctx, host, a); return nil })
	}
	_ = all.Wait() // none returns an error
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
		Actor: domain.System, Door: domain.DoorAgent, Causation: a.Attempt,
		Command: ops.RecordReport{
			Machine: host, Task: a.Task, Attempt: a.Attempt, Begun: a.Begun, Percent: a.Percent, End: a.End,
		},
	})
	var refusal *domain.Error
	switch {
	case errors.As(err, &refusal):
		d.hosts.Complain(host, err)
	case err != nil:
		d.hosts.Complain(host, fmt.Errorf("task %s: %w", a.Task, err))
		return false
	}
	return true
}
