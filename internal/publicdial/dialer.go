package publicdial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// ErrNotPublic: a connection would lead to an address that is not public, and is not allowed. It
// names no address, since whoever named the host may not know it.
var ErrNotPublic = errors.New("the host is at an address that is not public")

// ErrNotAllowed: a connection would lead to a public address, which is no reason for a Dialer that
// connects Only to what is allowed.
var ErrNotAllowed = errors.New("the host is not one of those that are allowed")

// connectWithin bounds the time that a connection may take.
const connectWithin = 10 * time.Second

// Dialer connects to hosts.
//
// Invariants:
//  1. A connection is made to a public address, to one that is allowed, or for a host that is
//     allowed by its name; each address that a name has is looked at when it is connected to.
//  2. With Only, as for what is sent in clear, a public address is no reason.
type Dialer struct {
	// Allow is what may be connected to besides.
	Allow []Allowed
	// Only: nothing but Allow may be connected to.
	Only bool
	// Resolver is the system's where it is nil.
	Resolver *net.Resolver
}

// DialContext connects to host and port by TCP, see [net.Dialer.DialContext].
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, err
	}
	named := d.Names(host, uint16(port))
	dialer := net.Dialer{Timeout: connectWithin, Resolver: d.Resolver, ControlContext: func(_ context.Context, network, reached string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("no connection by %s", network)
		}
		if named {
			return nil
		}
		return d.check(reached)
	}}
	return dialer.DialContext(ctx, network, address)
}

// check refuses the address of a connection that is about to be made.
func (d *Dialer) check(reached string) error {
	at, err := netip.ParseAddrPort(reached)
	if err != nil {
		return ErrNotPublic
	}
	return d.Check(at.Addr(), at.Port())
}

// Check returns [ErrNotPublic] or [ErrNotAllowed] for an address that must not be connected to.
func (d *Dialer) Check(addr netip.Addr, port uint16) error {
	addr = addr.Unmap()
	for i := range d.Allow {
		if d.Allow[i].has(addr, port) {
			return nil
		}
	}
	switch {
	case !Public(addr):
		return ErrNotPublic
	case d.Only:
		return ErrNotAllowed
	default:
		return nil
	}
}

// Names says whether a host is allowed by its name.
func (d *Dialer) Names(host string, port uint16) bool {
	host = foldHost(host)
	for i := range d.Allow {
		if d.Allow[i].names(host, port) {
			return true
		}
	}
	return false
}
