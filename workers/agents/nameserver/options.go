package nameserver

import (
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/connection"
)

// Options are what an agent's connection needs, which reconnects for ever. Add
// [nats.UserInfo] and TLS as the server wants them; both also serve an in-process
// connection.
func Options(agent int64) []nats.Option {
	return connection.Options(protocol.User(agent), protocol.InboxPrefix(agent))
}
