// Package connection has the options of agents' connections, which outlive whatever
// happens to the bus.
package connection

import (
	"time"

	"github.com/nats-io/nats.go"
)

// Options give an agent's connection its name and its own inbox prefix (the only one
// that it may read), and make it reconnect for ever. They hold no credentials.
func Options(user, inboxPrefix string) []nats.Option {
	return []nats.Option{
		nats.Name(user),
		nats.CustomInboxPrefix(inboxPrefix),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectJitter(500*time.Millisecond, time.Second),
		nats.RetryOnFailedConnect(true),
		// A refused login may be granted later: the control plane may be starting.
		nats.IgnoreAuthErrorAbort(),
		nats.PingInterval(20 * time.Second),
		nats.MaxPingsOutstanding(2),
	}
}
