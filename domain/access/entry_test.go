package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// coded gives the guest permission codes.
func coded(codes ...int) domain.Event {
	return access.UserPermissionsChanged{ID: guest, Codes: codes}
}

// TestSees has at least one row for each clause of [access.Actor.Sees] that fails
// without it. The zone is of position 50 and made by the admin, if not said otherwise.
func TestSees(t *testing.T) {
	t.Parallel()
	replaced := func(role int64) domain.Event {
		return access.RoleChanged{ID: role, Name: "zone_guest", FormerName: "zone_guest"}
	}
	zone := access.Target{Kind: access.KindZone, ID: 7, Privilege: 11, Created: 50, Creator: admin}
	mine, old, server, view := zone, zone, zone, zone
	mine.Creator, old.Created = guest, 1
	server.Kind, view.Kind = access.KindServer, access.KindView
	record := access.Target{Kind: access.KindRecord, ID: 9}
	byHand := record
	byHand.Manual = []access.ManualPrivilege{{ID: 20, Operation: access.OperationAccess}}
	on := func(target, zone access.Target, deleted, zoneDeleted bool) access.Entry {
		return access.Entry{Actor: admin, Target: &target, Zone: zone, Deleted: deleted, ZoneDeleted: zoneDeleted}
	}
	nothing := access.Target{}
	for _, test := range []struct {
		name  string
		given []domain.Event
		entry access.Entry
		sees  bool
	}{
		{"1: admin", given(holding(access.RoleAdmin)), access.Entry{Actor: clerk}, true},
		{"1: one's own", given(), access.Entry{Actor: guest}, true},
		{"1: one's own on what is hidden", given(), access.Entry{Actor: guest, Target: &zone}, true},
		{"1: one's own on what is gone", given(), access.Entry{Actor: guest, Target: &zone, Deleted: true}, true},
		{"nobody", given(access.UserDeleted{ID: guest}), access.Entry{Actor: guest}, false},

		{"2: on a user", given(holding(2, 3, 4, 5, 6, 7)), access.Entry{Actor: admin}, false},

		{"3: a view", given(), on(view, nothing, false, false), true},
		{"3: a view that is gone", given(), on(view, nothing, true, false), true},

		{"4: without rights", given(), on(zone, nothing, false, false), false},
		{"4: its creator", given(), on(mine, nothing, false, false), true},
		{"4: by a role of its kind", given(holding(7)), on(zone, nothing, false, false), true},
		{"4: by a role of its kind whose set is younger", given(replaced(7), holding(7)), on(old, nothing, false, false), false},
		{"4: by a role of another kind", given(holding(3)), on(zone, nothing, false, false), false},
		{"4: by a privilege", given(role8(11), holding(8)), on(zone, nothing, false, false), true},
		{"4: by another privilege", given(role8(12), holding(8)), on(zone, nothing, false, false), false},
		{"4: a server", given(holding(3)), on(server, nothing, false, false), true},
		{"4: a record by its zone", given(holding(7)), on(record, zone, false, false), true},
		{"4: a record by itself", given(role8(20), holding(8)), on(byHand, zone, false, false), true},
		{"4: a record without rights", given(), on(record, zone, false, false), false},

		{"5: gone, without rights", given(), on(zone, nothing, true, false), false},
		{"5: gone, its creator", given(), on(mine, nothing, true, false), true},
		{"5: gone, by a guest role of its kind", given(holding(7)), on(zone, nothing, true, false), true},
		{"5: gone, by an admin role of its kind", given(holding(6)), on(zone, nothing, true, false), true},
		{"5: gone, by a role of another kind", given(holding(3)), on(zone, nothing, true, false), false},
		{"5: gone, by a role whose set was replaced", given(replaced(7), holding(7)), on(zone, nothing, true, false), false},
		{"5: gone, by a privilege", given(role8(11), holding(8)), on(zone, nothing, true, false), false},
		{"5: a server that is gone", given(holding(3)), on(server, nothing, true, false), true},
		{"5: a server that is gone, by a role made by somebody", given(role8(), holding(8)), on(server, nothing, true, false), false},

		{"6: a record that is gone, by its zone", given(role8(11), holding(8)), on(record, zone, true, false), true},
		{"6: a record that is gone, its zone hidden", given(), on(record, zone, true, false), false},
		{"6: a record that is gone, by itself", given(role8(20), holding(8)), on(byHand, zone, true, false), false},
		{"6: a record and its zone gone, by a privilege", given(role8(11), holding(8)), on(record, zone, true, true), false},
		{"6: a record and its zone gone, the zone's creator", given(), on(record, mine, true, true), true},
		{"6: a record and its zone gone, by a role", given(holding(7)), on(record, zone, true, true), true},

		{"7: a task, by its code", given(coded(access.CodeGetTask)), access.Entry{Actor: admin, Code: access.CodeGetTask}, true},
		{"7: a task, by another code", given(coded(access.CodeGetMachine, access.CodeAddTask)), access.Entry{Actor: admin, Code: access.CodeGetTask}, false},
		{"7: a task, by the code of all", given(coded(access.CodeAdmin)), access.Entry{Actor: admin, Code: access.CodeGetTask}, true},
		{"7: a task, by roles", given(holding(2, 3, 4, 5, 6, 7)), access.Entry{Actor: admin, Code: access.CodeGetTask}, false},
		{"7: a user, by the code of all", given(coded(access.CodeAdmin)), access.Entry{Actor: admin}, false},
		{"7: one's own task", given(), access.Entry{Actor: guest, Code: access.CodeGetTask}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			actor := must(access.LoadWhole(domaintest.NewHistory(test.given...), guest))
			if got := actor.Sees(test.entry); got != test.sees {
				t.Errorf("sees the entry: %v", got)
			}
		})
	}
	if !access.NewActor(domain.System).Sees(access.Entry{Actor: admin}) {
		t.Error("1: the system does not see everything")
	}
}
