package main

import (
	"context"
	"errors"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// changes answers the API's questions about changes from the reporter: package
// api does not know package workers.
type changes struct{ reports *reporter.Reporter }

// Change implements [api.Changes].
func (c changes) Change(ctx context.Context, position domain.Position, wait time.Duration) (api.Change, error) {
	change, err := c.reports.Change(ctx, position, wait)
	if errors.Is(err, reporter.ErrNotFound) {
		return api.Change{}, api.ErrNoSuchPosition
	}
	if err != nil {
		return api.Change{}, err
	}
	servers := make([]api.ServerChange, 0, len(change.Servers))
	for _, s := range change.Servers {
		servers = append(servers, api.ServerChange(s))
	}
	return api.Change{Position: change.Position, State: string(change.State), Percent: change.Percent, Servers: servers}, nil
}
