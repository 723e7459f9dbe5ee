package busauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/loopback"
	"github.com/opsledger/opsledger/internal/pinned"
)

// ErrUnencrypted says that an agent would have to speak with a bus in clear over a network.
var ErrUnencrypted = errors.New("the bus is not encrypted, and is not on this machine")

// dialWithin bounds the making of a connection.
const dialWithin = 10 * time.Second

// secure makes a connection as safe as the credentials ask for. It is the one place that
// says how an agent verifies the bus; options after it may give roots and a client
// certificate.
//
// Invariants:
//  1. With pins, a server with another key is no bus, wherever it is.
//  2. Without pins, which an outside bus has, its certificate is verified for its name.
//  3. Only without pins, and only to a loopback address, may a connection be in clear,
//     whatever servers the bus tells of later.
func (c Credentials) secure(o *nats.Options) {
	switch {
	case o.InProcessServer != nil:
	case len(c.Pins) > 0:
		o.Secure, o.TLSConfig = true, pinned.Client(func() []string { return c.Pins }, false)
	case onLoopback(o.Servers):
		o.CustomDialer = loopbackDialer{}
	default:
		o.Secure = true
	}
}

// onLoopback says whether all servers are named by a loopback address or as localhost.
func onLoopback(servers []string) bool {
	for _, server := range servers {
		if !strings.Contains(server, "://") {
			server = "nats://" + server
		}
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || !loopback.Names(u.Hostname()) {
			return false
		}
	}
	return len(servers) > 0
}

// loopbackDialer connects to this machine only: a name may lead elsewhere, and a bus may
// tell of servers elsewhere.
type loopbackDialer struct{}

// Dial implements [nats.CustomDialer]. The client has looked names up before.
func (loopbackDialer) Dial(network, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("%s: %w", address, ErrUnencrypted)
	}
	return (&net.Dialer{Timeout: dialWithin}).Dial(network, address)
}

// PinnedBus lets a connection of the control plane trust the certificate of an embedded
// bus that has this authority's keys, beside those that the system trusts.
func (a *Authority) PinnedBus() nats.Option {
	return func(o *nats.Options) error {
		o.TLSConfig = pinned.Client(func() []string {
			_, pins := a.signer.Known(context.Background())
			return pins
		}, true)
		return nil
	}
}
