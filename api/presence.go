package api

import (
	"context"
	"time"
)

// Presence knows which hosts live.
type Presence interface {
	// Host says whether the agent of a machine gave a sign of life lately, and when
	// it gave the last one: the zero time means never.
	Host(machine int64) (online bool, seen time.Time)
}

// Agents lists the agents.
type Agents interface {
	// Agents returns the enrolled agents of servers, then those of machines, each
	// by id.
	Agents(ctx context.Context) ([]Agent, error)
}

// The kinds of agents.
const (
	AgentOfServer  = "server"
	AgentOfMachine = "machine"
)

// Agent is an enrolled agent.
type Agent struct {
	// Kind is AgentOfServer or AgentOfMachine, ID and Name are the server's or the
	// machine's.
	Kind string `json:"kind"`
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Online: it gave a sign of life lately. LastSeen is its last one, null for never.
	Online   bool       `json:"online"`
	LastSeen *time.Time `json:"last_seen"`
	// Version is that of a host's agent, or of a name server's named; empty while it
	// is not known.
	Version string `json:"version"`
}
