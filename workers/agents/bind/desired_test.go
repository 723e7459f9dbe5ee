package bind

import (
	"fmt"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// prove does what a worker would do for every dirty zone, with a named that accepts
// everything.
func prove(t *testing.T, s *desiredState) []job {
	t.Helper()
	var jobs []job
	for len(s.dirty) > 0 {
		dirty := s.dirty
		s.dirty = nil
		for _, z := range dirty {
			if z.unapplied() == 0 {
				continue
			}
			j := s.startJob(z, false)
			jobs = append(jobs, j)
			o := outcome{installed: installed{known: true}}
			if j.want != nil {
				o.installed.kind, o.soa = kindPrimary, j.content.soa(uint32(j.changed))
			}
			s.settle(z, j, o, time.Unix(0, 0))
		}
	}
	return jobs
}

func smallState(t *testing.T) (*desiredState, func(domain.Event) domain.Position) {
	t.Helper()
	s := newDesiredState()
	position := domain.Position(0)
	emit := func(e domain.Event) domain.Position {
		t.Helper()
		position++
		if err := s.apply(Change{Events: []domain.Recorded{{Position: position, Prev: position - 1, Event: e}}}); err != nil {
			t.Fatal(err)
		}
		return position
	}
	emit(dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v", ACL: "any"}})
	s.settings.begin()
	s.settings.succeed()
	emit(dns.ZoneCreated{ID: 5, Zone: dns.ZoneData{Name: "a.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}})
	return s, emit
}

// A change is worth as much work as it changes, whatever the zone holds.
func TestChangeCarriesOnlyItself(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	for i := range int64(1000) {
		emit(dns.RecordAdded{ID: 100 + i, ZoneID: 5, Record: record(1, fmt.Sprintf("h%d", i), "A", "10.0.0.1")})
	}
	prove(t, s)
	emit(dns.RecordAdded{ID: 5000, ZoneID: 5, Record: record(1, "new", "A", "10.0.0.1")})
	jobs := prove(t, s)
	if len(jobs) != 1 || jobs[0].full || len(jobs[0].changes) != 1 || jobs[0].content.sets != nil {
		t.Fatalf("jobs %+v", jobs)
	}
	if got := s.frontier.applied(s.seen); got != s.seen {
		t.Errorf("applied %d, want %d", got, s.seen)
	}
}

// Invariant 2 of zoneInView: a change that comes while a job is under way is not
// forgotten, and is compared with what that job proves.
func TestChangesWhileUnderWay(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	prove(t, s)
	z := s.inView[zoneKey{view: 1, zone: "a.test."}]
	first := emit(dns.RecordAdded{ID: 9, ZoneID: 5, Record: record(1, "www", "A", "10.0.0.1")})
	j := s.startJob(z, false)
	emit(dns.RecordUpdated{ID: 9, ZoneID: 5, Before: record(1, "www", "A", "10.0.0.1"), After: record(1, "www", "A", "10.0.0.2")})
	if got := s.frontier.applied(s.seen); got != first-1 {
		t.Errorf("applied %d while %d is under way", got, first)
	}
	s.settle(z, j, outcome{installed: installed{known: true, kind: kindPrimary}, soa: j.content.soa(uint32(first))}, time.Now())
	if got := s.frontier.applied(s.seen); got != first {
		t.Errorf("applied %d, want %d", got, first)
	}
	second := s.startJob(z, false)
	if len(second.changes) != 1 || second.changes[0].held == nil || second.changes[0].held.rdata[0] != "\x0a\x00\x00\x01" {
		t.Fatalf("changes %+v", second.changes)
	}
	// a failure: the rest is no longer known, and later changes merge
	s.fail(z, "refused")
	if got := s.frontier.applied(s.seen); got != s.seen || z.failure.since != first+1 {
		t.Errorf("applied %d, failing since %d", got, z.failure.since)
	}
	if third := s.startJob(z, false); !third.full {
		t.Error("after a failure the whole zone is to be compared")
	}
}

// A job on a zone that was replaced meanwhile does not count for its successor.
func TestReplacedWhileUnderWay(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	prove(t, s)
	z := s.inView[zoneKey{view: 1, zone: "a.test."}]
	emit(dns.RecordAdded{ID: 9, ZoneID: 5, Record: record(1, "www", "A", "10.0.0.1")})
	j := s.startJob(z, false)
	emit(dns.ZoneDeleted{ID: 5, Zone: dns.ZoneData{Name: "a.test", Group: 1, ViewIDs: []int64{1}}})
	emit(dns.ZoneCreated{ID: 6, Zone: dns.ZoneData{Name: "A.TEST", Group: 2, Type: dns.ZoneMaster, ViewIDs: []int64{1}}})
	s.settle(z, j, outcome{installed: installed{known: true, kind: kindPrimary}, soa: j.content.soa(1)}, time.Now())
	if z.proved() || z.unapplied() == 0 {
		t.Fatal("the old zone's proof was taken for the new one's")
	}
	if next := s.startJob(z, false); !next.full || next.zoneID != 6 || next.content.set(setKey{"www", mdns.TypeA}) != nil {
		t.Fatalf("job %+v", next)
	}
}

func TestEventsMustFollow(t *testing.T) {
	t.Parallel()
	s, _ := smallState(t)
	if err := s.apply(Change{Events: []domain.Recorded{{Position: s.seen, Event: dns.ViewCreated{ID: 3}}}}); err == nil {
		t.Error("an event that was seen already must be refused")
	}
	// external zones and records of views that a zone is not linked to are not ours
	for i, e := range []domain.Event{
		dns.ZoneCreated{ID: 8, Zone: dns.ZoneData{Name: "ext.test", Group: dns.GroupExternal, Type: dns.ZoneMaster}},
		dns.RecordAdded{ID: 1, ZoneID: 8, Record: dns.RecordData{Line: "default", Host: "www", Type: "A", Value: "10.0.0.1"}},
		dns.RecordAdded{ID: 2, ZoneID: 5, Record: record(77, "www", "A", "10.0.0.1")},
	} {
		if err := s.apply(Change{Events: []domain.Recorded{{Position: s.seen + 1, Event: e}}}); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
	if len(s.inView) != 1 {
		t.Errorf("%d zones in view, want 1", len(s.inView))
	}
}

// However far the target is from the serial that named has, each message's serial is later
// than the one before, for named to take it, and the last one's is the target.
func TestSerialsReachTheTarget(t *testing.T) {
	t.Parallel()
	c := content{zone: "a.test.", apex: apex{primary: "ns.a.test."}}
	cases := []struct {
		held, target uint32
		parts, steps int
	}{
		{5, 9, 1, 0}, {5, 9, 4, 0}, {5, 9, 5, 2}, {0xffffffff, 3, 1, 0}, {0xffffffff, 3, 3, 0}, {100, 100 + dns.SerialReach, 1, 0},
		{100, 4294960001, 1, 1}, {100, 4294960001, 3, 1}, {90000, 12, 1, 1}, {10, 9, 1, 2}, {9, 9, 1, 2}, {9, 9 + 1<<31, 1, 1}, {1<<31 + 1, 1<<31 - 9, 1, 1},
	}
	for _, x := range cases {
		held := c.soa(x.held)
		msgs, last := updates(c, make([][]mdns.RR, x.parts), held, x.target)
		if len(msgs) != x.steps+x.parts || last.Serial != x.target {
			t.Errorf("%d to %d in %d: %d messages, serial %d", x.held, x.target, x.parts, len(msgs), last.Serial)
		}
		for _, m := range msgs {
			next := m.Ns[len(m.Ns)-1].(*mdns.SOA)
			if required := m.Answer[0].(*mdns.SOA).Serial; required != held.Serial || !dns.SerialLater(next.Serial, held.Serial) {
				t.Errorf("%d to %d in %d: serial %d after %d, required is %d", x.held, x.target, x.parts, next.Serial, held.Serial, required)
			}
			held = next
		}
	}
}
