package testkit

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/freeport"
)

// Address returns a loopback address that is the test's own until it ends: its
// server may stop and listen there again. Other tests do not get it meanwhile,
// also not those of other processes.
func Address(t testing.TB) string {
	t.Helper()
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for range 100 {
		port, err := freeport.Pick(loopback)
		if err != nil {
			t.Fatal(err)
		}
		if reservePort(t, port) {
			return netip.AddrPortFrom(loopback, port).String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// reservePort locks a file named for the port until the test ends. The lock
// dies with the process; the empty file stays, since two could lock the same
// name if a locked file were removed.
func reservePort(t testing.TB, port uint16) bool {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "opsledger-test-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(int(port))), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return false
	}
	t.Cleanup(func() { _ = file.Close() })
	return true
}
