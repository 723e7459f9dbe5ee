// Package connection has the options of connections that outlive whatever happens
// to the bus: those of agents, of both kinds.
package connection

import (
	"time"

	"github.com/nats-io/nats.go"
)

// Options are what the connection of an agent needs: its name, its own inbox (the
// only one that it may read) and a will to reconnect for ever. They hold no credentials.
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
