package rollouts

import (
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// The servers 1 and 2 are the first stage, 3 is the second, all others are the last.
func runningIn(stage int) dnsmodel.Rollout {
	r := dnsmodel.Rollout{ID: 10, First: 9, Stages: dns.RolloutStages{{1, 2}, {3}}, SoakS: 30, State: dnsmodel.RolloutRunning}
	for i := range stage {
		r.Reached = append(r.Reached, int64(10+i))
	}
	return r
}

// look is one look at the servers, so many seconds after the first.
type look struct {
	at      int
	stage   int
	servers []reporter.SettingsOn
	// want is "wait", "on", or a part of why it is stopped.
	want string
}

func on(id int64, change ...func(*reporter.SettingsOn)) reporter.SettingsOn {
	s := reporter.SettingsOn{ServerID: id, Online: true, Proved: true}
	for _, c := range change {
		c(&s)
	}
	return s
}

func away(s *reporter.SettingsOn)   { *s = reporter.SettingsOn{ServerID: s.ServerID} }
func behind(s *reporter.SettingsOn) { s.Proved = false }
func refuses(s *reporter.SettingsOn) {
	s.Proved, s.Refused = false, "unknown option"
}
func sick(s *reporter.SettingsOn) { s.Unwell = "clients get REFUSED" }

// What servers say, look by look, and what becomes of the rollout.
func TestJudge(t *testing.T) {
	t.Parallel()
	all := func(s ...reporter.SettingsOn) []reporter.SettingsOn { return s }
	for name, looks := range map[string][]look{
		"well for the soak": {
			{0, 1, all(on(1), on(2), on(3, behind)), "wait"}, {29, 1, all(on(1), on(2), on(3, behind)), "wait"}, {30, 1, all(on(1), on(2), on(3, behind)), "on"},
		},
		"the soak begins with the last server": {
			{0, 1, all(on(1), on(2, behind)), "wait"}, {30, 1, all(on(1), on(2)), "wait"}, {60, 1, all(on(1), on(2)), "on"},
		},
		"each stage has a soak of its own": {
			{0, 1, all(on(1), on(3)), "wait"}, {30, 1, all(on(1), on(3)), "on"}, {31, 2, all(on(1), on(3)), "wait"}, {60, 2, all(on(1), on(3)), "wait"},
			{61, 2, all(on(1), on(3)), "on"},
		},
		"one that is away makes its stage wait, and no later one": {
			{0, 1, all(on(1), on(2, away)), "wait"}, {900, 1, all(on(1), on(2, away)), "wait"}, {901, 2, all(on(1), on(2, away), on(3)), "wait"},
			{931, 2, all(on(1), on(2, away), on(3)), "on"},
		},
		"the soak begins anew for one that was away": {
			{0, 1, all(on(1), on(2)), "wait"}, {20, 1, all(on(1), on(2, away)), "wait"}, {35, 1, all(on(1), on(2)), "wait"}, {65, 1, all(on(1), on(2)), "on"},
		},
		"refused": {{0, 1, all(on(1), on(2, refuses)), "server 2: unknown option"}},
		"refused by one of an earlier stage that comes back": {
			{0, 2, all(on(1, away), on(3)), "wait"}, {10, 2, all(on(1, refuses), on(3)), "server 1: unknown option"},
		},
		"refused by one whose stage is not reached": {{0, 1, all(on(1), on(3, refuses)), "wait"}, {30, 1, all(on(1), on(3, refuses)), "on"}},
		"unwell for a moment": {
			{0, 1, all(on(1)), "wait"}, {10, 1, all(on(1, sick)), "wait"}, {15, 1, all(on(1)), "wait"}, {40, 1, all(on(1)), "wait"}, {45, 1, all(on(1)), "on"},
		},
		"unwell twice for a moment": {
			{0, 1, all(on(1, sick)), "wait"}, {5, 1, all(on(1)), "wait"}, {9, 1, all(on(1, sick)), "wait"}, {18, 1, all(on(1, sick)), "wait"},
		},
		"unwell for a while": {{0, 1, all(on(1)), "wait"}, {10, 1, all(on(1, sick)), "wait"}, {20, 1, all(on(1, sick)), "server 1: clients get REFUSED"}},
		"unwell in an earlier stage": {
			{0, 2, all(on(1, sick), on(3)), "wait"}, {10, 2, all(on(1, sick), on(3)), "server 1: clients get REFUSED"},
		},
		"a stage without servers": {{0, 2, all(on(1), on(9, behind)), "on"}},
		"one that joins is in the last": {
			{0, 3, all(on(1), on(9), on(77, behind)), "wait"}, {30, 3, all(on(1), on(9), on(77)), "wait"}, {60, 3, all(on(1), on(9), on(77)), "on"},
		},
		"one that leaves is waited for no more": {
			{0, 1, all(on(1), on(2, sick)), "wait"}, {20, 1, all(on(1)), "wait"}, {50, 1, all(on(1)), "on"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w watch
			for _, l := range looks {
				servers := map[int64]reporter.SettingsOn{}
				for _, s := range l.servers {
					servers[s.ServerID] = s
				}
				got := w.judge(runningIn(l.stage), servers, time.Unix(int64(l.at), 0))
				is := map[bool]string{true: "on", false: "wait"}[got.goOn]
				if got.failed != "" {
					is = got.failed
				}
				if !strings.Contains(is, l.want) {
					t.Fatalf("after %d s: %s, want %s", l.at, is, l.want)
				}
			}
		})
	}
}

// What was seen of one rollout says nothing of the next.
func TestAnotherRolloutBeginsAnew(t *testing.T) {
	t.Parallel()
	var w watch
	well := map[int64]reporter.SettingsOn{1: on(1)}
	w.judge(runningIn(1), well, time.Unix(0, 0))
	other := runningIn(1)
	other.ID, other.Reached = 20, []int64{20}
	if got := w.judge(other, well, time.Unix(40, 0)); got.goOn {
		t.Error("the soak of another rollout counts")
	}
}

// A process that has just started knows no servers, which is no stage without servers.
func TestUnknownServersAreWaitedFor(t *testing.T) {
	t.Parallel()
	var w watch
	for at := range int64(2) {
		if got := w.judge(runningIn(2), nil, time.Unix(at*3600, 0)); got != (step{}) {
			t.Errorf("%+v", got)
		}
	}
}

// A server is looked at from the change on that brings it the configuration.
func TestBrought(t *testing.T) {
	t.Parallel()
	r := runningIn(2)
	for id, want := range map[int64][2]domain.Position{1: {9, 10}, 3: {11, 11}, 9: {0, 0}} {
		if first, last := Brought(r)(id); first != want[0] || last != want[1] {
			t.Errorf("server %d: %d to %d", id, first, last)
		}
	}
}
