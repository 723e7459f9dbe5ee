package api

import (
	"container/list"
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"

	"github.com/opsledger/opsledger/internal/network"
)

const (
	// mostConnections bounds the connections of a process that may open any number of files.
	mostConnections = 8192
	// mostStrange is how many connections one address may have on which nobody has
	// logged in, where the process may open so many files.
	mostStrange = 512
)

// ConnectionLimits bound how many connections are open. Each costs a file of the
// process and some memory before anybody is known.
type ConnectionLimits struct {
	// Total bounds all connections, Strange those of one address on which nobody has
	// presented a token that is good. With such a token an address may have half of all.
	Total, Strange int
	// Proxies are trusted: the connections of many clients come from them, so that no
	// bound for one address fits, and nobody's flood may cut them off.
	Proxies []netip.Prefix
}

// DefaultConnectionLimits leaves most of the files that the process may open to the
// streams, the database and the bus.
func DefaultConnectionLimits() ConnectionLimits {
	var files syscall.Rlimit
	// Go has raised the limit as far as it may.
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		files.Cur = 0
	}
	return limitsOf(files.Cur)
}

// limitsOf are those of a process that may open so many files.
func limitsOf(files uint64) ConnectionLimits {
	total := int(min(max(files/4, 16), mostConnections))
	return ConnectionLimits{Total: total, Strange: min(mostStrange, total/4)}
}

// LimitConnections returns the listener with bounds on what it accepts. [Serve] tells it on
// which connections somebody has logged in.
func LimitConnections(inner net.Listener, limits ConnectionLimits) net.Listener {
	return &limitedListener{Listener: inner, limits: limits, networks: map[string]*networkConnections{}}
}

// limitedListener accepts connections within its limits.
//
// Invariants:
//  1. No more than Total connections are open, and no more than Strange strange ones of
//     a network that is no proxy's.
//  2. While all places are taken, whoever comes from a network that has fewer strange
//     connections than another gets the place of that one's oldest. So nobody is kept out by
//     those of whom nothing is known.
//  3. A connection on which somebody has logged in is never closed for another.
type limitedListener struct {
	net.Listener
	limits ConnectionLimits

	mu       sync.Mutex
	open     int
	networks map[string]*networkConnections
}

// networkConnections are the connections of what counts as one address.
type networkConnections struct {
	// strange are in the order of their arrival.
	strange list.List // of *limitedConn
	// known counts those on which somebody has logged in, and those of a proxy.
	known int
}

// Accept implements [net.Listener]. What is beyond the limits is closed at once.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		admitted, instead := l.admit(conn)
		if instead != nil {
			_ = instead.Close() // nothing is lost that anybody counts on
		}
		if admitted != nil {
			return admitted, nil
		}
		_ = conn.Close()
	}
}

// admit gives the connection a place, perhaps that of another, which is to be closed.
func (l *limitedListener) admit(conn net.Conn) (admitted, instead *limitedConn) {
	address := parseAddress(conn.RemoteAddr().String())
	name := network.Of(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.networks[name]
	if n == nil {
		n = &networkConnections{}
	}
	proxy := slices.ContainsFunc(l.limits.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
	if n.strange.Len() >= l.limits.Strange { // of a proxy none is strange
		return nil, nil
	}
	if l.open >= l.limits.Total {
		if instead = l.oldestOfMost(n.strange.Len() + 1); instead == nil {
			return nil, nil
		}
		l.remove(instead)
	}
	admitted = &limitedConn{Conn: conn, listener: l, name: name}
	if proxy {
		n.known++
	} else {
		admitted.strange = n.strange.PushBack(admitted)
	}
	l.networks[name] = n
	l.open++
	return admitted, instead
}

// oldestOfMost is the oldest strange connection of the network that has most of them, nil
// unless that has more than so many.
func (l *limitedListener) oldestOfMost(than int) *limitedConn {
	var most *networkConnections
	for _, n := range l.networks {
		if n.strange.Len() > than {
			most, than = n, n.strange.Len()
		}
	}
	if most == nil {
		return nil
	}
	return most.strange.Front().Value.(*limitedConn)
}

// remove takes the connection off the count, once.
func (l *limitedListener) remove(c *limitedConn) {
	if c.gone {
		return
	}
	c.gone = true
	l.open--
	n := l.networks[c.name]
	if c.strange != nil {
		n.strange.Remove(c.strange)
	} else {
		n.known--
	}
	if n.strange.Len() == 0 && n.known == 0 {
		delete(l.networks, c.name)
	}
}

// limitedConn is a connection that counts. Its fields are the listener's to change.
type limitedConn struct {
	net.Conn
	listener *limitedListener
	name     string
	// strange is its place in the order of arrival, nil once somebody has logged in.
	strange *list.Element
	gone    bool
}

// Close implements [net.Conn].
func (c *limitedConn) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets net/http end a connection so that the client still reads the reply.
func (c *limitedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// loggedIn counts the connection as one of somebody who is known, unless their address has
// half of all connections already.
func (c *limitedConn) loggedIn() {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	n := c.listener.networks[c.name]
	if c.gone || c.strange == nil || n.known >= c.listener.limits.Total/2 {
		return
	}
	n.strange.Remove(c.strange)
	c.strange = nil
	n.known++
}

// connKey is where the context of a request has its connection.
type connKey struct{}

// keepConn lets requests know their connection.
func keepConn(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = secure.NetConn()
	}
	if limited, ok := conn.(*limitedConn); ok {
		return context.WithValue(ctx, connKey{}, limited)
	}
	return ctx
}

// somebodyLoggedIn says that the request's connection is that of somebody who is known.
func somebodyLoggedIn(request context.Context) {
	if conn, ok := request.Value(connKey{}).(*limitedConn); ok {
		conn.loggedIn()
	}
}
