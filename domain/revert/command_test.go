package revert_test

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/revert"
)

// Invariants 2 and 3 of Command: what the actor may not do is refused before anything is said of what
// stands against it, and a conflict that a revert makes by itself is said to be on the event that is
// not undone.
func TestConflicts(t *testing.T) {
	t.Parallel()
	privilege := func(name string) access.PrivilegeData { return access.PrivilegeData{Name: name} }
	events := []domain.Event{
		access.UserRegistered{ID: 1, Username: "admin"}, access.UserRolesChanged{ID: 1, After: []int64{access.RoleAdmin}},
		access.UserRegistered{ID: 2, Username: "guest"},
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v", ACL: "any"}, Privilege: 5},
		access.PrivilegeCreated{ID: 8, Privilege: privilege("a")},
		access.PrivilegeChanged{ID: 8, Before: privilege("a"), After: privilege("b")},
		dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v", ACL: "any"}, After: dns.ViewData{Name: "w", ACL: "any"}},
	}
	done := func(positions ...domain.Position) (list []revert.Done) {
		for _, p := range positions {
			list = append(list, revert.Done{Recorded: domain.Recorded{Position: p, Event: events[p-1]}})
		}
		return list
	}
	decide := func(as domain.UserID, list []revert.Done) error {
		t.Helper()
		cmd := domaintest.Must(revert.Events(list))
		_, err := cmd.Decide(domaintest.NewHistory(events...), domaintest.Env(as, cmd))
		return err
	}
	if err := decide(1, done(4, 5, 6, 7)); err != nil {
		t.Errorf("all of it by admin: %v", err)
	}
	refused, is := errors.AsType[*domain.Error](decide(2, done(5, 7)))
	if !is || refused.Code != domain.CodeForbidden {
		t.Errorf("by who may nothing: %v", refused)
	}
	// The change at 6 is undone twice, so that the second inverse finds what the first one made.
	for _, c := range []struct {
		list []revert.Done
		at   domain.Position
	}{{done(5), 6}, {done(6, 6), 6}, {done(5, 6, 6), 6}} {
		stands, is := errors.AsType[*revert.Error](decide(1, c.list))
		if !is || stands.Conflicts[0].Position != c.at || stands.Conflicts[0].Reason != revert.ReasonChanged {
			t.Errorf("%v, want a conflict at %d", stands, c.at)
		}
	}
}
