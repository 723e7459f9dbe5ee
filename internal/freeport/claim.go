package freeport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Claim is an address that somebody else chose, such as one from a flag, and that is
// listened at until the server that it is for begins: so a port in use is known before
// anything else is done, and stays the server's own.
//
// Invariants:
//  1. From [Take] until [Claim.HandOver] or [Claim.Release] no other process can listen
//     at the address.
//  2. When HandOver returns nil no copy of the claim's sockets keeps the address from the
//     server, not even one in a child that is just being started.
type Claim struct {
	address  string
	networks []string

	mu   sync.Mutex
	held []io.Closer
}

// Take claims the address, host:port, on each of the networks "tcp" and "udp" that are
// given. Of port 0 it only finds out that the host can be listened at. An error is that
// of listening.
func Take(address string, networks ...string) (*Claim, error) {
	c := &Claim{address: address, networks: networks}
	if err := patiently(c.listen); err != nil {
		return nil, err
	}
	if _, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		c.Release()
		c.networks = nil
	}
	return c, nil
}

// Release gives the address free. It may be called again, and on nil.
func (c *Claim) Release() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.held {
		_ = h.Close() // nothing was sent
	}
	c.held = nil
}

// HandOver gives the address free for the server, which is to listen there at once. Of a
// claim that was handed over, that was released or that is nil it does nothing.
func (c *Claim) HandOver() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	held := len(c.held) > 0
	c.mu.Unlock()
	if !held {
		return nil
	}
	c.Release()
	return patiently(func() error {
		// No child is started meanwhile, which would have copies of the sockets.
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		defer c.Release()
		return c.listen()
	})
}

// listen listens on all networks, or on none.
func (c *Claim) listen() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, network := range c.networks {
		h, err := listen(network, c.address)
		if err != nil {
			for _, h := range c.held {
				_ = h.Close()
			}
			c.held = nil
			return err
		}
		c.held = append(c.held, h)
	}
	return nil
}

func listen(network, address string) (io.Closer, error) {
	if network == "udp" {
		return net.ListenPacket(network, address)
	}
	return net.Listen(network, address)
}

// patiently repeats what fails because an address is in use, for as long as the socket of
// a server that has just ended may last.
func patiently(try func() error) error {
	tick := time.NewTicker(holdEvery)
	defer tick.Stop()
	for began := time.Now(); ; <-tick.C {
		err := try()
		if !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
		if time.Since(began) > holdPatience {
			return fmt.Errorf("another program listens there: %w", err)
		}
	}
}
