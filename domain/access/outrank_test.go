package access_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

// withCodes is the clerk of [clerkWith], who also has what else is given.
func withCodes(more ...domain.Event) []domain.Event {
	return append(clerkWith(access.CodeUpdateUser, access.CodeDeleteUser), more...)
}

// takeovers are the commands that only who has all that the guest has may give about
// the guest. Each would be carried out for the clerk if the guest had nothing.
func takeovers() map[string]domain.Command {
	mail := access.ProfileChange{Mail: new(access.Sealed("s")), MailDigest: new("m9")}
	return map[string]domain.Command{
		"password": access.ChangePassword{ID: guest, PasswordHash: "c9"},
		"keys":     must(ops.NewSetUserKeys("guest", []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXHNtlNb8Y4RtdkZ5QHnQ8ZcYCc0l1FTrwmY0r1VbfX"})),
		"mail":     must(access.NewUpdateUser(guest, access.UserChange{Profile: mail}, nil)),
		"rights":   must(access.NewChangePermissions(guest, []int{access.CodeUpdateUser}, nil)),
		"user":     must(access.NewDeleteUser(guest, nil)),
		"all":      must(ops.NewDeleteUser(guest, nil)),
	}
}

func zoneOf(privilege, id int64) domain.Event {
	return dns.ZoneCreated{ID: id, Privilege: privilege, Zone: dns.ZoneData{Name: "a.com", Group: dns.GroupExternal, Type: dns.ZoneMaster}}
}

// Nobody touches what opens the account of a user who has more than they have.
func TestTakeovers(t *testing.T) {
	t.Parallel()
	root := ops.AccountGranted{User: guest, Username: "Guest", Machine: 7, Account: "root"}
	same, elsewhere, another := root, root, root
	same.User, elsewhere.User, another.User = clerk, clerk, clerk
	elsewhere.Machine, another.Account = 8, "www"
	back := ops.AccountRevoked{User: guest, Username: "Guest", Machine: 7, Account: "root"}
	backAgain := back
	backAgain.User = clerk
	server := dns.ServerCreated{ID: 1, Privilege: 20, Server: dns.ServerData{Host: "s"}}
	view := dns.ViewCreated{ID: 1, Privilege: 23, View: dns.ViewData{Name: "v"}}
	zone, zoneGone := zoneOf(26, 1), dns.ZoneDeleted{ID: 1, Privilege: 26, Zone: dns.ZoneData{Name: "a.com"}}
	clerkHolds := func(roles ...int64) domain.Event { return rolesOf(clerk, nil, roles) }
	hand := func(id int64, o access.Operation) domain.Event { return manual(id, o, access.KindZone, 1) }
	for name, c := range map[string]struct {
		clerk, guest, later []domain.Event
		text                string // of the refusal, empty if there is none
	}{
		"nothing":                        {},
		"a role":                         {guest: []domain.Event{holding(7)}, text: "您没有的角色"},
		"a role of both":                 {clerk: []domain.Event{clerkHolds(7)}, guest: []domain.Event{holding(7)}},
		"a code":                         {guest: []domain.Event{access.UserPermissionsChanged{ID: guest, Codes: []int{17}}}, text: "managesshkey"},
		"an account":                     {guest: []domain.Event{root}, text: "不能登录的账号"},
		"an account of both":             {clerk: []domain.Event{same}, guest: []domain.Event{root}},
		"an account of another machine":  {clerk: []domain.Event{elsewhere}, guest: []domain.Event{root}, text: "不能登录的账号"},
		"another account":                {clerk: []domain.Event{another}, guest: []domain.Event{root}, text: "不能登录的账号"},
		"an account taken back":          {guest: []domain.Event{root, back}},
		"an account lost by the clerk":   {clerk: []domain.Event{same, backAgain}, guest: []domain.Event{root}, text: "不能登录的账号"},
		"an account, and code 1":         {clerk: []domain.Event{access.UserPermissionsChanged{ID: clerk, Codes: []int{1}}}, guest: []domain.Event{root}},
		"a server":                       {guest: []domain.Event{server}, text: "SERVER#1#UPDATE"},
		"a view":                         {guest: []domain.Event{view}, text: "VIEW#1#UPDATE"},
		"a zone":                         {guest: []domain.Event{zone}, text: "ZONE#1#UPDATE"},
		"a zone, and code 1":             {clerk: []domain.Event{access.UserPermissionsChanged{ID: clerk, Codes: []int{1}}}, guest: []domain.Event{zone}, text: "ZONE#1#UPDATE"},
		"a zone that is gone":            {guest: []domain.Event{zone, zoneGone}},
		"a zone after one that is gone":  {guest: []domain.Event{zone, zoneGone, zoneOf(29, 2)}, text: "ZONE#2#UPDATE"},
		"a zone, clerk is zone_admin":    {clerk: []domain.Event{clerkHolds(6)}, guest: []domain.Event{zone}},
		"a zone, clerk is zone_guest":    {clerk: []domain.Event{clerkHolds(7)}, guest: []domain.Event{zone}, text: "ZONE#1#UPDATE"},
		"a zone, clerk is server_admin":  {clerk: []domain.Event{clerkHolds(2)}, guest: []domain.Event{zone}, text: "ZONE#1#UPDATE"},
		"a zone and a server":            {clerk: []domain.Event{clerkHolds(6)}, guest: []domain.Event{zone, server}, text: "SERVER#1#UPDATE"},
		"a zone older than the set":      {clerk: []domain.Event{clerkHolds(6)}, guest: []domain.Event{zone}, later: []domain.Event{access.RoleChanged{ID: 6, Name: "zone_admin"}}, text: "ZONE#1#UPDATE"},
		"a zone that the clerk updates":  {clerk: []domain.Event{role8(27), clerkHolds(8)}, guest: []domain.Event{zone}, text: "ZONE#1#DELETE"},
		"a zone that the clerk deletes":  {clerk: []domain.Event{role8(28), clerkHolds(8)}, guest: []domain.Event{zone}, text: "ZONE#1#UPDATE"},
		"a zone of which the clerk both": {clerk: []domain.Event{role8(27, 28), clerkHolds(8)}, guest: []domain.Event{zone}},
		"a zone by hand":                 {clerk: []domain.Event{hand(50, 1), hand(53, 2), role8(50, 53), clerkHolds(8)}, guest: []domain.Event{zone}},
		"a zone half by hand":            {clerk: []domain.Event{hand(50, 1), role8(50), clerkHolds(8)}, guest: []domain.Event{zone}, text: "ZONE#1#DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := domaintest.Given(given(withCodes(c.clerk...)...)...).By(guest, c.guest...).By(admin, c.later...)
			for what, command := range takeovers() {
				outcome := scenario.As(clerk).When(command)
				if c.text != "" {
					outcome.ThenError(t, domain.CodeForbidden, c.text)
				} else if outcome.Err != nil || len(outcome.Events) == 0 {
					t.Errorf("%s: %v %v", what, outcome.Events, outcome.Err)
				}
				for _, who := range []domain.UserID{admin, domain.System} {
					if outcome := scenario.As(who).When(command); outcome.Err != nil {
						t.Errorf("%s by user %d: %v", what, who, outcome.Err)
					}
				}
			}
		})
	}
}

// What opens no account stays with who may update users: a name, a department.
func TestProfileIsNoTakeover(t *testing.T) {
	t.Parallel()
	change := must(access.NewUpdateUser(guest, access.UserChange{Profile: access.ProfileChange{Department: new("dev")}}, nil))
	domaintest.Given(given(withCodes(holding(1))...)...).By(guest, zoneOf(26, 1)).As(clerk).When(change).Then(t, access.UserProfileChanged{
		ID: guest, Before: access.Profile{Phone: "p2"}, After: access.Profile{Phone: "p2", Department: "dev"},
	})
}

// What the guest gets at the same moment, or the clerk loses, fails the append.
func TestTakeoverRaces(t *testing.T) {
	t.Parallel()
	zone := zoneOf(26, 1)
	same := ops.AccountGranted{User: clerk, Machine: 7, Account: "root"}
	root := ops.AccountGranted{User: guest, Machine: 7, Account: "root"}
	scenario := domaintest.Given(given(withCodes(same, rolesOf(clerk, nil, []int64{6}))...)...).By(guest, zone, root)
	for what, command := range takeovers() {
		outcome := scenario.As(clerk).When(command)
		if outcome.Err != nil {
			t.Fatalf("%s: %v", what, outcome.Err)
		}
		for _, e := range []domain.Event{
			zoneOf(29, 2), dns.ServerCreated{ID: 1, Privilege: 29}, dns.ViewCreated{ID: 1, Privilege: 29},
			ops.AccountGranted{User: guest, Machine: 8, Account: "root"}, ops.AccountRevoked{User: clerk, Machine: 7, Account: "root"},
			access.RoleChanged{ID: 6, Name: "zone_admin"}, rolesOf(clerk, nil, nil), rolesOf(guest, nil, []int64{1}),
			access.UserPermissionsChanged{ID: guest, Codes: []int{1}}, access.UserPermissionsChanged{ID: clerk},
		} {
			if !outcome.ConflictsBy(guest, e) {
				t.Errorf("%s goes on after %+v", what, e)
			}
		}
		if outcome.ConflictsBy(admin, zoneOf(29, 2)) || outcome.ConflictsBy(domain.System, zoneOf(29, 2)) {
			t.Errorf("%s is disturbed by what others create", what)
		}
	}
}

// A resource that comes back while its creator is taken for one without any fails the append.
func TestTakeoverWhileAResourceComesBack(t *testing.T) {
	t.Parallel()
	view := dns.ViewData{Name: "v", ACL: "any"}
	made, gone := dns.ViewCreated{ID: 1, View: view, Privilege: 29}, dns.ViewDeleted{ID: 1, View: view, Privilege: 29}
	back := made
	back.Birth = &dns.Birth{Created: 5, Creator: guest}
	scenario := domaintest.Given(given(withCodes()...)...).By(guest, made, gone)
	for what, command := range takeovers() {
		outcome := scenario.As(clerk).When(command)
		if outcome.Err != nil || !outcome.ConflictsBy(admin, back) {
			t.Errorf("%s: %v, and goes on after the guest's view has come back", what, outcome.Err)
		}
		scenario.By(admin, back).As(clerk).When(command).ThenError(t, domain.CodeForbidden, "VIEW#1#UPDATE")
	}
	if tags := domain.TagsOf(back, admin); slices.Contains(tags, access.TagCreator(admin)) {
		t.Error("who brings a view back is its creator")
	}
}

// Many resources, of which the last exists, cost few round trips and hide nothing.
func TestManyCreations(t *testing.T) {
	t.Parallel()
	var created []domain.Event
	for id := range int64(1201) {
		created = append(created, zoneOf(26+3*id, id+1))
	}
	gone := make([]domain.Event, 0, len(created))
	for id := range int64(1200) {
		gone = append(gone, dns.ZoneDeleted{ID: id + 1, Privilege: 26 + 3*id, Zone: dns.ZoneData{Name: "a.com"}})
	}
	scenario := domaintest.Given(given(withCodes()...)...).By(guest, slices.Concat(created, gone)...)
	command := access.ChangePassword{ID: guest, PasswordHash: "c9"}
	scenario.As(clerk).When(command).ThenError(t, domain.CodeForbidden, "ZONE#1201#UPDATE")
	last := dns.ZoneDeleted{ID: 1201, Privilege: 26 + 3*1200, Zone: dns.ZoneData{Name: "a.com"}}
	scenario.By(guest, last).As(clerk).When(command).Then(t, access.UserPasswordChanged{ID: guest, PasswordHash: "c9", Former: "c2"})
}
