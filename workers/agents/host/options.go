package host

import (
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/connection"
)

// Options are what a host's connection needs, which reconnects for ever. Add the
// credentials.
func Options(host int64) []nats.Option {
	return append(connection.Options(protocol.HostUser(host), protocol.HostInboxPrefix(host)),
		// What waits here for a connection would only be late: it is said again anyway.
		nats.ReconnectBufSize(-1))
}
