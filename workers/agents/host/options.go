package host

import (
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/connection"
)

// Options are the options of a host's connection, which reconnects for ever. The caller
// adds the credentials.
func Options(host int64) []nats.Option {
	return append(connection.Options(protocol.HostUser(host), protocol.HostInboxPrefix(host)),
		// Messages are not kept for the next connection: they would be late, and each is
		// repeated anyway.
		nats.ReconnectBufSize(-1))
}
