package busauth

import (
	"strconv"

	"github.com/opsledger/opsledger/protocol"
)

// Kind says what an agent is for.
type Kind string

// The kinds.
const (
	// KindServer agents put zones into the named of a name server.
	KindServer Kind = "server"
	// KindHost agents run the tasks of a machine.
	KindHost Kind = "host"
)

// Identity is who an agent is on the bus: the server's or the machine's id.
type Identity struct {
	Kind Kind
	ID   int64
}

// Name is the agent's user name on NATS.
func (i Identity) Name() string {
	if i.Kind == KindHost {
		return protocol.HostUser(i.ID)
	}
	return protocol.User(i.ID)
}

// String names the identity for people.
func (i Identity) String() string { return string(i.Kind) + " " + strconv.FormatInt(i.ID, 10) }
