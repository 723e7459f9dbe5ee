package nameserver

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

func master(n string) dns.ServerData {
	return dns.ServerData{Host: "ns" + n, IP: "192.0.2." + n, Type: "master"}
}

func record(id int64, value string) dns.RecordAdded {
	return dns.RecordAdded{ID: id, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 60, Value: value}}
}

func view(id int64) dns.ViewCreated {
	return dns.ViewCreated{ID: id, View: dns.ViewData{Name: fmt.Sprintf("v%d", id), ACL: "any"}}
}

// onPlane runs an agent against a real control plane.
func onPlane(t *testing.T, p *planetest.Plane, id int64, engine Engine) (stop func()) {
	t.Helper()
	key, _ := p.Signer.Known(t.Context())
	return startAs(t, testkit.Connect(t, p.Server, Options(id)...), id, key, engine)
}

// From the log through relay, stream, consumer and agent to the engine, and the
// report all the way back.
func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Append(
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "any", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{Name: "example.com", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}},
		record(1, "192.0.2.1"),
	)
	enrolled := p.Enroll(1, master("1"))
	e := newRecorder()
	stop := onPlane(t, p, 1, e)
	e.until(t, "the snapshot", func() bool { return e.position >= enrolled })
	if rows := e.resets[0].Rows; len(rows) != 5 || rows[0].Server == nil || rows[1].Fleet == nil || rows[2].View == nil || rows[3].Zone == nil ||
		rows[4].Record == nil || rows[4].Record.Record.Value != "192.0.2.1" || rows[3].Zone.Changed[1] != 3 {
		t.Errorf("the snapshot has %+v", rows)
	}
	var last domain.Position
	for i := range 20 {
		last = p.Append(record(int64(10+i), "192.0.2.9"))
		change, err := p.Reporter.Change(t.Context(), last, testkit.Patience)
		if err != nil || change.State != reporter.InSync || change.Percent != 100 || len(change.Servers) != 1 || !change.Servers[0].Applied || !change.Servers[0].Online {
			t.Fatalf("change %d: %+v %v", last, change, err)
		}
	}
	stop()
	// The agent dies; meanwhile things happen; another process of it goes on.
	last = p.Append(record(50, "192.0.2.50"), record(51, "192.0.2.51"))
	p.Projected(last)
	again := newRecorder()
	onPlane(t, p, 1, again)
	if change, err := p.Reporter.Change(t.Context(), last, testkit.Patience); err != nil || change.State != reporter.InSync {
		t.Errorf("after the restart: %+v %v", change, err)
	}
}

// The stream is lost with its consumers. The relay refills it, the consumers are
// made again, the agent resumes.
func TestTheWholeWayAfterTheStreamWasLost(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, master("1"))
	e := newRecorder()
	onPlane(t, p, 1, e)
	last := p.Append(view(1))
	e.untilAt(t, last)
	if err := p.JS.DeleteStream(t.Context(), "EVENTS"); err != nil {
		t.Fatal(err)
	}
	last = p.Append(view(2))
	e.untilAt(t, last)
	if change, err := p.Reporter.Change(t.Context(), last, testkit.Patience); err != nil || change.State != reporter.InSync {
		t.Errorf("%+v %v", change, err)
	}
}

// Two serve processes; the one that made the snapshot may go at any time.
func TestTwoControlPlanes(t *testing.T) {
	t.Parallel()
	a := planetest.Start(t)
	b := a.Beside()
	a.Enroll(1, master("1"))
	b.Eventually("the other process knows the server", func() bool { return b.Roster.Has(1) })
	for range 4 { // either answers
		e := newRecorder()
		stop := onPlane(t, a, 1, e)
		e.until(t, "a snapshot", func() bool { return len(e.resets) > 0 })
		stop()
	}
	e := newRecorder()
	stop := onPlane(t, a, 1, e)
	e.until(t, "a snapshot", func() bool { return len(e.resets) > 0 })
	a.Stop()
	last := b.Append(view(1))
	change, err := b.Reporter.Change(t.Context(), last, testkit.Patience)
	if err != nil || change.State != reporter.InSync {
		t.Errorf("%+v %v", change, err)
	}
	stop()
	b.Projected(last)
	again := newRecorder()
	onPlane(t, a, 1, again)
	again.untilAt(t, last)
}
