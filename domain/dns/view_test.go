package dns_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func viewInput(name, acl string) dns.ViewInput { return dns.ViewInput{Name: &name, ACL: &acl} }

func TestViewDecisions(t *testing.T) {
	t.Parallel()
	create := func(name string) domain.Command { return must(dns.NewCreateView(viewInput(name, "any"))) }
	change := func(id int64, name, acl string) domain.Command {
		return must(dns.NewUpdateView(id, viewInput(name, acl), nil))
	}
	remove := must(dns.NewDeleteView(1, nil))
	v1 := dns.ViewData{Name: "v1", ACL: "any"}
	renamed := dns.ViewUpdated{ID: 1, Before: v1, After: dns.ViewData{Name: "new", ACL: "any"}}
	one := []domain.Event{view(1, "v1")}
	gone := slices.Concat(one, []domain.Event{dns.ViewDeleted{ID: 1, Privilege: privilegeOf(1), View: v1}})
	used := slices.Concat(one, []domain.Event{view(2, "v2"), zone(5, "b.com", 1, 2), zone(4, "a.com", 1)})
	unlinked := slices.Concat(used, []domain.Event{relinked(5, "b.com", []int64{1, 2}, []int64{2}), deletedZone(4, "a.com", 1)})

	runDecisions(t, []decision{
		{name: "create", when: create("v1"), then: []domain.Event{view(100, "v1")}},
		{name: "create echoes the ACL", when: must(dns.NewCreateView(viewInput("v", "0.0.0.0\n1.1.1.1/8"))), then: []domain.Event{
			dns.ViewCreated{ID: 100, Privilege: privilegeOf(100), View: dns.ViewData{Name: "v", ACL: "0.0.0.0\n1.1.1.1/8"}},
		}},
		{name: "create twice", given: one, when: create("v1"), code: domain.CodeRefused, text: "重复的View，相同的名字的View已存在！"},
		{name: "create other case", given: one, when: create("V1"), then: []domain.Event{view(100, "V1")}},
		{name: "create after delete", given: gone, when: create("v1"), then: []domain.Event{view(100, "v1")}},
		{name: "create freed name", given: slices.Concat(one, []domain.Event{renamed}), when: create("v1"), then: []domain.Event{view(100, "v1")}},
		{name: "create taken new name", given: slices.Concat(one, []domain.Event{renamed}), when: create("new"), code: domain.CodeRefused, text: "重复的View"},
		{name: "guest may not create", given: users(), as: guest, when: create("v1"), code: domain.CodeForbidden, text: "VIEW_ADD"},

		{name: "rename", given: one, when: change(1, "new", "any"), then: []domain.Event{renamed}},
		{name: "rename to taken", given: slices.Concat(one, []domain.Event{view(2, "v2")}), when: change(2, "v1", "any"), code: domain.CodeRefused, text: "重复的View，相同的名字的View已存在！"},
		{name: "change nothing", given: one, when: change(1, "v1", "any")},
		{name: "change ACL", given: one, when: change(1, "v1", "none"), then: []domain.Event{
			dns.ViewUpdated{ID: 1, Before: v1, After: dns.ViewData{Name: "v1", ACL: "none"}},
		}},
		{name: "change unknown", when: change(1, "v1", "any"), code: domain.CodeNotFound, text: "View 1 不存在！"},
		{name: "change other version", given: one, when: must(dns.NewUpdateView(1, viewInput("x", "any"), new(domain.Position(2)))), code: domain.CodePrecondition},
		{name: "guest may not change", given: users(one...), as: guest, when: change(1, "x", "any"), code: domain.CodeForbidden, text: "VIEW#v1#UPDATE"},

		{name: "delete", given: one, when: remove, then: gone[1:]},
		{name: "delete used", given: used, when: remove, code: domain.CodeRefused, text: "当前View还与Zone有关联，请先解除关联，再进行删除操作！\n['a.com', 'b.com']"},
		{name: "delete after unlinking", given: unlinked, when: remove, then: gone[1:]},
		{name: "delete unknown", when: remove, code: domain.CodeNotFound, text: "不存在！"},
		{name: "guest may not delete", given: users(one...), as: guest, when: remove, code: domain.CodeForbidden, text: "VIEW#v1#DELETE"},
	})
}

func TestViewRaces(t *testing.T) {
	t.Parallel()
	one := []domain.Event{view(1, "v1")}
	v1 := dns.ViewData{Name: "v1", ACL: "any"}
	create := must(dns.NewCreateView(viewInput("v2", "any")))
	rename := must(dns.NewUpdateView(1, viewInput("v2", "any"), nil))
	remove := must(dns.NewDeleteView(1, nil))
	toV2 := dns.ViewUpdated{ID: 3, Before: dns.ViewData{Name: "v3"}, After: dns.ViewData{Name: "v2"}}
	runRaces(t, []race{
		{"create, name taken", nil, create, view(3, "v2"), true},
		{"create, renamed to it", nil, create, toV2, true},
		{"create, another", nil, create, view(3, "v3"), false},
		{"create, rights lost", nil, create, access.UserRolesChanged{ID: admin}, true},
		{"rename, name taken", one, rename, view(3, "v2"), true},
		{"rename, deleted", one, rename, dns.ViewDeleted{ID: 1, Privilege: privilegeOf(1), View: v1}, true},
		{"rename, changed", one, rename, dns.ViewUpdated{ID: 1, Before: v1, After: dns.ViewData{Name: "v1", ACL: "none"}}, true},
		{"rename, zone linked", one, rename, zone(7, "a.com", 1), false},
		{"delete, zone linked", one, remove, zone(7, "a.com", 1), true},
		{"delete, zone relinked", one, remove, relinked(7, "a.com", []int64{2}, []int64{1, 2}), true},
		{"delete, zone deleted", one, remove, deletedZone(7, "a.com", 1), false},
		{"delete, other view linked", one, remove, zone(7, "a.com", 2), false},
		{"delete, changed", one, remove, dns.ViewUpdated{ID: 1, Before: v1, After: dns.ViewData{Name: "v1", ACL: "none"}}, true},
	})
}

func TestViewInputNamesTheField(t *testing.T) {
	t.Parallel()
	for field, in := range map[string][]dns.ViewInput{
		"name": {{ACL: new("any")}, viewInput("", "any"), viewInput("a b", "any")},
		"acl":  {{Name: new("v")}, viewInput("v", ""), viewInput("v", "\n"), viewInput("v", "x")},
	} {
		for _, in := range in {
			_, err := dns.NewCreateView(in)
			wantField(t, "create", err, field)
			_, err = dns.NewUpdateView(1, in, nil)
			wantField(t, "update", err, field)
		}
	}
}

// A refusal names the zones that the actor may ACCESS, and the others by their ids.
func TestZonesOfAViewAreNamed(t *testing.T) {
	t.Parallel()
	const deleteView = 7
	access2 := access.PrivilegeCreated{ID: 50, Privilege: access.PrivilegeData{Name: "see b", ResourceType: access.KindZone, ResourceID: 2}}
	for name, c := range map[string]struct {
		roles []domain.Event
		want  string
	}{
		"none":      {[]domain.Event{access.RoleCreated{ID: 8, Privileges: []int64{deleteView}}}, "['ZONE#2', 'ZONE#3', 'c.com']"},
		"one":       {[]domain.Event{access.RoleCreated{ID: 8, Privileges: []int64{deleteView, privilegeOf(3)}}}, "['ZONE#2', 'b.com', 'c.com']"},
		"by hand":   {[]domain.Event{access2, access.RoleCreated{ID: 8, Privileges: []int64{deleteView, 50}}}, "['a.com', 'ZONE#3', 'c.com']"},
		"to update": {[]domain.Event{access.RoleCreated{ID: 8, Privileges: []int64{deleteView, privilegeOf(2) + 1}}}, "['ZONE#2', 'ZONE#3', 'c.com']"},
		"all":       {[]domain.Event{access.RoleCreated{ID: 8, Privileges: []int64{deleteView}}, access.UserRolesChanged{ID: guest, After: []int64{7, 8}}}, "['a.com', 'b.com', 'c.com']"},
	} {
		given := append([]domain.Event{view(1, "v1"), access.UserRolesChanged{ID: guest, After: []int64{8}}}, c.roles...)
		world := domaintest.Given(users(given...)...).By(admin, zone(2, "a.com", 1), zone(3, "b.com", 1)).By(guest, zone(4, "c.com", 1))
		remove := must(dns.NewDeleteView(1, nil))
		t.Run(name, func(t *testing.T) {
			world.As(guest).When(remove).ThenError(t, domain.CodeRefused, "！\n"+c.want)
			world.As(admin).When(remove).ThenError(t, domain.CodeRefused, "！\n['a.com', 'b.com', 'c.com']")
		})
	}
	var many []domain.Event
	for id := range int64(101) {
		many = append(many, zone(id+1, "a.com", 1))
	}
	outcome := domaintest.Given(users(append(many, view(1, "v1"))...)...).As(admin).When(must(dns.NewDeleteView(1, nil)))
	if outcome.Err == nil || strings.Count(outcome.Err.Error(), "a.com") != 100 {
		t.Errorf("%v", outcome.Err)
	}
}
