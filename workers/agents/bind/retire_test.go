package bind

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// retire ends the service of the host's server, as its agent does.
func (h *host) retire() {
	h.t.Helper()
	if err := h.engine.Retire(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	for _, path := range h.engine.layout.stateOfService() {
		if exists(path) {
			h.t.Errorf("%s is still there", path)
		}
	}
}

// An engine's own named ends with the server, also one that has outlived its engine, and what it had is gone. Nothing
// is there to be started by the next engine.
func TestRetireEndsNamed(t *testing.T) {
	t.Parallel()
	h := &host{t: t, dir: t.TempDir(), ids: 100, outlives: true}
	h.start()
	t.Cleanup(h.stop)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.end()
	if !LeftOver(h.dir) {
		t.Fatal("named did not outlive its engine")
	}
	for range 2 { // again, as by an agent that is started again
		h.retire()
		if LeftOver(h.dir) {
			t.Error("named runs on")
		}
		for _, path := range h.engine.layout.ownOfNamed() {
			if exists(path) {
				t.Errorf("%s is still there", path)
			}
		}
	}
	h.start() // the machine becomes a server again
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
	h.end()
	h.retire()
}

// A named that the system runs serves nothing, neither now nor after its next start, until an engine that has zones
// gives it another configuration.
func TestRetireOfNamedOfTheSystem(t *testing.T) {
	t.Parallel()
	h := &host{t: t, dir: t.TempDir(), ids: 100, foreign: netip.MustParseAddrPort(testkit.Address(t))}
	h.start()
	t.Cleanup(h.stop)
	if err := h.engine.copyProgram(); err != nil {
		t.Fatal(err)
	}
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	testkit.Eventually(t, "a configuration is written", h.engine.haveConf)
	system := func() *child.Process {
		named, err := child.Start(t.Context(), child.Spec{
			Path: h.engine.layout.program(), Args: []string{"-f", "-L", h.engine.layout.log(), "-c", h.engine.layout.conf()},
		})
		if err != nil {
			t.Fatal(err)
		}
		return named
	}
	named := system()
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
	h.end()
	h.retire()
	h.refused("at once")
	text, err := os.ReadFile(h.engine.layout.conf())
	if err != nil || !strings.Contains(string(text), "recursion no;") || !strings.Contains(string(text), "allow-query { none; };") {
		t.Errorf("%v: %s", err, text)
	}
	named.Kill()
	<-named.Done()
	h.retire() // with no named
	named = system()
	testkit.Eventually(t, "named answers to its control channel", func() bool {
		_, err := h.engine.control(t.Context(), "status")
		return err == nil
	})
	h.refused("after a start")
	h.start() // the machine becomes a server again
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
	named.Kill()
}

// refused expects that named refuses what it served before.
func (h *host) refused(when string) {
	h.t.Helper()
	if reply := h.ask("127.0.0.1", "www.a.test", mdns.TypeA); reply.Rcode != mdns.RcodeRefused {
		h.t.Errorf("%s: named answers: %v", when, reply)
	}
}
