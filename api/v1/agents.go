package v1

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
)

// errNoAgents: nobody can tell which agents there are.
const errNoAgents = api.Unavailable("the agents are not known yet, try again")

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
	// Duplicate: more than one process runs with the agent's credentials. Connections are
	// its processes that asked for orders lately, the one that gets them first.
	Duplicate   bool         `json:"duplicate"`
	Connections []Connection `json:"connections"`
}

// Connection is one process of an agent.
type Connection struct {
	// Address is the process's as the bus sees it, Host its machine's own name.
	Address string `json:"address"`
	Host    string `json:"host"`
	// Started is when the process began, by its own clock.
	Started  time.Time `json:"started"`
	LastSeen time.Time `json:"last_seen"`
	// Orders: the process gets the agent's orders, and the others do not.
	Orders bool `json:"orders"`
}

// listAgents lists all agents, of name servers and of hosts.
func (a *API) listAgents(c echo.Context) error {
	if a.Agents == nil {
		return errNoAgents
	}
	agents, err := a.Agents.Agents(c.Request().Context())
	if err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, struct {
		Agents []Agent `json:"agents"`
	}{append([]Agent{}, agents...)})
}
