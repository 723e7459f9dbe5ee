package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
)

// The ports to pick from. The kernel gives clients those from 32768 on
// (net.ipv4.ip_local_port_range). A server's port among them may be taken by
// anybody's connection while the server is down, in the end even by its own
// client that connects again and again and meets itself (simultaneous open).
const (
	first = 12000
	end   = 32000
)

const attempts = 200

// Pick holds a port at the address that nothing listens on, by TCP and UDP alike.
func Pick(addr netip.Addr) (*Port, error) {
	var err error
	for range attempts {
		var p *Port
		if p, err = tryHold(uint16(first + rand.IntN(end-first))); err != nil {
			continue
		}
		if err = Check(netip.AddrPortFrom(addr, p.number)); err == nil {
			return p, nil
		}
		p.Release()
	}
	return nil, fmt.Errorf("find a free port at %s: %w", addr, err)
}

// Keep holds the port that was picked before, or another one when that is held or
// listened on by others; none was picked before when it is 0.
func Keep(addr netip.Addr, before uint16) (*Port, error) {
	if before == 0 {
		return Pick(addr)
	}
	p, err := Hold(before)
	if err != nil {
		return Pick(addr)
	}
	if Check(netip.AddrPortFrom(addr, before)) != nil {
		p.Release()
		return Pick(addr)
	}
	return p, nil
}

// Check returns why a server could not listen at the address now, by TCP or
// UDP; nil if it could. No child is started meanwhile, which would have copies of
// the sockets and keep the server from the address for a moment.
func Check(addr netip.AddrPort) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	tcp, err := net.Listen("tcp", addr.String())
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp", addr.String())
	if err == nil {
		err = udp.Close()
	}
	return errors.Join(err, tcp.Close())
}
