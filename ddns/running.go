package ddns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	mdns "github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/internal/network"
)

const (
	// maxMessage is the greatest message that DNS has.
	maxMessage = 64<<10 - 1
	// mostConnections bounds the connections that are open, mostOfNetwork those of one network.
	mostConnections, mostOfNetwork = 512, 64
)

// running is a server that runs.
type running struct {
	*Server
	// ctx ends when the server is to end, working when messages in work are given up.
	ctx, working context.Context
	sockets      *Sockets
	// messages counts those in work.
	messages sync.WaitGroup

	mu       sync.Mutex
	ended    bool
	open     map[*conn]struct{}
	networks map[string]int
}

// receive reads what comes by UDP.
func (r *running) receive() error {
	udp := r.sockets.UDP
	// So that an answer leaves from the address that was asked, where the host has several.
	_ = ipv4.NewPacketConn(udp).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	_ = ipv6.NewPacketConn(udp).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
	buf := make([]byte, maxMessage)
	for {
		n, session, err := mdns.ReadFromSessionUDP(udp, buf)
		if errors.Is(err, net.ErrClosed) || r.ctx.Err() != nil {
			return nil
		}
		if err != nil {
			continue // of one datagram, such as that an earlier answer found no one
		}
		from, _ := netip.ParseAddrPort(session.RemoteAddr().String())
		a := &asked{raw: append([]byte(nil), buf[:n]...), from: plain(from)}
		if isResponse(a.raw) {
			r.notifier.answered(a)
			continue
		}
		select {
		case r.work <- struct{}{}:
		default:
			r.metrics.dropped.Inc()
			continue
		}
		begun := r.begin(func() {
			defer func() { <-r.work }()
			r.handle(a, func(out []byte) error {
				_, err := mdns.WriteToSessionUDP(udp, out, session)
				return err
			})
		})
		if !begun {
			return nil
		}
	}
}

// plain is the address as it is in IPv4, where it is one of IPv4.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// begin works on a message or a connection, unless the server is to end.
func (r *running) begin(f func()) (begun bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.messages.Go(f)
	}
	return !r.ended
}

// accept takes connections.
func (r *running) accept() error {
	for {
		c, err := r.sockets.TCP.Accept()
		switch {
		case errors.Is(err, net.ErrClosed) || r.ctx.Err() != nil:
			return nil
		case err != nil:
			backoff.Sleep(r.ctx, 50*time.Millisecond) // for want of files, as a rule
			continue
		}
		own := r.admit(c)
		if own == nil {
			_ = c.Close()
			continue
		}
		if !r.begin(own.serve) {
			r.leave(own)
			_ = c.Close()
		}
	}
}

// admit gives a connection a place, nil where there is none. Where all are taken it gets that of one
// on which nobody has signed anything: a few addresses could take all places else.
func (r *running) admit(c net.Conn) *conn {
	from, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return nil
	}
	from = plain(from)
	name := network.Of(from.Addr())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.networks[name] >= mostOfNetwork || len(r.open) >= mostConnections && !r.closeStranger() {
		return nil
	}
	own := newConn(r, c, from, name)
	r.open[own] = struct{}{}
	r.networks[name]++
	return own
}

func (r *running) leave(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(c)
}

// closeStranger closes a connection on which nothing was signed, if there is one. mu is held.
func (r *running) closeStranger() (closed bool) {
	for c := range r.open {
		if !c.known.Load() {
			_ = c.Close()
			r.forget(c)
			return true
		}
	}
	return false
}

// forget takes a connection's place from it, once. mu is held.
func (r *running) forget(c *conn) {
	if _, open := r.open[c]; !open {
		return
	}
	delete(r.open, c)
	if r.networks[c.network]--; r.networks[c.network] == 0 {
		delete(r.networks, c.network)
	}
}

// close takes no more messages. What it returns closes the sockets and what is left of connections.
func (r *running) close() (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	_ = r.sockets.TCP.Close()
	_ = r.sockets.UDP.SetReadDeadline(time.Now())
	for c := range r.open {
		_ = c.SetReadDeadline(time.Now())
	}
	return func() {
		_ = r.sockets.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		for c := range r.open {
			_ = c.Close()
		}
	}
}
