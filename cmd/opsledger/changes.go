package main

import (
	"context"
	"errors"
	"time"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// changes answers the API's questions about changes from the reporter: package
// api does not know package workers.
type changes struct{ reports *reporter.Reporter }

// Change implements [v1.Changes].
func (c changes) Change(ctx context.Context, position domain.Position, wait time.Duration) (v1.Change, error) {
	change, err := c.reports.Change(ctx, position, wait)
	if errors.Is(err, reporter.ErrNotFound) {
		return v1.Change{}, v1.ErrNoSuchPosition
	}
	if err != nil {
		return v1.Change{}, err
	}
	servers := make([]v1.ServerChange, 0, len(change.Servers))
	for _, s := range change.Servers {
		servers = append(servers, v1.ServerChange(s))
	}
	return v1.Change{Position: change.Position, State: string(change.State), Percent: change.Percent, Servers: servers}, nil
}
