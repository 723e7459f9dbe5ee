package freeport

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func pick(t *testing.T) *Port {
	t.Helper()
	p, err := Pick(loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Release)
	return p
}

func TestPick(t *testing.T) {
	t.Parallel()
	if port := pick(t).Number(); port < first || port >= end {
		t.Errorf("%d is a client's port", port)
	}
}

// Invariant 1: who does not hold the port gets another one, although nothing listens there.
func TestHeldOnce(t *testing.T) {
	t.Parallel()
	p := pick(t)
	if again, err := tryHold(p.Number()); !errors.Is(err, syscall.EADDRINUSE) {
		again.Release()
		t.Errorf("held twice: %v", err)
	}
	other, err := Keep(loopback, p.Number())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if other.Number() == p.Number() {
		t.Error("a port was kept that another holds")
	}
}

// Invariant 2, within a process.
func TestRelease(t *testing.T) {
	t.Parallel()
	p := pick(t)
	p.Release()
	again, err := Keep(loopback, p.Number())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	if again.Number() != p.Number() {
		t.Error("a port that was released is not kept")
	}
	p.Release()
	(*Port)(nil).Release()
	if twice, err := tryHold(p.Number()); err == nil {
		twice.Release()
		t.Error("the second release let go of what another holds")
	}
}

const holder = "OPSLEDGER_TEST_PORT_HOLDER"

// TestHolder is the other process of [TestHeldByProcess].
func TestHolder(t *testing.T) {
	if os.Getenv(holder) == "" {
		t.Skip("runs in a process of its own")
	}
	_, _ = os.Stdout.WriteString(strconv.Itoa(int(pick(t).Number())) + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or its parent has ended
}

// Both invariants, between processes: a hold ends with its process, however that ends.
func TestHeldByProcess(t *testing.T) {
	t.Parallel()
	other := exec.Command(os.Args[0], "-test.run=^TestHolder$")
	other.Env = append(os.Environ(), holder+"=1")
	in, errIn := other.StdinPipe()
	out, errOut := other.StdoutPipe()
	if err := errors.Join(errIn, errOut, other.Start()); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	number, notNumber := strconv.Atoi(strings.TrimSpace(line))
	if err := errors.Join(err, notNumber); err != nil {
		t.Fatal(err)
	}
	if p, err := tryHold(uint16(number)); err == nil {
		p.Release()
		t.Error("a port is held by two processes")
	}
	_ = other.Process.Kill()
	_ = other.Wait()
	p, err := Hold(uint16(number))
	if err != nil {
		t.Fatalf("the holder is dead: %v", err)
	}
	p.Release()
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

// A port that is listened on is not kept.
func TestKeepListenedOn(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).AddrPort().Port()
	p, err := Keep(loopback, taken)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	if p.Number() == taken {
		t.Error("a port was kept that is listened on")
	}
}

func TestNoSuchAddress(t *testing.T) {
	t.Parallel()
	if port, err := Pick(netip.MustParseAddr("192.0.2.1")); err == nil {
		t.Errorf("port %d of an address that nobody has", port.Number())
	}
}
