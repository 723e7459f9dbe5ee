package host

import (
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/workers/protocol"
)

// Options are what a host's connection needs: its name, its own inbox (the only
// one that it may read) and a will to reconnect for ever. Add the credentials.
func Options(host int64) []nats.Option {
	return []nats.Option{
		nats.Name(protocol.HostUser(host)),
		nats.CustomInboxPrefix(protocol.HostInboxPrefix(host)),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectJitter(500*time.Millisecond, time.Second),
		nats.RetryOnFailedConnect(true),
		// A refused login may be granted later: the control plane may be starting.
		nats.IgnoreAuthErrorAbort(),
		nats.PingInterval(20 * time.Second),
		nats.MaxPingsOutstanding(2),
		// What waits here for a connection would only be late: it is said again anyway.
		nats.ReconnectBufSize(-1),
	}
}
