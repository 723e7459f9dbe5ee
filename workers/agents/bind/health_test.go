package bind

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// systems is a host whose named the test runs, as the system does, with a view that the
// host's own address falls into and one that it does not.
type systems struct {
	*host
	named        *child.Process
	near, far    int64
	nearA, nearB int64
}

func newSystems(t *testing.T) *systems {
	t.Helper()
	s := &systems{host: &host{t: t, dir: t.TempDir(), ids: 100, verify: time.Hour, foreign: netip.MustParseAddrPort(testkit.Address(t))}}
	s.start()
	t.Cleanup(s.stop)
	if err := s.engine.copyProgram(); err != nil { // for the system, which is this test
		t.Fatal(err)
	}
	s.near, s.far = s.view("near", "127.0.0.0/8"), s.view("far", "192.0.2.0/24")
	s.nearA, _ = s.zone("a.test", s.near, s.far)
	s.nearB, _ = s.zone("b.test", s.near)
	testkit.Eventually(t, "a configuration is written", s.engine.haveConf)
	s.run()
	s.applied()
	return s
}

// run starts named.
func (s *systems) run() {
	s.t.Helper()
	var err error
	s.named, err = child.Start(s.t.Context(), child.Spec{
		Path: s.engine.layout.program(), Args: []string{"-f", "-L", s.engine.layout.log(), "-c", s.engine.layout.conf()},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.named.Kill)
}

func (s *systems) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.named.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// unserved waits until reports say what clients do not get, and that this is all of it.
func (s *systems) unserved(what string, view, zone int64, says string) {
	s.t.Helper()
	s.until(what, func(r protocol.Report) bool {
		now := slices.DeleteFunc(slices.Clone(r.Failures), func(f protocol.Failure) bool { return !f.Now })
		return len(now) == 1 && now[0].ViewID == view && now[0].ZoneID == zone && now[0].More == (view == 0) && strings.Contains(now[0].Message, says)
	})
}

// edit changes the configuration by hand: in what stands behind the view's beginning.
func (s *systems) edit(view int64, before, after string) (undo func()) {
	s.t.Helper()
	text, err := os.ReadFile(s.engine.layout.conf())
	if err != nil {
		s.t.Fatal(err)
	}
	start := strings.Index(string(text), "view "+quoted(viewName(view)))
	if start < 0 || !strings.Contains(string(text)[start:], before) {
		s.t.Fatalf("view %d has no %s: %s", view, before, text)
	}
	s.reconfigure(string(text)[:start] + strings.Replace(string(text)[start:], before, after, 1))
	return func() { s.reconfigure(string(text)) }
}

func (s *systems) reconfigure(text string) {
	s.t.Helper()
	if err := s.engine.layout.write(s.engine.layout.conf(), []byte(text)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.engine.control(s.t.Context(), "reconfig"); err != nil {
		s.t.Fatal(err)
	}
}

// A named that is frozen or dead is said, though nothing changes, and that it is back.
func TestSilentNamedIsSaid(t *testing.T) {
	t.Parallel()
	s := newSystems(t)
	s.signal(syscall.SIGSTOP)
	s.unserved("it is frozen", 0, 0, "does not answer")
	s.signal(syscall.SIGCONT)
	s.applied()
	s.named.Kill()
	s.unserved("it is dead", 0, 0, "does not answer")
	s.run()
	s.applied()
}

// A named that refuses what the log lets it serve is said, for whom it refuses: the engine
// itself is never refused, since it asks with a key.
func TestRefusingNamedIsSaid(t *testing.T) {
	t.Parallel()
	s := newSystems(t)
	s.emit(dns.ServerSettingsChanged{ID: 7, After: dns.ServerSettings{OnDrift: dns.DriftReport}}) // else it is repaired
	s.applied()
	undo := s.edit(s.near, "127.0.0.0/8;", "192.0.2.99;")
	s.unserved("clients fall into no view", s.near, 0, "clients at 127.0.0.1 get REFUSED")
	undo()
	s.applied()
	undo = s.edit(s.far, "any;", "192.0.2.99;") // of its allow-query
	s.unserved("nobody may ask", s.far, 0, "clients get REFUSED")
	undo()
	s.applied()
	for i := range 2 * askedZones { // so that it is one of many
		s.zone(fmt.Sprintf("z%d.test", i), s.near)
	}
	s.applied()
	shown, err := s.engine.control(t.Context(), "showzone b.test IN "+viewName(s.near))
	if err != nil {
		t.Fatal(err)
	}
	_, statement, _ := strings.Cut(shown, "{")
	statement = "{ allow-query { key " + quoted(viewKeyName(s.near)) + "; }; " + strings.TrimSpace(statement)
	if _, err := s.engine.control(t.Context(), "modzone b.test IN "+viewName(s.near)+" "+statement); err != nil {
		t.Fatal(err)
	}
	s.unserved("one zone is refused", s.near, s.nearB, "clients at 127.0.0.1 get REFUSED for b.test")
	s.amongMany(zoneKey{view: s.near, zone: "b.test."})
}

// amongMany: a sweep sees a zone that clients alone do not get, and each round asks for it.
func (s *systems) amongMany(key zoneKey) {
	s.t.Helper()
	conn, err := dnsclient.Dial(s.t.Context(), s.engine.dialAddr())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	testkit.Eventually(s.t, "a sweep sees it", func() bool { // unless it is being compared
		s.engine.mu.Lock()
		z := s.engine.state.inView[key]
		x := expected{zone: z, serial: z.soa.Serial}
		s.engine.mu.Unlock()
		refused, err := s.engine.sweepSome(s.t.Context(), conn, true, []expected{x})
		if err != nil {
			s.t.Fatal(err)
		}
		return len(refused) == 1
	})
	h := &health{engine: s.engine}
	h.note([]fault{{concern: concern{address: "127.0.0.1:53", view: key.view, zone: strings.TrimSuffix(key.zone, ".")}}}, time.Now())
	if !h.wrong()[key] {
		s.t.Errorf("a round that has seen a fault is followed by one for %v", h.wrong())
	}
	for range 10 {
		p, _ := s.engine.plan(h.wrong())
		if !slices.ContainsFunc(p.zones[key.view], func(x expected) bool { return x.zone.key == key }) || len(p.zones[key.view]) != askedZones+1 {
			s.t.Errorf("a round asks for %d zones, and not for what was wrong before", len(p.zones[key.view]))
		}
	}
}

// What the configuration of the log refuses is no fault.
func TestWhatTheLogRefusesIsNoFault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"allow-query { any; };": true, "allow-query { none; };": false, "allow-query { 10.0.0.0/8; };": false,
		"allow-query { !127.0.0.1; any; };": false, "allow-query { 127.0.0.0/8; };": true, "allow-query { friends; };": false,
	} {
		conf, err := dns.ReadBindConf("options { " + text + " };")
		if err != nil {
			t.Fatal(err)
		}
		if got := allows(conf.Options()[0], netip.MustParseAddr("127.0.0.1")); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestViewOfAnAddress(t *testing.T) {
	t.Parallel()
	p := plan{order: []int64{1, 2, 3}, views: map[int64][]dns.ACLEntry{}}
	for id, text := range map[int64]string{1: "!10.1.0.0/16 10.0.0.0/8", 2: "2001:db8::/32", 3: "!10.2.0.1 none"} {
		entries, err := dns.ParseACL(text)
		if err != nil {
			t.Fatal(err)
		}
		p.views[id] = entries
	}
	for addr, want := range map[string]int64{"10.2.0.1": 1, "10.1.0.1": 0, "2001:db8::1": 2, "192.0.2.1": 0, "::ffff:10.2.0.1": 1} {
		if got := p.viewOf(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s falls into %d, want %d", addr, got, want)
		}
	}
}

// A fault is said when two rounds have seen it, silence only when it lasts; a round without
// it ends it. All of it happens within 15 s.
func TestFaultsAreSaidWhenTheyLast(t *testing.T) {
	t.Parallel()
	e := &Engine{changed: make(chan struct{}, 1), metrics: newMetrics(), state: newDesiredState(),
		log: slog.New(slog.DiscardHandler)}
	h := &health{engine: e}
	refused := fault{concern: concern{view: 1}, message: "REFUSED"}
	silent := fault{concern: concern{address: "127.0.0.1:53"}, silent: true, message: "silent"}
	at := time.Now()
	for i, step := range []struct {
		after  time.Duration
		faults []fault
		said   int
	}{
		{0, []fault{refused, silent}, 0}, {time.Second, []fault{refused, silent}, 1}, {silenceSaid, []fault{refused, silent}, 2},
		{0, []fault{silent}, 1}, {0, nil, 0}, {0, []fault{silent}, 0}, {silenceSaid - 1, []fault{silent}, 0}, {1, []fault{silent}, 1},
	} {
		at = at.Add(step.after)
		h.note(step.faults, at)
		if got := len(e.unservedLocked()); got != step.said {
			t.Errorf("step %d: %d faults are said, want %d", i, got, step.said)
		}
	}
	const oneRound = 2 * answerTimeout
	if most := askEvery + silenceSaid + 2*(oneRound+doubtEvery); most > 13*time.Second {
		t.Errorf("silence is said after %s, and reports take some time, too", most)
	}
}
