package agent

import (
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/workers/protocol"
)

// Options are what an agent's connection needs: its name, its own inbox (the only
// one that it may read) and a will to reconnect for ever. Add [nats.UserInfo]
// and TLS as the server wants them; both also serve an in-process connection.
func Options(agent int64) []nats.Option {
	return []nats.Option{
		nats.Name(protocol.User(agent)),
		nats.CustomInboxPrefix(protocol.InboxPrefix(agent)),
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
