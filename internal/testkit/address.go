package testkit

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/freeport"
)

// Address returns a loopback address that is the test's own until it ends: its
// server may stop and listen there again. Others do not get it meanwhile, also
// not in other processes.
func Address(t testing.TB) string {
	t.Helper()
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	port, err := freeport.Pick(loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	return netip.AddrPortFrom(loopback, port.Number()).String()
}

// Listen listens at the test's own address, perhaps again: a child that this process
// was just starting has a copy of the listener before until it runs its program.
func Listen(t testing.TB, address string) net.Listener {
	t.Helper()
	var l net.Listener
	Eventually(t, "it listens at "+address, func() bool {
		var err error
		if l, err = net.Listen("tcp", address); err != nil && !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
		return err == nil
	})
	return l
}
