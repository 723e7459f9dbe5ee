package reporter_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

var (
	ns1 = dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"}
	ns2 = dns.ServerData{Host: "ns2", IP: "192.0.2.2", Type: "master"}
)

// fakeAgent reports like one agent process.
type fakeAgent struct {
	t     *testing.T
	nc    *nats.Conn
	log   uuid.UUID
	agent int64
	boot  uuid.UUID
	seq   int64
	// last is the id of the last event that it has received, none for an agent of an earlier version.
	last uuid.UUID
}

func newFakeAgent(t *testing.T, p *planetest.Plane, agent int64) *fakeAgent {
	return &fakeAgent{t: t, nc: p.NC, log: p.Store.LogID(), agent: agent, boot: uuid.New()}
}

func (a *fakeAgent) say(applied domain.Position, failures ...protocol.Failure) {
	a.t.Helper()
	a.seq++
	payload, err := json.Marshal(protocol.Report{
		Log: a.log, Agent: a.agent, Boot: a.boot, Seq: a.seq, Applied: applied, Seen: applied, Failures: failures, Named: "9.18",
		LastDNS: applied, LastID: a.last,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	if err := a.nc.Publish(protocol.SubjectReport(a.agent), payload); err != nil {
		a.t.Fatal(err)
	}
}

func view(id int64) dns.ViewCreated {
	return dns.ViewCreated{ID: id, View: dns.ViewData{Name: string(rune('a' + id)), ACL: "any"}}
}

// change asks without waiting.
func change(t *testing.T, r *reporter.Reporter, p domain.Position) reporter.Change {
	t.Helper()
	c, err := r.Change(t.Context(), p, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChange(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	alone := p.Append(view(1))
	if c := change(t, p.Reporter, alone); c.State != reporter.InSync || c.Percent != 100 || c.Servers == nil || len(c.Servers) != 0 {
		t.Errorf("without servers: %+v", c)
	}
	for _, position := range []domain.Position{-1, 0, alone + 1} {
		if _, err := p.Reporter.Change(t.Context(), position, time.Minute); !errors.Is(err, reporter.ErrNotFound) {
			t.Errorf("position %d: %v", position, err)
		}
	}
	p.Enroll(1, ns1)
	p.Enroll(2, ns2)
	position := p.Append(view(2))
	if c := change(t, p.Reporter, position); c.State != reporter.Pending || c.Percent != 0 || len(c.Servers) != 2 || c.Servers[0].Online {
		t.Errorf("nobody spoke: %+v", c)
	}
	if c := change(t, p.Reporter, p.Append(access.UserRegistered{ID: 9, Username: "nine"})); c.State != reporter.InSync || !c.Servers[0].Applied {
		t.Errorf("an event of no concern to named: %+v", c)
	}
	one, two := newFakeAgent(t, p, 1), newFakeAgent(t, p, 2)
	one.say(position)
	p.Eventually("one has it", func() bool { return change(t, p.Reporter, position).Percent == 50 })
	two.say(position, protocol.Failure{Since: position, Message: "named says no"})
	p.Eventually("the other fails", func() bool {
		c := change(t, p.Reporter, position)
		return c.State == reporter.Failed && c.Percent == 50 && (c.Servers[0].Error+c.Servers[1].Error) == "named says no"
	})
	two.say(position)
	p.Eventually("both have it", func() bool { return change(t, p.Reporter, position).State == reporter.InSync })

	// A withdrawn server counts no more, whatever its agent says.
	next := p.Append(view(3), dns.ServerWithdrawn{ID: 2}) - 1
	one.say(next + 1)
	if c, err := p.Reporter.Change(t.Context(), next, testkit.Patience); err != nil || c.State != reporter.InSync || len(c.Servers) != 1 {
		t.Errorf("after the withdrawal: %+v %v", c, err)
	}
}

// After a log was set back, an agent that does not know it yet claims positions that the log has given to other events.
func TestReportsOfAnotherHistoryProveNothing(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	p.Enroll(2, ns2)
	position := p.Append(view(1))
	events, err := p.Store.Read(t.Context(), position-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	stale, other := newFakeAgent(t, p, 1), newFakeAgent(t, p, 2)
	stale.last, other.last = uuid.New(), events[0].ID
	stale.say(position)
	other.say(position) // which is heard after it
	p.Eventually("the other has it", func() bool { return change(t, p.Reporter, position).Percent == 50 })
	for _, s := range change(t, p.Reporter, position).Servers {
		if s.Applied != (s.ServerID == 2) {
			t.Errorf("a claim about another history counts: %+v", s)
		}
	}
	stale.last = events[0].ID
	stale.say(position)
	p.Eventually("both have it", func() bool { return change(t, p.Reporter, position).State == reporter.InSync })
}

// Any position of a change stands for all of it, whatever the event there is about.
func TestAnyPositionStandsForItsChange(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	last := p.Append(view(1), dns.ZoneCreated{ID: 5, Zone: dns.ZoneData{Name: "z", Group: dns.GroupInternal, Type: dns.ZoneMaster}},
		access.UserRegistered{ID: 9, Username: "nine"})
	one := newFakeAgent(t, p, 1)
	states := func() (all [3]reporter.State) {
		for i := range all {
			all[i] = change(t, p.Reporter, last-domain.Position(i)).State
		}
		return all
	}
	all := func(s reporter.State) [3]reporter.State { return [3]reporter.State{s, s, s} }
	if got := states(); got != all(reporter.Pending) {
		t.Errorf("nobody spoke: %v", got)
	}
	one.say(last, protocol.Failure{Since: last - 2, ZoneID: 5, Message: "named says no"})
	p.Eventually("the whole change failed", func() bool { return states() == all(reporter.Failed) })
	one.say(last)
	p.Eventually("the whole change is served", func() bool { return states() == all(reporter.InSync) })
}

func TestReportsOfOthersAreDropped(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	position := p.Append(view(1))
	stranger, foreign, one := newFakeAgent(t, p, 5), newFakeAgent(t, p, 1), newFakeAgent(t, p, 1)
	stranger.say(position)
	foreign.log = uuid.New()
	foreign.say(position)
	one.say(position - 1)
	p.Eventually("the true word is heard", func() bool {
		return change(t, p.Reporter, position).Servers[0].AppliedPosition == position-1
	})
	// As agent 1 with another subject: the subject decides.
	liar := newFakeAgent(t, p, 1)
	liar.agent = 6
	liar.say(position)
	for _, m := range []string{"", "{", `{"log":1}`} {
		if err := p.NC.Publish(protocol.SubjectReport(1), []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	one.say(position - 2) // reports are heard in order: those before it have been by then
	p.Eventually("the last word is heard", func() bool {
		c := change(t, p.Reporter, position)
		if c.State != reporter.Pending {
			t.Fatalf("%+v", c)
		}
		return c.Servers[0].AppliedPosition == position-2
	})
}

func TestWaitEndsWithTheReport(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	p.Enroll(2, ns2)
	one, two := newFakeAgent(t, p, 1), newFakeAgent(t, p, 2)
	position := p.Append(view(1))

	const many = 500
	var waiting sync.WaitGroup
	var mu sync.Mutex
	states := map[reporter.State]int{}
	for range many {
		waiting.Go(func() {
			c, err := p.Reporter.Change(context.Background(), position, 2*testkit.Patience)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			states[c.State]++
		})
	}
	one.say(position)
	// A failure that heals holds nobody up for good.
	two.say(position, protocol.Failure{Since: position, Message: "not yet"})
	p.Eventually("it fails", func() bool { return change(t, p.Reporter, position).State == reporter.Failed })
	began := time.Now()
	two.say(position)
	waiting.Wait()
	if states[reporter.InSync] != many || time.Since(began) > testkit.Patience {
		t.Errorf("%v after %s", states, time.Since(began))
	}

	ahead := p.Append(view(2))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := p.Reporter.Change(ctx, ahead, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller left: %v", err)
	}
	began = time.Now()
	if c, err := p.Reporter.Change(t.Context(), ahead, 100*time.Millisecond); err != nil || c.State != reporter.Pending || time.Since(began) < 100*time.Millisecond {
		t.Errorf("time is up: %+v %v after %s", c, err, time.Since(began))
	}
}

// A server that is withdrawn while somebody waits for it is waited for no more.
func TestWithdrawalEndsWaiting(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	position := p.Append(view(1))
	done := make(chan reporter.Change, 1)
	go func() {
		c, err := p.Reporter.Change(context.Background(), position, testkit.Patience)
		if err != nil {
			t.Error(err)
		}
		done <- c
	}()
	p.Append(dns.ServerWithdrawn{ID: 1})
	if c := <-done; c.State != reporter.InSync || len(c.Servers) != 0 {
		t.Errorf("%+v", c)
	}
}

// The last report survives the process, with the time of its position; it does not make
// a silent agent count as online for longer.
func TestTheLastWordSurvives(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	position := p.Append(view(1))
	said := time.Now()
	newFakeAgent(t, p, 1).say(position, protocol.Failure{Since: 1, ZoneID: 8, Message: "other zone"})
	p.Eventually("it is heard", func() bool { return change(t, p.Reporter, position).State == reporter.InSync })
	since := *change(t, p.Reporter, position).Servers[0].Since
	p.Stop()
	q := p.Beside()
	q.Eventually("the word is known again", func() bool {
		c := change(t, q.Reporter, position)
		return len(c.Servers) == 1 && c.State == reporter.InSync && c.Servers[0].Since.Sub(since).Abs() < time.Millisecond
	})
	const offlineAfter = 15 * time.Second // which a busy machine may have needed
	if got := q.Reporter.Online(); (len(got) != 1 || got[0] != 1) && time.Since(said) < offlineAfter {
		t.Errorf("online: %v", got)
	}
}

// The control plane tells where the log ends, at once when it starts.
func TestBeacons(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	sub, err := p.NC.SubscribeSync(protocol.SubjectReportNow)
	if err != nil {
		t.Fatal(err)
	}
	position := p.Append(view(1))
	for {
		m, err := sub.NextMsg(testkit.Patience)
		if err != nil {
			t.Fatal(err)
		}
		var b protocol.HeadAnnouncement
		if err := json.Unmarshal(m.Data, &b); err != nil || b.Log != p.Store.LogID() {
			t.Fatalf("%s %v", m.Data, err)
		}
		if b.LastDNS == position {
			return
		}
	}
}

// A change is not served while a reverse zone that has PTRs of its records cannot be, however long that is so.
func TestChangesReachKeptPTRs(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, ns1)
	zone := func(id int64, name string) dns.ZoneCreated {
		return dns.ZoneCreated{ID: id, Privilege: 3 * id, Zone: dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}}
	}
	set := p.Append(view(1), zone(5, "a.test"), zone(6, "2.0.192.in-addr.arpa"),
		dns.ZoneSettingsChanged{ID: 6, After: dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"a.test"}}}})
	record := func(id int64, address string) dns.RecordAdded {
		return dns.RecordAdded{ID: id, ZoneID: 5, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", Value: address}}
	}
	within, elsewhere := p.Append(record(7, "192.0.2.1")), p.Append(record(8, "192.0.3.1"))
	newFakeAgent(t, p, 1).say(elsewhere, protocol.Failure{Since: set, ZoneID: 6, Message: "named says no"})
	p.Eventually("the PTR fails", func() bool { return change(t, p.Reporter, within).State == reporter.Failed })
	if c := change(t, p.Reporter, elsewhere); c.State != reporter.InSync {
		t.Errorf("a record without a PTR: %+v", c)
	}
}
