package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// The world of these tests: zone 7 with the privileges 11, 12, 13, made by user 9.
func zone7(created domain.Position) access.Target {
	return access.Target{Kind: access.KindZone, ID: 7, Name: "a.com", Privilege: 11, Created: created, Creator: 9}
}

func manual(id int64, o access.Operation, kind access.Kind, resource int64) domain.Event {
	return access.PrivilegeCreated{ID: id, Privilege: access.PrivilegeData{
		Name: "p" + o.String(), Operation: o, ResourceType: kind, ResourceID: resource,
	}}
}

// holding gives the guest roles.
func holding(roles ...int64) domain.Event { return rolesOf(guest, []int64{}, roles) }

func role8(privileges ...int64) domain.Event {
	return access.RoleCreated{ID: 8, Name: "r8", Privileges: privileges}
}

// The table says which of ACCESS, UPDATE and DELETE a user may do to zone 7 and
// to its record 70, and which built-in rights they have.
func TestAuthorize(t *testing.T) {
	t.Parallel()
	const late = domain.Position(50) // after everything that is given
	replaced := access.RoleChanged{ID: access.RoleZoneAdmin, Name: "zone_admin", FormerName: "zone_admin", Privileges: []int64{13}}
	for _, c := range []struct {
		name    string
		as      domain.UserID
		given   []domain.Event
		created domain.Position
		zone    string
		record  string
		builtin string
	}{
		{name: "system", as: domain.System, zone: "AUD", record: "AUD", builtin: "szvb"},
		{name: "admin", as: admin, zone: "AUD", record: "AUD", builtin: "szvb"},
		{name: "guest", as: guest},
		{name: "nobody", as: 8},
		{name: "creator", as: 9, given: []domain.Event{access.UserRegistered{ID: 9, Username: "nine"}}, zone: "AUD", record: "AUD"},
		{name: "creator who was deleted", as: 9, given: []domain.Event{access.UserRegistered{ID: 9, Username: "nine"}, access.UserDeleted{ID: 9}}},
		{name: "admin no more", as: admin, given: []domain.Event{rolesOf(admin, []int64{1}, []int64{})}},
		{name: "zone_admin", as: guest, given: []domain.Event{holding(6)}, created: late, zone: "AUD", record: "AUD", builtin: "z"},
		{name: "zone_guest", as: guest, given: []domain.Event{holding(7)}, created: late, zone: "A", record: "A"},
		{name: "server_admin", as: guest, given: []domain.Event{holding(2)}, created: late, builtin: "s"},
		{name: "view_admin and view_guest", as: guest, given: []domain.Event{holding(4, 5)}, created: late, builtin: "v"},
		{name: "zone_admin, set replaced before", as: guest, given: []domain.Event{holding(6), replaced}, created: late, zone: "AUD", record: "AUD"},
		{name: "zone_admin, set replaced since", as: guest, given: []domain.Event{holding(6), replaced}, created: 2, zone: "D"},
		{name: "zone_guest, emptied", as: guest, given: []domain.Event{holding(7), access.RoleChanged{ID: 7, Privileges: []int64{}}}, created: 2},
		{name: "named by id", as: guest, given: []domain.Event{role8(4, 11, 12), holding(8)}, zone: "AU", record: "AUD", builtin: "b"},
		{name: "another zone's", as: guest, given: []domain.Event{role8(8, 9, 10, 14, 15, 16), holding(8)}},
		{name: "named, then replaced", as: guest, given: []domain.Event{role8(11), holding(8), access.RoleChanged{ID: 8, Privileges: []int64{13}}}, zone: "D"},
		{name: "two roles", as: guest, given: []domain.Event{role8(12), holding(7, 8)}, created: late, zone: "AU", record: "AUD"},
		{name: "role deleted", as: guest, given: []domain.Event{role8(11), holding(8), access.RoleDeleted{ID: 8, Name: "r8"}}},
		{name: "role lost", as: guest, given: []domain.Event{role8(11), holding(8), rolesOf(guest, []int64{8}, []int64{})}},
		{name: "by hand", as: guest, given: []domain.Event{manual(20, 1, access.KindZone, 7), role8(20), holding(8)}, zone: "U", record: "UD"},
		{name: "by hand, held by nobody", as: guest, given: []domain.Event{manual(20, 1, access.KindZone, 7), role8(), holding(8)}},
		{name: "by hand, for another kind", as: guest, given: []domain.Event{manual(20, 1, access.KindServer, 7), role8(20), holding(8)}},
		{name: "by hand, for another zone", as: guest, given: []domain.Event{manual(20, 1, access.KindZone, 8), role8(20), holding(8)}},
		{name: "by hand, of no meaning", as: guest, given: []domain.Event{manual(20, 6, access.KindZone, 7), role8(20), holding(8)}},
		{name: "by hand, deleted", as: guest, given: []domain.Event{
			manual(20, 1, access.KindZone, 7), role8(20), holding(8), access.PrivilegeDeleted{ID: 20, Privilege: access.PrivilegeData{ResourceType: access.KindZone, ResourceID: 7}},
		}},
		{name: "by hand, moved away", as: guest, given: []domain.Event{
			manual(20, 1, access.KindZone, 7), role8(20), holding(8),
			access.PrivilegeChanged{
				ID:     20,
				Before: access.PrivilegeData{Operation: 1, ResourceType: access.KindZone, ResourceID: 7},
				After:  access.PrivilegeData{Operation: 1, ResourceType: access.KindZone, ResourceID: 8},
			},
		}},
		{name: "by hand, moved to another kind", as: guest, given: []domain.Event{
			manual(20, 1, access.KindZone, 7), role8(20), holding(8),
			access.PrivilegeChanged{
				ID:     20,
				Before: access.PrivilegeData{Operation: 1, ResourceType: access.KindZone, ResourceID: 7},
				After:  access.PrivilegeData{Operation: 1, ResourceType: access.KindServer, ResourceID: 7},
			},
		}},
		{name: "by hand, moved here", as: guest, given: []domain.Event{
			manual(20, 1, access.KindZone, 8), role8(20), holding(8),
			access.PrivilegeChanged{
				ID:     20,
				Before: access.PrivilegeData{Operation: 1, ResourceType: access.KindZone, ResourceID: 8},
				After:  access.PrivilegeData{Operation: 0, ResourceType: access.KindZone, ResourceID: 7},
			},
		}, zone: "A", record: "A"},
		{name: "one record, read and delete", as: guest, given: []domain.Event{
			manual(20, 0, access.KindRecord, 70), manual(23, 2, access.KindRecord, 70), role8(20, 23), holding(8),
		}, record: "AD"},
		{name: "another record", as: guest, given: []domain.Event{manual(20, 1, access.KindRecord, 71), role8(20), holding(8)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := domaintest.NewHistory(given(c.given...)...)
			if h.Last() >= late {
				t.Fatal("late is not late")
			}
			target, record := zone7(c.created), access.Target{Kind: access.KindRecord, ID: 70, Name: "www"}
			if got := allowed(t, h, c.as, func(o access.Operation) access.Right { return access.On(target, o) }); got != c.zone {
				t.Errorf("may do %q to the zone, want %q", got, c.zone)
			}
			if got := allowed(t, h, c.as, func(o access.Operation) access.Right { return access.OnRecord(record, target, o) }); got != c.record {
				t.Errorf("may do %q to the record, want %q", got, c.record)
			}
			if got := allowedBuiltin(t, h, c.as); got != c.builtin {
				t.Errorf("has the built-in rights %q, want %q", got, c.builtin)
			}
		})
	}
}

// allowed returns the letters of the operations that the user may do.
func allowed(t *testing.T, h *domaintest.History, user domain.UserID, right func(access.Operation) access.Right) string {
	t.Helper()
	var out []byte
	for o := access.OperationAccess; o <= access.OperationDelete; o++ {
		if authorized(t, h, user, right(o)) {
			out = append(out, o.String()[0])
		}
	}
	return string(out)
}

func allowedBuiltin(t *testing.T, h *domaintest.History, user domain.UserID) string {
	t.Helper()
	var out []byte
	for i, r := range []access.Right{access.AddServer(), access.AddZone(), access.AddView(), access.EditBindConf()} {
		if authorized(t, h, user, r) {
			out = append(out, "szvb"[i])
		}
	}
	return string(out)
}

func authorized(t *testing.T, h *domaintest.History, user domain.UserID, r access.Right) bool {
	t.Helper()
	actor, err := access.Load(h, user)
	if err != nil {
		t.Fatal(err)
	}
	err = access.Authorize(h, actor, r)
	var refused *domain.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return err == nil
}

// An actor with all of their roles answers as the log does, where there is
// nothing made by hand or the target says it.
func TestMayAnswersAsAuthorize(t *testing.T) {
	t.Parallel()
	h := domaintest.NewHistory(given(manual(20, 1, access.KindZone, 7), role8(11, 20), holding(7, 8))...)
	target := zone7(50)
	known := target
	known.Manual = []access.ManualPrivilege{{ID: 20, Operation: 1}}
	for _, user := range []domain.UserID{admin, guest, 9, domain.System} {
		whole := must(access.LoadWhole(h, user))
		for o := access.OperationAccess; o <= access.OperationDelete; o++ {
			want := authorized(t, h, user, access.On(target, o))
			if got := whole.May(access.On(known, o)); got != want {
				t.Errorf("user %d, %s: May says %v, the log %v", user, o, got, want)
			}
			if got := whole.Require(access.On(known, o)) == nil; got != want {
				t.Errorf("user %d, %s: Require says %v, the log %v", user, o, got, want)
			}
		}
	}
}

// An actor is told of roles by others, too, and takes those alone that the user holds.
func TestRolesOfOthersGiveNothing(t *testing.T) {
	t.Parallel()
	h := domaintest.NewHistory(given(role8(11))...)
	actor, role := must(access.Load(h, guest)), access.NewRole(8)
	if err := h.Load(role); err != nil {
		t.Fatal(err)
	}
	actor.Hold(role)
	if actor.May(access.On(zone7(0), access.OperationAccess)) {
		t.Error("a role that the user does not hold gives its rights")
	}
}

// Who may do what is not said of a log that cannot be read, whichever read fails. Commands
// are tried so by domaintest.
func TestNothingIsSaidOfWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	h := domaintest.NewHistory(given(manual(20, 0, access.KindZone, 7), role8(20), holding(7, 8))...)
	zone := zone7(0)
	for what, ask := range map[string]func(domain.History) error{
		"whole actor": func(h domain.History) error { _, err := access.LoadWhole(h, guest); return err },
		"right": func(h domain.History) error {
			actor, err := access.Load(h, guest)
			if err != nil {
				return err
			}
			return access.Authorize(h, actor, access.On(zone, access.OperationAccess))
		},
		"rights": func(h domain.History) error {
			actor, err := access.Load(h, guest)
			if err != nil {
				return err
			}
			_, err = access.Accessible(h, actor, []access.Target{zone})
			return err
		},
	} {
		whole := h.Fork()
		if err := ask(whole); err != nil || whole.Loads() < 2 {
			t.Errorf("%s: %v after %d reads", what, err, whole.Loads())
		}
		for n := range whole.Loads() {
			if err := ask(h.FailingAt(n + 1)); !errors.Is(err, domaintest.ErrUnread) {
				t.Errorf("%s: %v although read %d of %d failed", what, err, n+1, whole.Loads())
			}
		}
	}
}

// A resource without privileges of its own is not covered by those of the start.
func TestNoPrivilegeIsNoNumber(t *testing.T) {
	t.Parallel()
	h := domaintest.NewHistory(given(role8(0, 1, 2), holding(8))...)
	if got := allowed(t, h, guest, func(o access.Operation) access.Right {
		return access.On(access.Target{Kind: access.KindZone, ID: 7, Created: 50}, o)
	}); got != "" {
		t.Errorf("may do %q", got)
	}
}

// What an actor was told of roles counts as long as they hold them.
func TestRolesAreForgottenWithTheUser(t *testing.T) {
	t.Parallel()
	for _, e := range []domain.Event{rolesOf(guest, []int64{8}, []int64{}), access.UserDeleted{ID: guest}} {
		actor := must(access.LoadWhole(domaintest.NewHistory(given(role8(11), holding(8))...), guest))
		if !actor.May(access.On(zone7(0), access.OperationAccess)) {
			t.Fatal("the role is of no use")
		}
		actor.Apply(domain.Recorded{Event: e})
		if actor.May(access.On(zone7(0), access.OperationAccess)) {
			t.Errorf("the right outlives %T", e)
		}
	}
}

func TestRefusalsNameTheRight(t *testing.T) {
	t.Parallel()
	record := access.Target{Kind: access.KindRecord, ID: 70, Name: "www"}
	for _, c := range []struct {
		right access.Right
		text  string
	}{
		{access.AddServer(), "无权限！缺少权限：SERVER_ADD"},
		{access.AddZone(), "无权限！缺少权限：ZONE_ADD"},
		{access.AddView(), "无权限！缺少权限：VIEW_ADD"},
		{access.EditBindConf(), "无权限！缺少权限：BIND_CONF_EDIT"},
		{access.Administer(), "无权限！缺少权限：admin"},
		{access.Permitted(access.CodeGetTask), "无权限！缺少权限：gettask"},
		{access.On(zone7(0), access.OperationDelete), "无权限！缺少权限：ZONE#7#DELETE"},
		{access.On(access.Target{Kind: access.KindView, Name: "v"}, access.OperationUpdate), "VIEW#v#UPDATE"},
		{access.On(access.Target{Kind: access.KindServer, ID: 4, Name: "s"}, access.OperationAccess), "SERVER#4#ACCESS"},
		{access.OnRecord(record, zone7(0), access.OperationDelete), "ZONE#7#UPDATE"},
		{access.OnRecord(record, zone7(0), access.OperationAccess), "ZONE#7#ACCESS"},
	} {
		h := domaintest.NewHistory(given()...)
		domaintest.Outcome{Err: access.Authorize(h, must(access.Load(h, guest)), c.right)}.ThenError(t, domain.CodeForbidden, c.text)
		domaintest.Outcome{Err: access.Authorize(h, must(access.Load(h, 8)), c.right)}.ThenError(t, domain.CodeUnauthenticated, "Token is invalid!")
	}
}

// A refusal has the name of a resource only for who may ACCESS it, whatever lets them.
func TestRefusalsHideNames(t *testing.T) {
	t.Parallel()
	record := access.Target{Kind: access.KindRecord, ID: 70, Name: "www"}
	const byID, byName = "：ZONE#7#DELETE", "：ZONE#a.com#DELETE"
	for name, c := range map[string]struct {
		more []domain.Event
		text string
	}{
		"nothing":                   {nil, byID},
		"UPDATE alone":              {[]domain.Event{role8(12), holding(8)}, byID},
		"ACCESS":                    {[]domain.Event{role8(11), holding(8)}, byName},
		"ACCESS by another role":    {[]domain.Event{role8(11), holding(3, 8)}, byName},
		"ACCESS by hand":            {[]domain.Event{manual(20, 0, access.KindZone, 7), role8(20), holding(8)}, byName},
		"ACCESS to another":         {[]domain.Event{role8(14), holding(8)}, byID},
		"ACCESS to a record":        {[]domain.Event{manual(20, 0, access.KindRecord, 70), role8(20), holding(8)}, byID},
		"guest of younger zones":    {[]domain.Event{holding(7)}, byName},
		"guest whose set was reset": {[]domain.Event{access.RoleChanged{ID: 7, Name: "zone_guest"}, holding(7)}, byID},
	} {
		zone := zone7(4)
		zone.Privilege = 11
		h := domaintest.NewHistory(given(c.more...)...)
		actor := must(access.Load(h, guest))
		domaintest.Outcome{Err: access.Authorize(h, actor, access.On(zone, access.OperationDelete))}.ThenError(t, domain.CodeForbidden, c.text)
		inRecord := strings.Replace(c.text, "DELETE", "UPDATE", 1)
		if name != "UPDATE alone" {
			err := access.Authorize(h, must(access.Load(h, guest)), access.OnRecord(record, zone, access.OperationDelete))
			domaintest.Outcome{Err: err}.ThenError(t, domain.CodeForbidden, inRecord)
		}
		if text := access.On(zone, access.OperationDelete).Name(); text != "ZONE#7#DELETE" {
			t.Errorf("%s: for everybody it is called %s", name, text)
		}
	}
}

func TestPermissionCodes(t *testing.T) {
	t.Parallel()
	h := domaintest.NewHistory(given(
		access.UserPermissionsChanged{ID: guest, Codes: []int{access.CodeGetTask}},
		access.UserRegistered{ID: clerk, Username: "clerk"},
		access.UserPermissionsChanged{ID: clerk, Codes: []int{access.CodeAdmin}},
	)...)
	for _, c := range []struct {
		user  domain.UserID
		right access.Right
		want  bool
	}{
		{guest, access.Permitted(access.CodeGetTask), true},
		{guest, access.Permitted(access.CodeAddTask), false},
		{guest, access.Permitted(access.CodeAdmin), false},
		{clerk, access.Permitted(access.CodeAddTask), true},
		{clerk, access.AddZone(), false}, // code 1 is of the other dialect
		{clerk, access.Administer(), false},
		{clerk, access.On(zone7(50), access.OperationAccess), false},
		{admin, access.Permitted(access.CodeAddTask), true},
	} {
		if got := authorized(t, h, c.user, c.right); got != c.want {
			t.Errorf("user %d, %s: %v", c.user, c.right.Name(), got)
		}
	}
	for i, p := range access.Permissions() {
		if p.Code != i+1 || p.Name == "" || p.Desc == "" {
			t.Errorf("permission %+v", p)
		}
	}
}

// A decision reads no more than it must: what it reads, it conflicts with.
func TestWhatARightIsGuardedBy(t *testing.T) {
	t.Parallel()
	const late = domain.Position(50)
	lost := rolesOf(guest, []int64{6}, []int64{})
	zoneAdmin := access.RoleChanged{ID: 6, Privileges: []int64{}}
	other := access.RoleChanged{ID: 8, Privileges: []int64{}}
	byHand := access.PrivilegeData{Operation: 1, ResourceType: access.KindZone, ResourceID: 7}
	update := access.On(zone7(late), access.OperationUpdate)
	guests, serverAdmin := access.RoleChanged{ID: 7, Privileges: []int64{}}, access.RoleChanged{ID: 2, Privileges: []int64{}}
	record := access.Target{Kind: access.KindRecord, ID: 70}
	for _, c := range []struct {
		name   string
		as     domain.UserID
		right  access.Right
		given  []domain.Event
		fails  []domain.Event
		ignore []domain.Event
	}{
		{
			name: "ZONE_ADD, by zone_admin among others", as: guest, right: access.AddZone(), given: []domain.Event{role8(2), holding(2, 6, 8)},
			fails: []domain.Event{zoneAdmin}, ignore: []domain.Event{serverAdmin, other},
		},
		{
			name: "ACCESS, by zone_guest among others", as: guest, right: access.On(zone7(late), access.OperationAccess),
			given: []domain.Event{role8(), holding(2, 7, 8)}, fails: []domain.Event{guests}, ignore: []domain.Event{serverAdmin, other},
		},
		{
			name: "UPDATE, by zone_admin, a zone_guest", as: guest, right: update, given: []domain.Event{holding(6, 7)},
			fails: []domain.Event{zoneAdmin}, ignore: []domain.Event{guests},
		},
		{
			name: "a server's, by server_admin among others", as: guest, given: []domain.Event{role8(), holding(2, 8)},
			right: access.On(access.Target{Kind: access.KindServer, ID: 1, Created: late}, access.OperationUpdate),
			fails: []domain.Event{serverAdmin}, ignore: []domain.Event{other},
		},
		{
			name: "a record's, by zone_admin among others", as: guest, right: access.OnRecord(record, zone7(late), access.OperationUpdate),
			given: []domain.Event{role8(), holding(2, 6, 7, 8)}, fails: []domain.Event{zoneAdmin}, ignore: []domain.Event{serverAdmin, guests, other},
		},
		{
			name: "a record's ACCESS, by zone_guest among others", as: guest, right: access.OnRecord(record, zone7(late), access.OperationAccess),
			given: []domain.Event{role8(), holding(2, 7, 8)}, fails: []domain.Event{guests}, ignore: []domain.Event{serverAdmin, other},
		},
		{
			name: "admin", as: admin, right: update,
			fails:  []domain.Event{rolesOf(admin, []int64{1}, []int64{}), access.UserDeleted{ID: admin}},
			ignore: []domain.Event{access.RoleChanged{ID: 1}, zoneAdmin, access.PrivilegeDeleted{ID: 20, Privilege: byHand}, rolesOf(guest, nil, []int64{1})},
		},
		{
			name: "zone_admin among others", as: guest, right: update, given: []domain.Event{role8(), holding(6, 8)},
			fails:  []domain.Event{lost, zoneAdmin, access.RoleDeleted{ID: 6}, access.UserDeleted{ID: guest}},
			ignore: []domain.Event{other, access.PrivilegeDeleted{ID: 20, Privilege: byHand}, access.UserLoggedIn{ID: guest}, access.UserProfileChanged{ID: guest}},
		},
		{
			name: "named", as: guest, right: update, given: []domain.Event{role8(12), holding(8)},
			fails:  []domain.Event{other, access.RoleDeleted{ID: 8}},
			ignore: []domain.Event{access.PrivilegeDeleted{ID: 20, Privilege: byHand}, access.RoleChanged{ID: 9}},
		},
		{
			name: "by hand", as: guest, right: update, given: []domain.Event{manual(20, 1, access.KindZone, 7), role8(20), holding(8)},
			fails: []domain.Event{
				other, access.PrivilegeDeleted{ID: 20, Privilege: byHand}, access.PrivilegeChanged{ID: 20, Before: byHand},
			},
			ignore: []domain.Event{manual(23, 1, access.KindZone, 7), access.PrivilegeDeleted{ID: 20, Privilege: access.PrivilegeData{ResourceType: access.KindZone, ResourceID: 8}}},
		},
	} {
		h := domaintest.NewHistory(given(c.given...)...)
		if !authorized(t, h, c.as, c.right) {
			t.Fatalf("%s: not allowed", c.name)
		}
		for _, e := range c.fails {
			if !h.Conflicts(e) {
				t.Errorf("%s: the right outlives %+v", c.name, e)
			}
		}
		for _, e := range c.ignore {
			if h.Conflicts(e) {
				t.Errorf("%s: disturbed by %+v", c.name, e)
			}
		}
	}
}

// The commands of package dns ask for the right that their resource needs.
func TestAutomaticPrivilegesOfResources(t *testing.T) {
	t.Parallel()
	server := dns.ServerCreated{ID: 1, Privilege: 20, Server: dns.ServerData{Host: "s"}}
	view := dns.ViewCreated{ID: 1, Privilege: 23, View: dns.ViewData{Name: "v"}}
	zone := dns.ZoneCreated{ID: 1, Privilege: 26, Zone: dns.ZoneData{Name: "z", Group: dns.GroupExternal, Type: dns.ZoneMaster}}
	commands := []domain.Command{
		must(dns.NewDeleteServer(1, nil)), must(dns.NewDeleteView(1, nil)), must(dns.NewDeleteZone(1, nil)),
	}
	for i, name := range []string{"SERVER#1#DELETE", "VIEW#v#DELETE", "ZONE#1#DELETE"} {
		for n, privilege := range []int64{22, 25, 28} {
			s := domaintest.Given(given(role8(privilege), holding(8))...).By(admin, server, view, zone)
			outcome := s.As(guest).When(commands[i])
			if i != n {
				outcome.ThenError(t, domain.CodeForbidden, name)
			} else if outcome.Err != nil {
				t.Errorf("%s: %v", name, outcome.Err)
			}
		}
		byGuest := domaintest.Given(given()...).By(guest, server, view, zone)
		if outcome := byGuest.As(guest).When(commands[i]); outcome.Err != nil {
			t.Errorf("the creator may not: %s: %v", name, outcome.Err)
		}
	}
}

func TestBuiltins(t *testing.T) {
	t.Parallel()
	for i, r := range access.BuiltinRoles() {
		if r.ID != int64(i+1) {
			t.Errorf("role %+v", r)
		}
		for _, p := range r.Privileges {
			if !slices.ContainsFunc(access.BuiltinPrivileges(), func(b access.BuiltinPrivilege) bool { return b.ID == p }) {
				t.Errorf("role %+v", r)
			}
		}
	}
	for i, p := range access.BuiltinPrivileges() {
		if p.ID != int64(i+1) || access.PrivilegeBase(p.ID) != p.ID {
			t.Errorf("privilege %+v", p)
		}
	}
	for id, base := range map[int64]int64{5: 5, 6: 5, 7: 5, 8: 8, 100: 98, 101: 101, 103: 101} {
		if got := access.PrivilegeBase(id); got != base {
			t.Errorf("privilege %d is one of those from %d, want %d", id, got, base)
		}
	}
}
