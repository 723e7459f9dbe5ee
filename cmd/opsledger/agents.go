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
	"github.com/opsledger/opsledger/workers/control/sessions"
)

// agents answers the API's questions about agents: package api does not know
// package workers.
type agents struct {
	reader  *dnsmodel.Reader
	ops     *opsmodel.Reader
	reports *reporter.Reporter
	hosts   *presence.Presence

	sessions, hostSessions *sessions.Sessions
}

// Accounts implements [v1.Hosts].
func (a agents) Accounts(machine int64) (list []v1.Account, said bool) {
	h := a.hosts.Host(machine)
	for _, s := range h.Accounts {
		list = append(list, v1.Account{Name: s.Account, Position: s.Position, Problem: s.Problem, Error: s.Error})
	}
	return list, h.Heard
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
	ofServers, err := a.sessions.Live(ctx)
	if err != nil {
		return nil, err
	}
	ofHosts, err := a.hostSessions.Live(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]v1.Agent, 0, len(servers)+len(machines))
	for _, s := range slices.Backward(servers) { // which are newest first
		h := a.reports.AgentStatus(s.ID)
		list = append(list, v1.Agent{
			Kind: v1.AgentOfServer, ID: s.ID, Name: s.Host, Online: h.Online, LastSeen: orNull(h.Seen), Version: h.Named,
			Duplicate: len(ofServers[s.ID]) > 1, Connections: connections(ofServers[s.ID]),
		})
	}
	for _, m := range machines {
		h := a.hosts.Host(m.ID)
		list = append(list, v1.Agent{
			Kind: v1.AgentOfMachine, ID: m.ID, Name: m.Name, Online: h.Online, LastSeen: orNull(h.Seen), Version: h.Version,
			Duplicate: len(ofHosts[m.ID]) > 1, Connections: connections(ofHosts[m.ID]),
		})
	}
	return list, nil
}

// connections are the processes of an agent on the wire, the one with the orders first.
func connections(of []sessions.Process) []v1.Connection {
	list := []v1.Connection{}
	for _, p := range of {
		list = append(list, v1.Connection{Address: p.Address, Host: p.Host, Started: p.Started.UTC(), LastSeen: p.Seen.UTC(), Orders: p.Holds})
	}
	return list
}

// orNull is nil for the zero time, which stands for "never".
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
