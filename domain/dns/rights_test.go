package dns_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// The world of the rights: a server with the privileges 5 to 7, a view with 8 to
// 10, a zone with 11 to 13 and a record in it that 14 lets one update, 17 delete.
func rightsWorld() []domain.Event {
	byHand := func(id int64, o access.Operation) domain.Event {
		return access.PrivilegeCreated{ID: id, Privilege: access.PrivilegeData{
			Name: fmt.Sprint("p", id), Operation: o, ResourceType: access.KindRecord, ResourceID: 1,
		}}
	}
	return users(
		dns.ServerCreated{ID: 1, Privilege: 5, Server: serverData("s1", "1.1.1.1")}, dns.ServerEnrolled{ID: 1},
		dns.ServerCreated{ID: 2, Privilege: 20, Server: serverData("s2", "2.2.2.2")},
		dns.ViewCreated{ID: 1, Privilege: 8, View: dns.ViewData{Name: "v1", ACL: "any"}},
		dns.ViewCreated{ID: 2, Privilege: 23, View: dns.ViewData{Name: "v2", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: 11, Zone: master("a.com", 2)},
		record(1, 1, 2, "www", "A", "1.1.1.1"), byHand(14, access.OperationUpdate), byHand(17, access.OperationDelete),
	)
}

// needs says which privileges allow a command, each by itself.
type needs struct {
	name    string
	command domain.Command
	any     []int64
}

func commandsAndNeeds() []needs {
	server := serverInput("s9", "9.9.9.9")
	withdrawn := must(dns.NewWithdrawServer(1))
	return []needs{
		{"create server", must(dns.NewCreateServer(server)), []int64{access.PrivilegeServerAdd}},
		{"create zone", must(dns.NewCreateZone(zoneInput("b.com", "master", 1))), []int64{access.PrivilegeZoneAdd}},
		{"create view", must(dns.NewCreateView(viewInput("v9", "any"))), []int64{access.PrivilegeViewAdd}},
		{"change conf", must(dns.NewChangeBindConf("options { recursion no; };\n", nil, nil)), []int64{access.PrivilegeBindConfEdit}},
		{"update server", must(dns.NewUpdateServer(1, server, nil)), []int64{6}},
		{"withdraw server", withdrawn, []int64{6}},
		{"enroll server", must(dns.NewEnrollServer(2)), []int64{21}},
		{"delete server", must(dns.NewDeleteServer(1, nil)), []int64{7}},
		{"update view", must(dns.NewUpdateView(1, viewInput("v9", "any"), nil)), []int64{9}},
		{"delete view", must(dns.NewDeleteView(1, nil)), []int64{10}},
		{"update zone", must(dns.NewUpdateZone(1, zoneInput("a.com", "master", 1, 2), nil)), []int64{12}},
		{"delete zone", must(dns.NewDeleteZone(1, nil)), []int64{13}},
		{"add record", must(dns.NewAddRecord(recordInput(1, "v2", "n", "A", "1.1.1.1"))), []int64{12}},
		{"update record", must(dns.NewUpdateRecord(1, recordInput(1, "v2", "n", "A", "1.1.1.1"), nil)), []int64{12, 14}},
		{"delete record", must(dns.NewDeleteRecord(1, nil)), []int64{12, 17}},
	}
}

// Every command asks for its own right and for no other: of all privileges that
// there are, those in the table let a user do it, alone, and the rest do not.
func TestEveryCommandNeedsItsRight(t *testing.T) {
	t.Parallel()
	for _, c := range commandsAndNeeds() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for p := range int64(26) {
				given := slices.Concat(rightsWorld(), []domain.Event{
					access.RoleCreated{ID: 8, Name: "r8", Privileges: []int64{p}}, access.UserRolesChanged{ID: guest, After: []int64{8}},
				})
				outcome := domaintest.Given(given...).As(guest).When(c.command)
				if slices.Contains(c.any, p) != (outcome.Err == nil) {
					t.Errorf("with privilege %d: %v", p, outcome.Err)
				}
				if outcome.Err != nil {
					outcome.ThenError(t, domain.CodeForbidden, "无权限！缺少权限：")
				}
			}
		})
	}
}

// The same by the built-in roles, which hold the privileges of resources that
// were created before and after the role was given.
func TestBuiltinRolesDecide(t *testing.T) {
	t.Parallel()
	all := map[int64][]string{
		access.RoleServerAdmin: {"create server", "update server", "withdraw server", "enroll server", "delete server"},
		access.RoleViewAdmin:   {"create view", "update view", "delete view"},
		access.RoleZoneAdmin:   {"create zone", "update zone", "delete zone", "add record", "update record", "delete record"},
	}
	for role := access.RoleServerAdmin; role <= access.RoleZoneGuest; role++ {
		given := slices.Concat(rightsWorld(), []domain.Event{access.UserRolesChanged{ID: guest, After: []int64{role}}})
		for _, c := range commandsAndNeeds() {
			err := domaintest.Given(given...).As(guest).When(c.command).Err
			if want := slices.Contains(all[role], c.name); want != (err == nil) {
				t.Errorf("role %d, %s: %v", role, c.name, err)
			}
		}
	}
}

// A right that is taken away while a command is being decided fails its append.
func TestRightsAreGuarded(t *testing.T) {
	t.Parallel()
	byRecord := access.PrivilegeData{Name: "p14", Operation: access.OperationUpdate, ResourceType: access.KindRecord, ResourceID: 1}
	for _, c := range commandsAndNeeds() {
		given := slices.Concat(rightsWorld(), []domain.Event{
			access.RoleCreated{ID: 8, Name: "r8", Privileges: c.any}, access.UserRolesChanged{ID: guest, After: []int64{8}},
		})
		outcome := domaintest.Given(given...).As(guest).When(c.command)
		if outcome.Err != nil {
			t.Fatalf("%s: %v", c.name, outcome.Err)
		}
		for _, taken := range []domain.Event{
			access.RoleChanged{ID: 8, FormerName: "r8", Name: "r8"}, access.RoleDeleted{ID: 8, Name: "r8"},
			access.UserRolesChanged{ID: guest, Before: []int64{8}}, access.UserDeleted{ID: guest},
		} {
			if !outcome.Conflicts(taken) {
				t.Errorf("%s: goes on after %+v", c.name, taken)
			}
		}
		if outcome.Conflicts(access.PrivilegeDeleted{ID: 14, Privilege: byRecord}) {
			t.Errorf("%s: disturbed by a privilege that it does not need", c.name)
		}
	}
	given := slices.Concat(rightsWorld(), []domain.Event{
		access.RoleCreated{ID: 8, Name: "r8", Privileges: []int64{14}}, access.UserRolesChanged{ID: guest, After: []int64{8}},
	})
	change := must(dns.NewUpdateRecord(1, recordInput(1, "v2", "n", "A", "1.1.1.1"), nil))
	if !domaintest.Given(given...).As(guest).When(change).Conflicts(access.PrivilegeDeleted{ID: 14, Privilege: byRecord}) {
		t.Error("a record's change goes on after its privilege was deleted")
	}
}

// An admin's decision about a record reads what it read before there were rights:
// one fold for who acts. A zone_admin's reads one more.
func TestRightsCostFewFolds(t *testing.T) {
	t.Parallel()
	add := must(dns.NewAddRecord(recordInput(1, "v2", "n", "A", "1.1.1.1")))
	for _, c := range []struct {
		role         int64
		loads, folds int
	}{
		{access.RoleAdmin, 1, 4},
		{access.RoleZoneAdmin, 2, 5},
	} {
		given := slices.Concat(rightsWorld(), []domain.Event{access.UserRolesChanged{ID: guest, After: []int64{c.role}}})
		h := &countingHistory{History: domaintest.NewHistory(given...)}
		if _, err := add.Decide(h, domaintest.Env(guest, add)); err != nil {
			t.Fatal(err)
		}
		if h.loads != c.loads || h.folds != c.folds {
			t.Errorf("role %d: %d loads of %d folds, want %d of %d", c.role, h.loads, h.folds, c.loads, c.folds)
		}
	}
}

// A record that is where the client says is read with that name, in one round trip and as
// one fold; one that the change renames is looked for.
func TestAChangeReadsFewFolds(t *testing.T) {
	t.Parallel()
	given := recordsGiven(record(1, 1, 1, "a", "A", "1.1.1.1"))
	for _, c := range []struct {
		name, host   string
		loads, folds int
	}{
		{"where it is", "a", 1, 4},
		{"renamed", "n", 3, 6},
	} {
		change := must(dns.NewUpdateRecord(1, recordInput(1, "v1", c.host, "A", "1.1.1.2"), nil))
		h := &countingHistory{History: domaintest.NewHistory(users(given...)...)}
		if _, err := change.Decide(h, domaintest.Env(admin, change)); err != nil {
			t.Fatal(err)
		}
		if h.loads != c.loads || h.folds != c.folds {
			t.Errorf("%s: %d loads of %d folds, want %d of %d", c.name, h.loads, h.folds, c.loads, c.folds)
		}
	}
}

// countingHistory counts what is loaded.
type countingHistory struct {
	*domaintest.History
	loads, folds int
}

func (h *countingHistory) Load(folds ...domain.Fold) error {
	h.loads++
	h.folds += len(folds)
	return h.History.Load(folds...)
}
