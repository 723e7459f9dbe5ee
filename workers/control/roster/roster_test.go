package roster_test

import (
	"context"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/control/roster"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

var ns1 = dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"}

func TestRosterFollowsTheLog(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Eventually("it is loaded", p.Roster.Loaded)
	list, changed := p.Roster.Enrolled()
	if len(list) != 0 || p.Roster.Has(1) {
		t.Errorf("an empty log has %v", list)
	}
	p.Append(dns.ServerCreated{ID: 1, Server: ns1}, dns.ServerEnrolled{ID: 1})
	<-changed
	p.Eventually("the server is there", func() bool { return p.Roster.Has(1) })
	moved := ns1
	moved.IP = "192.0.2.9"
	last := p.Append(dns.ServerUpdated{ID: 1, Before: ns1, After: moved})
	p.Projected(last)
	if list, err := p.Roster.Fresh(t.Context()); err != nil || len(list) != 1 || list[0].IP != moved.IP {
		t.Errorf("fresh: %v %v", list, err)
	}
	last = p.Append(dns.ServerWithdrawn{ID: 1})
	p.Projected(last)
	if list, err := p.Roster.Fresh(t.Context()); err != nil || len(list) != 0 || p.Roster.Has(1) {
		t.Errorf("after the withdrawal: %v %v", list, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Roster.Fresh(ctx); err == nil {
		t.Error("the caller left and got an answer")
	}
}

func TestEnrolment(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	expect := func(want int64) {
		t.Helper()
		got, ok, err := roster.Enrolment(t.Context(), p.Store, 1)
		if err != nil || int64(got) != want || ok != (want != 0) {
			t.Errorf("generation %d %t %v, want %d", got, ok, err, want)
		}
	}
	expect(0)
	p.Append(dns.ServerCreated{ID: 1, Server: ns1}, dns.ServerEnrolled{ID: 2})
	expect(0)
	first := p.Append(dns.ServerEnrolled{ID: 1})
	expect(int64(first))
	p.Append(dns.ServerWithdrawn{ID: 1})
	expect(0)
	second := p.Append(dns.ServerEnrolled{ID: 1})
	expect(int64(second))
	deleted := func(want bool) {
		t.Helper()
		if got, err := roster.Deleted(t.Context(), p.Store, 1); err != nil || got != want {
			t.Errorf("deleted: %t %v", got, err)
		}
	}
	deleted(false)
	p.Append(dns.ServerDeleted{ID: 1, Server: ns1})
	expect(0)
	deleted(true)
	p.Append(dns.ServerCreated{ID: 1, Server: ns1})
	deleted(false)
}
