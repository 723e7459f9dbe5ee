package nameserver

import (
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/connection"
)

// Options are the options of an agent's connection, which reconnects for ever. The
// caller adds credentials and TLS as the server requires.
func Options(agent int64) []nats.Option {
	return connection.Options(protocol.User(agent), protocol.InboxPrefix(agent))
}
