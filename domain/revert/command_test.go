package revert_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
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
	// What only others see stands beside what the decision sees, and behind what the actor may not do.
	against := func(position domain.Position, list []revert.Done) []revert.Done {
		for i := range list {
			if list[i].Position == position {
				list[i].Against = domain.Invalid("bind_conf", "named does not know it")
			}
		}
		return list
	}
	if refused, is := errors.AsType[*domain.Error](decide(2, against(7, done(5, 7)))); !is || refused.Code != domain.CodeForbidden {
		t.Errorf("by who may nothing: %v", refused)
	}
	for _, c := range []struct {
		list []revert.Done
		at   []domain.Position
	}{{against(7, done(6, 7)), []domain.Position{7}}, {against(7, done(5, 7)), []domain.Position{7, 6}}, {against(4, done(4, 5, 7)), []domain.Position{6, 4}}} {
		var at []domain.Position
		if stands, is := errors.AsType[*revert.Error](decide(1, c.list)); is {
			for _, conflict := range stands.Conflicts {
				at = append(at, conflict.Position)
			}
		}
		if !slices.Equal(at, c.at) {
			t.Errorf("conflicts at %v, want %v", at, c.at)
		}
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

// Invariant 2 of Command, of what was deleted twice: a revert of both that leaves a change between
// them alone names it, though it is the revert that deletes what was changed.
func TestWhatWasChangedBetweenDeletions(t *testing.T) {
	t.Parallel()
	view := func(name string) dns.ViewData { return dns.ViewData{Name: name, ACL: "any"} }
	server := func(host string) dns.ServerData { return dns.ServerData{Host: host, IP: "192.0.2.1"} }
	machine := func(name string) ops.MachineData { return ops.MachineData{Name: name, InsideIP: "192.0.2.1"} }
	privilege := func(name string) access.PrivilegeData { return access.PrivilegeData{Name: name} }
	set := func(ids ...int64) access.RoleCreated { return access.RoleCreated{ID: 9, Name: "r", Privileges: ids} }
	for kind, c := range map[string]struct{ made, deleted, changed, again, back domain.Event }{
		"view": {
			dns.ViewCreated{ID: 1, View: view("a"), Privilege: 5}, dns.ViewDeleted{ID: 1, View: view("a"), Privilege: 5},
			dns.ViewUpdated{ID: 1, Before: view("a"), After: view("b")},
			dns.ViewDeleted{ID: 1, View: view("b"), Privilege: 5}, dns.ViewCreated{ID: 1, View: view("b"), Privilege: 5},
		},
		"server": {
			dns.ServerCreated{ID: 1, Server: server("a"), Privilege: 5}, dns.ServerDeleted{ID: 1, Server: server("a"), Privilege: 5},
			dns.ServerUpdated{ID: 1, Before: server("a"), After: server("b")},
			dns.ServerDeleted{ID: 1, Server: server("b"), Privilege: 5}, dns.ServerCreated{ID: 1, Server: server("b"), Privilege: 5},
		},
		"machine": {
			ops.MachineAdded{ID: 1, Machine: machine("a")}, ops.MachineDeleted{ID: 1, Machine: machine("a")},
			ops.MachineUpdated{ID: 1, Before: machine("a"), After: machine("b")},
			ops.MachineDeleted{ID: 1, Machine: machine("b")}, ops.MachineAdded{ID: 1, Machine: machine("b")},
		},
		"privilege": {
			access.PrivilegeCreated{ID: 8, Privilege: privilege("a")}, access.PrivilegeDeleted{ID: 8, Privilege: privilege("a")},
			access.PrivilegeChanged{ID: 8, Before: privilege("a"), After: privilege("b")},
			access.PrivilegeDeleted{ID: 8, Privilege: privilege("b")}, access.PrivilegeCreated{ID: 8, Privilege: privilege("b")},
		},
		"role": {
			set(), access.RoleDeleted{ID: 9, Name: "r"},
			access.RoleChanged{ID: 9, Name: "r", FormerName: "r", Privileges: []int64{1}},
			access.RoleDeleted{ID: 9, Name: "r"}, set(1),
		},
	} {
		events := []domain.Event{
			access.UserRegistered{ID: 1, Username: "admin"}, access.UserRolesChanged{ID: 1, After: []int64{access.RoleAdmin}},
			access.UserPermissionsChanged{ID: 1, Codes: []int{access.CodeAddMachine, access.CodeDeleteMachine, access.CodeUpdateMachine}},
			c.made, c.deleted, c.made, c.changed, c.again, c.back,
		}
		revertOf := func(positions ...domain.Position) error {
			t.Helper()
			var done []revert.Done
			for _, p := range positions {
				d := revert.Done{Recorded: domain.Recorded{Position: p, Event: events[p-1]}}
				if _, needed := revert.Former(d.Event); needed {
					d.Former = &domain.Recorded{Position: p - 1, Event: events[p-2]}
				}
				done = append(done, d)
			}
			cmd := domaintest.Must(revert.Events(done))
			_, err := cmd.Decide(domaintest.NewHistory(events...), domaintest.Env(1, cmd))
			return err
		}
		if err := revertOf(5, 6, 7, 8, 9); err != nil {
			t.Errorf("%s, all of it: %v", kind, err)
		}
		stands, is := errors.AsType[*revert.Error](revertOf(5, 6, 8, 9))
		if !is || len(stands.Conflicts) == 0 {
			t.Errorf("%s, but for the change: %v", kind, stands)
		}
		stands, is = errors.AsType[*revert.Error](revertOf(5, 9))
		if !is || stands.Conflicts[0].Position != 5 || stands.Conflicts[0].Reason != revert.ReasonChanged {
			t.Errorf("%s, the deletion and the last return: %v", kind, stands)
		}
	}
}

// Invariant 5 of Command: undoing a change together with its undoing changes nothing by itself, whatever happened since, and what
// else was done is undone.
func TestUndoneTogetherWithItsUndoing(t *testing.T) {
	t.Parallel()
	view := func(name string) dns.ViewData { return dns.ViewData{Name: name, ACL: "any"} }
	zone := dns.ZoneData{Name: "example.com", Group: 1, Type: "master", ViewIDs: []int64{1}}
	events := []domain.Recorded{
		{Event: access.UserRegistered{ID: 1, Username: "admin"}}, {Event: access.UserRolesChanged{ID: 1, After: []int64{access.RoleAdmin}}},
		{Event: dns.ViewCreated{ID: 1, View: view("v"), Privilege: 5}},
		{Event: dns.ZoneCreated{ID: 1, Zone: zone, Privilege: 8}},
		{Event: dns.ZoneDeleted{ID: 1, Zone: zone, Privilege: 8}},
		{Event: dns.ZoneRestored{ID: 1, After: zone, Privilege: 8, Created: 4, Creator: 1}, Causation: 5},
		{Event: dns.ViewUpdated{ID: 1, Before: view("v"), After: view("w")}},
		{Event: dns.ZoneDeleted{ID: 1, Zone: zone, Privilege: 8}, Causation: 6},
		{Event: dns.ZoneRestored{ID: 1, After: zone, Privilege: 8, Created: 4, Creator: 1}, Causation: 8},
		{Event: dns.ViewUpdated{ID: 1, Before: view("w"), After: view("v")}, Causation: 7},
		{Event: dns.ViewUpdated{ID: 1, Before: view("v"), After: view("w")}, Causation: 10},
		{Event: dns.ViewUpdated{ID: 1, Before: view("w"), After: view("v")}, Causation: 7}, // which holds again by then
	}
	revertOf := func(upTo int, positions ...domain.Position) []domain.Event {
		t.Helper()
		var done []revert.Done
		for _, p := range positions {
			done = append(done, revert.Done{Recorded: domain.Recorded{Position: p, Event: events[p-1].Event, Causation: events[p-1].Causation}})
		}
		var before []domain.Event
		for _, e := range events[:upTo] {
			before = append(before, e.Event)
		}
		cmd := domaintest.Must(revert.Events(done))
		decided, err := cmd.Decide(domaintest.NewHistory(before...), domaintest.Env(1, cmd))
		if err != nil {
			t.Errorf("undoing %v of %d: %v", positions, upTo, err)
		}
		return decided
	}
	for _, c := range []struct {
		upTo      int
		positions []domain.Position
		wants     []string
	}{
		{7, []domain.Position{5, 6}, nil},
		{7, []domain.Position{5, 6, 7}, []string{"ViewUpdated"}},
		{9, []domain.Position{5, 6, 8, 9}, nil},
		{8, []domain.Position{5, 6, 8}, []string{"ZoneRestored"}},
		{12, []domain.Position{7, 10, 11, 12}, []string{"ViewUpdated", "ViewUpdated"}},
	} {
		var types []string
		for _, e := range revertOf(c.upTo, c.positions...) {
			types = append(types, e.EventType())
		}
		if !slices.Equal(types, c.wants) {
			t.Errorf("undoing %v of %d: %v, want %v", c.positions, c.upTo, types, c.wants)
		}
	}
}
