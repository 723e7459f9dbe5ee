package testkit

import (
	"net/netip"
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
