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
