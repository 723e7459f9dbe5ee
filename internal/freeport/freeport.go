package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
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

// Pick returns a port at the address that nothing listens on, by TCP and UDP alike.
func Pick(addr netip.Addr) (uint16, error) {
	var err error
	for range attempts {
		port := uint16(first + rand.IntN(end-first))
		if err = Check(netip.AddrPortFrom(addr, port)); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port at %s: %w", addr, err)
}

// Check returns why a server could not listen at the address now, by TCP or
// UDP; nil if it could.
func Check(addr netip.AddrPort) error {
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
