package bind

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// rewriteSteps are those after which an agent may die.
var rewriteSteps = []string{"written", "frozen", "dumped", "journal removed", "renamed", "thawed"}

// doomed is a zone whose changes are larger than a message.
var doomed = generations{names: 1600, each: 2}

const doomedAt domain.Position = 100

// An agent that is killed at any step of a rewrite leaves a named that serves the old zone or
// the new one, also after named was killed and started again; and the next agent brings it to
// the new one, and can change it.
func TestAgentKilledInARewrite(t *testing.T) {
	t.Parallel()
	for _, step := range rewriteSteps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			h := &host{t: t, dir: t.TempDir(), foreign: netip.MustParseAddrPort(testkit.Address(t)), ids: 100, position: doomedAt}
			named := h.firstGeneration()
			h.dieAt(step)
			if step == "thawed" { // named loads the new file behind its answer
				testkit.Eventually(t, "the new generation is served", func() bool { return h.generationOf(0) == 1 })
			}
			first := h.oneGeneration()
			if step == "renamed" || step == "thawed" {
				named.Kill()
				named = h.startNamed()
				if second := h.oneGeneration(); second != 1 {
					t.Errorf("generation %d from the file, after %d", second, first)
				}
			}
			defer named.Kill()
			h.position += 1 + domain.Position(len(doomed.change(0)))
			h.startFrom(doomed.snapshot(1, h.position))
			defer h.stop()
			h.applied()
			if got := h.oneGeneration(); got != 1 {
				t.Errorf("generation %d in the end", got)
			}
			h.emitAll(doomed.change(1)...)
			h.applied()
		})
	}
}

// firstGeneration has an engine prepare a named of the system with the first generation,
// and ends the engine.
func (h *host) firstGeneration() *child.Process {
	h.t.Helper()
	h.startFrom(doomed.snapshot(0, h.position))
	if err := h.engine.copyProgram(); err != nil {
		h.t.Fatal(err)
	}
	testkit.Eventually(h.t, "a configuration is written", h.engine.haveConf)
	named := h.startNamed()
	h.applied()
	h.stop()
	return named
}

func (h *host) startNamed() *child.Process {
	h.t.Helper()
	named, err := child.Start(h.t.Context(), child.Spec{
		Path: h.engine.layout.program(), Args: []string{"-f", "-L", h.engine.layout.log(), "-c", h.engine.layout.conf()},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return named
}

// dieAt runs another program with an engine on the host's directory, which dies at the step.
func (h *host) dieAt(step string) {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.CommandContext(h.t.Context(), self, "-test.run=^TestAgentThatDies$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), "OPSLEDGER_TEST_DIE_AT="+step, "OPSLEDGER_TEST_DIE_IN="+h.dir, "OPSLEDGER_TEST_NAMED="+h.foreign.String())
	out, err := cmd.CombinedOutput()
	state, is := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !is || !state.Signaled() || state.Signal() != syscall.SIGKILL {
		h.t.Fatalf("the agent ended otherwise: %v\n%s", err, out)
	}
}

// TestAgentThatDies is the program that dieAt runs.
func TestAgentThatDies(t *testing.T) {
	step, dir := os.Getenv("OPSLEDGER_TEST_DIE_AT"), os.Getenv("OPSLEDGER_TEST_DIE_IN")
	if step == "" {
		t.Skip("this is the agent of TestAgentKilledInARewrite")
	}
	var armed atomic.Bool
	h := &host{t: t, dir: dir, foreign: netip.MustParseAddrPort(os.Getenv("OPSLEDGER_TEST_NAMED")), ids: 100, position: doomedAt}
	h.passing = func(at string) {
		if at == step && armed.Load() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	h.startFrom(doomed.snapshot(0, h.position))
	h.emit(dns.RecordAdded{ID: h.id(), ZoneID: generationsZone, Record: record(generationsView, "dirty", "A", "192.0.2.1")})
	h.applied() // named has to dump the zone
	armed.Store(true)
	h.emitAll(doomed.change(0)...)
	<-h.ended
}

// oneGeneration asks for all names until named answers, and returns the generation that all of
// them are of.
func (h *host) oneGeneration() int {
	h.t.Helper()
	conn, err := mdns.Dial("udp", h.foreign.String())
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	all := -1
	for name := range doomed.names {
		generation, wrong := doomed.ask(conn, name)
		for began := time.Now(); wrong != "" && (all < 0 || wrong == "timeout") && time.Since(began) < testkit.Patience; {
			generation, wrong = doomed.ask(conn, name) // named is on its way, or a datagram was lost
		}
		if wrong != "" || all >= 0 && generation != all {
			h.t.Fatalf("w%d: %s, generation %d beside %d", name, wrong, generation, all)
		}
		all = generation
	}
	return all
}

// generationOf is the generation that a name is answered with, -1 for none.
func (h *host) generationOf(name int) int {
	conn, err := mdns.Dial("udp", h.engine.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	generation, wrong := doomed.ask(conn, name)
	if wrong != "" {
		return -1
	}
	return generation
}

// A rewrite that comes to no end is given up, and named takes the zone's changes again.
func TestRewriteThatFailsIsEnded(t *testing.T) {
	t.Parallel()
	var once atomic.Bool
	h := &host{t: t, dir: t.TempDir(), ids: 100, position: doomedAt, patience: time.Second}
	h.passing = func(at string) {
		if at == "frozen" && once.CompareAndSwap(false, true) {
			_ = os.Remove(h.fileOf(generationsView, "a.test.")) // as nobody should: the dump has no file to be found in
		}
	}
	h.startFrom(doomed.snapshot(0, h.position))
	t.Cleanup(h.stop)
	h.applied()
	h.emitAll(doomed.change(0)...)
	h.applied()
	if !once.Load() {
		t.Error("nothing was rewritten")
	}
	h.emitAll(doomed.change(1)...)
	h.applied()
	if got := h.serial("127.0.0.1", "a.test"); got != uint32(h.position) {
		t.Errorf("serial %d, want %d", got, h.position)
	}
}

// Who changes a zone as soon as its new file is loaded keeps the engine from seeing the file's
// serial, and not from going on.
func TestZoneIsChangedRightAfterARewrite(t *testing.T) {
	t.Parallel()
	var once atomic.Bool
	h := &host{t: t, dir: t.TempDir(), ids: 100, position: doomedAt, patience: 2 * testkit.Patience}
	h.passing = func(at string) {
		if at == "thawed" && once.CompareAndSwap(false, true) {
			testkit.Eventually(t, "named takes updates of the new file", func() bool {
				return h.tampered(generationsView, "a.test.", "own.a.test. 60 A 10.0.0.9") == mdns.RcodeSuccess
			})
		}
	}
	h.startFrom(doomed.snapshot(0, h.position))
	t.Cleanup(h.stop)
	h.applied()
	h.emitAll(doomed.change(0)...)
	h.applied()
	if !once.Load() {
		t.Error("nothing was rewritten")
	}
	h.expect("127.0.0.1", "own.a.test", "A")
}

// A person may freeze a zone, and forget it.
func TestZoneFrozenByHandIsThawed(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	if _, err := h.engine.control(t.Context(), "freeze a.test IN "+viewName(v)); err != nil {
		t.Fatal(err)
	}
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
}

// fileOf is a zone's file.
func (h *host) fileOf(view int64, zone string) string {
	have, err := h.engine.showZone(context.Background(), zoneKey{view: view, zone: zone})
	if err != nil {
		h.t.Error(err)
	}
	return have.file
}
