package bind

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A named that outlived its engine is ended, not doubled: two on one port would answer in turn.
func TestOrphanedNamedIsEnded(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	h.cancel()
	if err := <-h.ended; err != nil {
		t.Fatal(err)
	}
	old, err := child.Start(t.Context(), h.engine.layout.asNamed(child.Spec{
		Path: h.engine.layout.program(), Args: []string{"-f", "-L", h.engine.layout.log(), "-c", h.engine.layout.conf()},
	}))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the named to be left over has started", func() bool { return h.engine.orphan() == old.Pid() })
	h.start()
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	select {
	case <-old.Done():
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
	e, err := New(Config{Dir: t.TempDir(), Supervise: true, Listen: l.Addr().(*net.TCPAddr).AddrPort()})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Run: %v", err)
	}
}

// Where the system runs named, the engine writes the configuration and speaks
// to named, and starts nothing.
func TestNamedOfTheSystem(t *testing.T) {
	t.Parallel()
	h := &host{t: t, dir: t.TempDir(), ids: 100, foreign: netip.MustParseAddrPort(testkit.Address(t))}
	h.start()
	t.Cleanup(h.stop)
	if err := h.engine.copyProgram(); err != nil { // for the system, which is this test
		t.Fatal(err)
	}
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	testkit.Eventually(t, "a configuration is written", h.engine.haveConf)
	if r := h.engine.Status(); r.Applied != 0 || r.Named != "" {
		t.Errorf("without named: %+v", r)
	}
	for i := range 2 {
		named, err := child.Start(t.Context(), child.Spec{
			Path: h.engine.layout.program(), Args: []string{"-f", "-L", h.engine.layout.log(), "-c", h.engine.layout.conf()},
		})
		if err != nil {
			t.Fatal(err)
		}
		h.add(z, record(v, fmt.Sprintf("x%d", i), "A", "10.0.0.2"))
		h.applied()
		h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
		named.Kill()
	}
}
