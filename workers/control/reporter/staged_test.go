package reporter

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
)

func said(r protocol.Report, at time.Time) *lastReport {
	w := &lastReport{}
	r.Boot, r.Seq = uuid.New(), 1
	w.take(r, at)
	return w
}

// Before it was read who is enrolled, nobody can say that a stage has no servers.
func TestSettingsOfUnknownServers(t *testing.T) {
	t.Parallel()
	r := &Reporter{cfg: Config{Roster: roster.NewServers(roster.Config{}, nil)}}
	if servers := r.Settings(func(int64) (first, last domain.Position) { return 0, 0 }); servers != nil {
		t.Errorf("%v", servers)
	}
}

// A change that goes out in stages is had by a server once its stage is reached and proved there; until the
// last stage it is pending, and after a stop it has failed.
func TestStagedChange(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000, 0)
	servers := []dnsmodel.Server{{ID: 1}, {ID: 2}}
	reached := func(state dnsmodel.RolloutState, ended domain.Position, at ...int64) *dnsmodel.Rollout {
		return &dnsmodel.Rollout{ID: 11, First: 10, Stages: dns.RolloutStages{{1}}, State: state, Reached: at, Ended: ended}
	}
	refused := protocol.Failure{Since: 20, Message: "unknown option"}
	for name, c := range map[string]struct {
		rollout  *dnsmodel.Rollout
		one, two protocol.Report
		state    State
		percent  int
		text     string // of the second server
	}{
		"first stage, not proved": {reached(dnsmodel.RolloutRunning, 0, 11), protocol.Report{Applied: 9, Seen: 11}, protocol.Report{Applied: 15, Seen: 15},
			Pending, 0, "waits for stage 2 of 2 of rollout 11, which is in stage 1"},
		"first stage proved": {reached(dnsmodel.RolloutRunning, 0, 11), protocol.Report{Applied: 11, Seen: 11}, protocol.Report{Applied: 15, Seen: 15}, Pending, 50, "waits"},
		"second stage, not seen": {reached(dnsmodel.RolloutRunning, 0, 11, 20), protocol.Report{Applied: 20, Seen: 20}, protocol.Report{Applied: 19, Seen: 19},
			Pending, 50, ""},
		"second stage proved": {reached(dnsmodel.RolloutRunning, 0, 11, 20), protocol.Report{Applied: 20, Seen: 20}, protocol.Report{Applied: 20, Seen: 20},
			InSync, 100, ""},
		"second stage refuses": {reached(dnsmodel.RolloutRunning, 0, 11, 20), protocol.Report{Applied: 20, Seen: 20},
			protocol.Report{Applied: 20, Seen: 20, Failures: []protocol.Failure{refused}}, Failed, 50, "unknown option"},
		"ended before the stage": {reached(dnsmodel.RolloutDone, 30, 11), protocol.Report{Applied: 30, Seen: 30}, protocol.Report{Applied: 29, Seen: 30}, Pending, 50, ""},
		"stopped": {reached(dnsmodel.RolloutStopped, 30, 11), protocol.Report{Applied: 30, Seen: 30}, protocol.Report{Applied: 30, Seen: 30}, Failed, 0,
			"rollout 11 was stopped in stage 1 of 2: by a user"},
	} {
		a := &asked{position: 10, end: 11, effects: effects{{any: true}: {}}, staged: true, rollout: c.rollout}
		got := a.evaluate(servers, map[int64]*lastReport{1: said(c.one, now), 2: said(c.two, now)}, now)
		if got.State != c.state || got.Percent != c.percent || !strings.Contains(got.Servers[1].Error, c.text) || c.text == "" && got.Servers[1].Error != "" {
			t.Errorf("%s: %s %d%% %+v", name, got.State, got.Percent, got.Servers)
		}
	}
}

// How a server is with the configuration of a rollout: what it refused before says nothing of this one, but
// is no good sign.
func TestSettingsOn(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000, 0)
	well := &protocol.Condition{Process: true, Port: true, Resolve: true}
	refused := func(since domain.Position) []protocol.Failure {
		return []protocol.Failure{{Since: since, Message: "unknown option"}}
	}
	for name, c := range map[string]struct {
		report protocol.Report
		want   SettingsOn
	}{
		"not seen":       {protocol.Report{Applied: 9, Seen: 9, Condition: well}, SettingsOn{Online: true}},
		"not proved":     {protocol.Report{Applied: 9, Seen: 11, Condition: well}, SettingsOn{Online: true}},
		"proved":         {protocol.Report{Applied: 11, Seen: 11, Condition: well}, SettingsOn{Online: true, Proved: true}},
		"refused":        {protocol.Report{Applied: 11, Seen: 11, Condition: well, Failures: refused(10)}, SettingsOn{Online: true, Refused: "unknown option"}},
		"refused before": {protocol.Report{Applied: 11, Seen: 11, Condition: well, Failures: refused(7)}, SettingsOn{Online: true, Unwell: "unknown option"}},
		"a zone is refused": {protocol.Report{Applied: 11, Seen: 11, Condition: well, Failures: []protocol.Failure{{Since: 11, ZoneID: 5, Message: "x"}}},
			SettingsOn{Online: true, Proved: true}},
		"named is dead":   {protocol.Report{Applied: 11, Seen: 11, Condition: &protocol.Condition{}}, SettingsOn{Online: true, Proved: true, Unwell: "named does not run"}},
		"named is frozen": {protocol.Report{Applied: 11, Seen: 11, Condition: &protocol.Condition{Process: true}}, SettingsOn{Online: true, Proved: true, Unwell: "named does not answer at all its addresses"}},
		"clients are refused": {protocol.Report{Applied: 11, Seen: 11, Condition: &protocol.Condition{Process: true, Port: true},
			Failures: []protocol.Failure{{Now: true, ViewID: 1, Message: "clients get REFUSED"}}}, SettingsOn{Online: true, Proved: true, Unwell: "clients get REFUSED"}},
		"an agent of an earlier version": {protocol.Report{Applied: 11, Seen: 11}, SettingsOn{Online: true, Proved: true}},
	} {
		c.want.ServerID = 4
		if got := settingsOn(4, 10, 11, said(c.report, now), now); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		if got := settingsOn(4, 10, 11, said(c.report, now), now.Add(offlineAfter)); got != (SettingsOn{ServerID: 4}) {
			t.Errorf("%s, away: %+v", name, got)
		}
	}
}

// The percent of a change counts its zones, over all servers.
func TestPercentCountsZones(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000, 0)
	many := effects{}
	for zone := range int64(1000) {
		many[effect{any: true, zone: zone + 1, view: 1}] = struct{}{}
		many[effect{any: true, zone: zone + 1, view: 1, after: "x"}] = struct{}{}
	}
	report := func(applied, seen domain.Position, unapplied, refused int, failures ...protocol.Failure) protocol.Report {
		return protocol.Report{Applied: applied, Seen: seen, Failures: failures, Condition: &protocol.Condition{
			Unapplied: unapplied, Zones: protocol.ZoneCounts{Total: 4000, Refused: refused},
		}}
	}
	fails := protocol.Failure{Since: 10, ZoneID: 7, Message: "no"}
	silent := protocol.Failure{Now: true, More: true, Message: "silent"}
	for name, c := range map[string]struct {
		asked   asked
		reports []protocol.Report
		percent int
	}{
		"half of it on one of two": {asked{effects: many}, []protocol.Report{report(10, 10, 0, 0), report(9, 10, 500, 0)}, 75},
		"nothing is seen yet":      {asked{effects: many}, []protocol.Report{report(9, 9, 0, 0)}, 0},
		"the last one":             {asked{effects: many}, []protocol.Report{report(9, 10, 1, 0)}, 99},
		"proved, and not said so":  {asked{effects: many}, []protocol.Report{report(9, 10, 0, 0)}, 99},
		"others wait as well":      {asked{effects: many}, []protocol.Report{report(9, 10, 3000, 0)}, 0},
		"one fails":                {asked{effects: many}, []protocol.Report{report(10, 10, 0, 1, fails)}, 99},
		"named is silent":          {asked{effects: many}, []protocol.Report{report(10, 10, 0, 0, silent)}, 0},
		"all zones":                {asked{effects: effects{{any: true}: {}}, everywhere: true}, []protocol.Report{report(9, 10, 1000, 0)}, 75},
		"the configuration":        {asked{effects: effects{{any: true}: {}}}, []protocol.Report{report(9, 10, 0, 0)}, 0},
		"an agent of before":       {asked{effects: many}, []protocol.Report{{Applied: 9, Seen: 10}}, 0},
	} {
		c.asked.end = 10
		var servers []dnsmodel.Server
		words := map[int64]*lastReport{}
		for i, r := range c.reports {
			servers = append(servers, dnsmodel.Server{ID: int64(i)})
			words[int64(i)] = said(r, now)
		}
		if got := c.asked.evaluate(servers, words, now); got.Percent != c.percent {
			t.Errorf("%s: %d%%", name, got.Percent)
		}
	}
}
