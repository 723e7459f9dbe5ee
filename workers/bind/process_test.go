package bind

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A named that outlived its engine is ended, not doubled: two on one port would answer in turn.
func TestLeftOverNamedIsEnded(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	h.cancel()
	if err := <-h.ended; err != nil {
		t.Fatal(err)
	}
	old := exec.Command(h.agent.layout.program(), "-f", "-L", h.agent.layout.log(), "-c", h.agent.layout.conf())
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = old.Wait(); close(gone) }()
	for deadline := time.Now().Add(10 * time.Second); h.agent.leftOver() != old.Process.Pid; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the named to be left over did not start")
		}
	}
	h.start()
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	select {
	case <-gone:
	default:
		t.Error("the named that was left over still runs")
	}
	for range 20 {
		h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := New(Config{Dir: t.TempDir(), Supervise: true, Listen: l.Addr().(*net.TCPAddr).AddrPort()})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Run: %v", err)
	}
}

// Where the system runs named, the engine writes the configuration and speaks
// to named, and starts nothing.
func TestNamedOfTheSystem(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.cancel()
	if err := <-h.ended; err != nil {
		t.Fatal(err)
	}
	h.foreign = h.agent.Addr()
	h.start()
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	for deadline := time.Now().Add(10 * time.Second); !h.agent.haveConf(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no configuration was written")
		}
	}
	if r := h.agent.Status(); r.Applied != 0 || r.Named != "" {
		t.Errorf("without named: %+v", r)
	}
	for i := range 2 {
		named := exec.Command(h.agent.layout.program(), "-f", "-L", h.agent.layout.log(), "-c", h.agent.layout.conf())
		if err := named.Start(); err != nil {
			t.Fatal(err)
		}
		h.add(z, record(v, fmt.Sprintf("x%d", i), "A", "10.0.0.2"))
		h.applied()
		h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
		_ = named.Process.Kill()
		_ = named.Wait()
	}
}
