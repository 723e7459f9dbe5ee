package freeport

import (
	"net"
	"net/netip"
	"testing"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func TestPick(t *testing.T) {
	t.Parallel()
	port, err := Pick(loopback)
	if err != nil {
		t.Fatal(err)
	}
	if port < first || port >= end {
		t.Errorf("%d is a client's port", port)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for _, taken := range []net.Addr{tcp.Addr(), udp.LocalAddr()} {
		if Check(netip.MustParseAddrPort(taken.String())) == nil {
			t.Errorf("%s %s is free", taken.Network(), taken)
		}
	}
}

func TestNoSuchAddress(t *testing.T) {
	t.Parallel()
	if port, err := Pick(netip.MustParseAddr("192.0.2.1")); err == nil {
		t.Errorf("port %d of an address that nobody has", port)
	}
}
