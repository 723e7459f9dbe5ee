package bind

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// stagedState is the state of a server with a view, a zone and a configuration, and what emits changes.
func stagedState(t *testing.T, server int64) (*desiredState, func(...domain.Event) domain.Position) {
	t.Helper()
	s := newDesiredState()
	s.self = server
	end := domain.Position(0)
	emit := func(events ...domain.Event) domain.Position {
		t.Helper()
		c := Change{End: end + domain.Position(len(events))}
		for i, e := range events {
			end++
			c.Events = append(c.Events, domain.Recorded{Position: end, Prev: end - 1, Event: e, More: len(events) - 1 - i})
		}
		if err := s.apply(c); err != nil {
			t.Fatal(err)
		}
		return end
	}
	emit(dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "ns1", Env: "canary"}}, dns.ServerCreated{ID: 2, Server: dns.ServerData{Host: "ns2", Env: "fra"}})
	emit(dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v", ACL: "any"}}, dns.BindConfChanged{Text: "former"})
	emit(dns.ZoneCreated{ID: 5, Zone: dns.ZoneData{Name: "a.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}})
	return s, emit
}

func stagedChange() []domain.Event {
	return []domain.Event{
		dns.BindConfChanged{Text: "next"},
		dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v", ACL: "any"}, After: dns.ViewData{Name: "v", ACL: "192.0.2.1"}},
		dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}}, dns.ViewsOrdered{ViewIDs: []int64{2, 1}},
		dns.RolloutStarted{Order: [][]string{{"canary"}, {"fra"}}, Former: dns.FormerSettings{
			BindConf: &dns.FormerBindConf{Text: "former"}, ACLs: []dns.FormerACL{{ViewID: 1, ACL: "any"}, {ViewID: 2, ACL: "none"}}, Order: new([]int64{}),
		}},
	}
}

// settle does what the driver does once named has the wanted settings.
func (s *desiredState) settleSettings() {
	s.settings.begin()
	s.settings.succeed()
	s.frontier.note(&s.settings.pending)
}

// A server has what a rollout brings from its stage on, until then what was before, and after a stop what
// was before again. A snapshot at any position says the same, and zones go on meanwhile.
func TestRolloutOnServers(t *testing.T) {
	t.Parallel()
	for server, reachedAt := range map[int64]int{1: 1, 2: 2, 3: 3} {
		s, emit := stagedState(t, server)
		is := func(when string, stage int) {
			t.Helper()
			views, order, conf := s.configuration()
			has := conf.Text == "next" && views[1].ACL == "192.0.2.1" && views[2].ACL == "any" && slices.Equal(order, []int64{2, 1})
			waits := conf.Text == "former" && views[1].ACL == "any" && views[2].ACL == "none" && len(order) == 0
			if has != (stage >= reachedAt) || waits == has {
				t.Errorf("server %d, %s: %+v, %v, %q", server, when, views, order, conf.Text)
			}
		}
		id := emit(stagedChange()...)
		is("started", 1)
		s.settleSettings()
		version := s.settings.version
		emit(dns.RecordAdded{ID: 7, ZoneID: 5, Record: record(1, "www", "A", "192.0.2.1")})
		prove(t, s)
		s.inventory = pending{}
		if got := s.frontier.applied(s.seen); got != s.seen {
			t.Errorf("server %d has applied %d of %d while the rollout is under way", server, got, s.seen)
		}
		if s.settings.version != version {
			t.Errorf("server %d: a record changes the configuration", server)
		}
		for stage := 2; stage <= 3; stage++ {
			p := emit(dns.RolloutStageReached{Rollout: id, Stage: stage})
			is("a stage is reached", stage)
			if dirty := s.settings.unapplied() == p; dirty != (stage == reachedAt) {
				t.Errorf("server %d, stage %d: has to configure: %v", server, stage, dirty)
			}
			s.settleSettings()
		}
		emit(dns.RolloutEnded{Rollout: id})
		is("ended", 3)
		if s.settings.unapplied() != 0 {
			t.Errorf("server %d has to configure after the end", server)
		}
	}
}

func TestRolloutStoppedOnServers(t *testing.T) {
	t.Parallel()
	for _, server := range []int64{1, 2} {
		s, emit := stagedState(t, server)
		id := emit(stagedChange()...)
		emit(dns.BindConfChanged{Text: "former"}, dns.ViewUpdated{ID: 1, After: dns.ViewData{Name: "v", ACL: "any"}},
			dns.ViewUpdated{ID: 2, After: dns.ViewData{Name: "w", ACL: "none"}}, dns.ViewsOrdered{ViewIDs: []int64{}}, dns.RolloutStopped{Rollout: id})
		views, order, conf := s.configuration()
		if s.waits() || conf.Text != "former" || views[1].ACL != "any" || views[2].ACL != "none" || len(order) > 0 {
			t.Errorf("server %d: %+v, %v, %q", server, views, order, conf.Text)
		}
	}
}

// An agent that starts while a rollout is under way has of a snapshot, and of what it has stored itself, what it
// has of the events.
func TestRolloutInASnapshot(t *testing.T) {
	t.Parallel()
	for server, waits := range map[int64]bool{1: false, 2: false, 3: true} {
		s := newDesiredState()
		s.self = server
		started := stagedChange()[4].(dns.RolloutStarted)
		err := s.reset(Snapshot{Position: 20, LastDNS: 20, Rows: []protocol.SnapshotRow{
			{View: &protocol.SnapshotView{ID: 1, View: dns.ViewData{Name: "v", ACL: "192.0.2.1"}}},
			{BindConf: &protocol.SnapshotBindConf{Conf: dns.BindConfChanged{Text: "next"}}},
			{Rollout: &protocol.SnapshotRollout{ID: 11, Stages: dns.RolloutStages{{1}, {2}}, Reached: 2, Former: started.Former}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		views, _, conf := s.configuration()
		if former := conf.Text == "former" && views[1].ACL == "any"; former != waits || s.waits() != waits {
			t.Errorf("server %d: %q, %+v", server, conf.Text, views)
		}
		stored := newDesiredState() // which the engine leaves for the next one
		stored.self = server
		if err := stored.reset(Snapshot{Position: 20, LastDNS: 20, Rows: s.rows()}); err != nil || stored.waits() != waits {
			t.Errorf("server %d: as it was stored it waits: %v, %v", server, stored.waits(), err)
		}
		if s.reset(Snapshot{Position: 21}) != nil || s.waits() {
			t.Errorf("server %d waits for a rollout that the next snapshot does not have", server)
		}
	}
}
