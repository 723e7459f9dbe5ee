package reporter_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// A new server serves, for the log, once its agent has said that all is proved: not by what it said before, nor
// while something is wrong with the server as a whole, and once whoever hears it.
func TestANewServerServesOnceItIsProved(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	q := p.Beside()
	p.Append(dns.ServerCreated{ID: 1, Server: ns1})
	at := p.Append(dns.ServerEnrolled{ID: 1, Unproved: true})
	p.Eventually("both know the agent", func() bool { return p.Roster.Has(1) && q.Roster.Has(1) })
	proved := func() (positions []domain.Position) {
		events, err := p.Store.Read(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Type == (dns.ServerProved{}).EventType() {
				positions = append(positions, e.Position)
			}
		}
		return positions
	}
	agent := newFakeAgent(t, p, 1)
	heard := func(what string, applied domain.Position, failures ...protocol.Failure) {
		t.Helper()
		agent.say(applied, failures...)
		p.Eventually(what, func() bool {
			is := p.Reporter.ServerCondition(1)
			return is.Applied == applied && (is.Failure != nil) == (len(failures) > 0)
		})
	}
	heard("it lacks its own enrolment", at-1)
	heard("named does not answer", at, protocol.Failure{Now: true, More: true, Message: "silent"})
	heard("its configuration is refused", at, protocol.Failure{Since: 1, Message: "no"})
	if got := proved(); len(got) > 0 {
		t.Fatalf("proved at %v", got)
	}
	heard("a zone is refused", at, protocol.Failure{Since: 1, ZoneID: 5, Message: "no"})
	p.Eventually("it serves", func() bool { return len(proved()) > 0 })
	position := proved()[0]
	p.Projected(position)
	p.Eventually("both know that it serves", func() bool {
		for _, r := range []*planetest.Plane{p, q} {
			if list, _ := r.Roster.Enrolled(); len(list) != 1 || !list[0].Serves {
				return false
			}
		}
		return true
	})
	heard("later", position+1)
	if got := proved(); len(got) != 1 {
		t.Errorf("proved at %v", got)
	}
}
