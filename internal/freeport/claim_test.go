package freeport

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// ownAddress is an address of this process alone, at any port: a port that is free there for one network is for the
// other, too, since other programs' connections begin at 127.0.0.1.
func ownAddress() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:0", 64+pid>>16&63, pid>>8&255, pid&255)
}

// Invariant 1, and the way to the server.
func TestClaim(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ownAddress())
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if _, err := Take(address, "tcp", "udp"); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("what is listened at was claimed: %v", err)
	}
	_ = l.Close()
	claim, err := Take(address, "tcp", "udp")
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"tcp", "udp"} {
		if h, err := listen(network, address); err == nil {
			_ = h.Close()
			t.Errorf("%s: a stranger listens at a claimed address", network)
		}
	}
	if err := claim.HandOver(); err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"tcp", "udp"} {
		h, err := listen(network, address)
		if err != nil {
			t.Errorf("%s: the server cannot listen: %v", network, err)
			continue
		}
		defer h.Close()
	}
	if err := claim.HandOver(); err != nil {
		t.Errorf("handed over twice: %v", err)
	}
	claim.Release()
}

// What is claimed on one network alone fails as a whole.
func TestClaimHalfTaken(t *testing.T) {
	t.Parallel()
	udp, err := net.ListenPacket("udp", ownAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if _, err := Take(udp.LocalAddr().String(), "tcp", "udp"); err == nil {
		t.Fatal("it was claimed")
	}
	l, err := net.Listen("tcp", udp.LocalAddr().String())
	if err != nil {
		t.Fatalf("a claim that failed keeps the other network: %v", err)
	}
	_ = l.Close()
}

func TestClaimAnyPort(t *testing.T) {
	t.Parallel()
	if _, err := Take("192.0.2.1:0", "tcp"); err == nil {
		t.Error("an address that nobody has was claimed")
	}
	claim, err := Take("127.0.0.1:0", "tcp", "udp")
	if err != nil {
		t.Fatal(err)
	}
	if err := claim.HandOver(); err != nil {
		t.Error(err)
	}
	var none *Claim
	none.Release()
	if err := none.HandOver(); err != nil {
		t.Error(err)
	}
}
