package main

import (
	"context"
	"slices"
	"time"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/workers/control/presence"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// agents answers the API's questions about agents: package api does not know
// package workers.
type agents struct {
	reader  *dnsmodel.Reader
	ops     *opsmodel.Reader
	reports *reporter.Reporter
	hosts   *presence.Presence
}

// Host implements [opsapi.Presence].
func (a agents) Host(machine int64) (online bool, seen time.Time) {
	h := a.hosts.Host(machine)
	return h.Online, h.Seen
}

// Agents implements [v1.Agents].
func (a agents) Agents(ctx context.Context) ([]v1.Agent, error) {
	servers, err := a.reader.EnrolledServers(ctx)
	if err != nil {
		return nil, err
	}
	machines, err := a.ops.Enrolled(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]v1.Agent, 0, len(servers)+len(machines))
	for _, s := range slices.Backward(servers) { // which are newest first
		h := a.reports.AgentStatus(s.ID)
		list = append(list, v1.Agent{
			Kind: v1.AgentOfServer, ID: s.ID, Name: s.Host, Online: h.Online, LastSeen: orNull(h.Seen), Version: h.Named,
		})
	}
	for _, m := range machines {
		h := a.hosts.Host(m.ID)
		list = append(list, v1.Agent{
			Kind: v1.AgentOfMachine, ID: m.ID, Name: m.Name, Online: h.Online, LastSeen: orNull(h.Seen), Version: h.Version,
		})
	}
	return list, nil
}

// orNull is nil for the zero time, which stands for "never".
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
