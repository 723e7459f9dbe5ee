package dns_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// namesWorld has the views 1 to 3 and, made by other, the zones 1 a.com in the views 1
// and 2, 2 b.a.com in the view 2 and 3 outside.org, an external one. The guest may add
// zones, and holds the privileges.
func namesWorld(privileges ...int64) domaintest.Scenario {
	privileges = append([]int64{access.PrivilegeZoneAdd}, privileges...)
	slices.Sort(privileges)
	return domaintest.Given(users(
		view(1, "v1"), view(2, "v2"), view(3, "v3"),
		access.RoleCreated{ID: 8, Name: "adders", Privileges: privileges}, access.UserRolesChanged{ID: guest, After: []int64{8}},
	)...).By(other,
		zone(1, "a.com", 1, 2), zone(2, "b.a.com", 2),
		dns.ZoneCreated{ID: 3, Privilege: privilegeOf(3), Zone: external("outside.org")},
	)
}

// Who may answer for which name in which views.
func TestNamesBelowZones(t *testing.T) {
	t.Parallel()
	const aUpdate, bUpdate = 6, 9 // privileges of the zones 1 and 2
	deep := strings.Repeat("x.", 38) + "a.com"
	for name, c := range map[string]struct {
		holds []int64
		zone  string
		views []int64
		text  string // of the refusal, empty if there is none
	}{
		"beside":                          {nil, "c.com", []int64{1}, ""},
		"ends alike":                      {nil, "xa.com", []int64{1}, ""},
		"below":                           {nil, "x.a.com", []int64{1}, "ZONE#1#UPDATE"},
		"below, in capitals, with a dot":  {nil, "X.A.COM.", []int64{1}, "ZONE#1#UPDATE"},
		"far below":                       {nil, "z.y.x.a.com", []int64{1}, "ZONE#1#UPDATE"},
		"below in another view":           {nil, "x.a.com", []int64{3}, ""},
		"below in one of several views":   {nil, "x.a.com", []int64{2, 3}, "ZONE#1#UPDATE"},
		"below the nearest":               {nil, "x.b.a.com", []int64{2}, "ZONE#2#UPDATE"},
		"with UPDATE":                     {[]int64{aUpdate}, "x.a.com", []int64{1, 2}, ""},
		"with ACCESS":                     {[]int64{aUpdate - 1}, "x.a.com", []int64{1}, "ZONE#a.com#UPDATE"},
		"with DELETE":                     {[]int64{aUpdate + 1}, "x.a.com", []int64{1}, "ZONE#1#UPDATE"},
		"UPDATE of the farther":           {[]int64{aUpdate}, "x.b.a.com", []int64{2}, "ZONE#2#UPDATE"},
		"UPDATE of the nearest":           {[]int64{bUpdate}, "x.b.a.com", []int64{2}, ""},
		"the nearest is in another view":  {[]int64{bUpdate}, "x.b.a.com", []int64{1}, "ZONE#1#UPDATE"},
		"the nearest is not in all views": {[]int64{bUpdate}, "x.b.a.com", []int64{1, 2}, "ZONE#1#UPDATE"},
		"UPDATE of the nearest in each":   {[]int64{aUpdate, bUpdate}, "x.b.a.com", []int64{1, 2, 3}, ""},
		"below an external zone":          {nil, "x.outside.org", []int64{1}, ""},
		"above":                           {nil, "c.b.com", []int64{1}, ""},
		"public suffix":                   {nil, "co.uk", []int64{1}, "admin"},
		"public suffix, in capitals":      {nil, "Co.Uk", []int64{1}, "admin"},
		"public suffix by a wildcard":     {nil, "foo.ck", []int64{1}, "admin"},
		"no suffix by an exception":       {nil, "www.ck", []int64{1}, ""},
		"public suffix, IDN":              {nil, "个人.hk", []int64{1}, "admin"},
		"suffix of a provider":            {nil, "github.io", []int64{1}, "admin"},
		"below a public suffix":           {nil, "x.co.uk", []int64{1}, ""},
		"single label":                    {nil, "corp", []int64{1}, "admin"},
		"top-level domain":                {nil, "com", []int64{3}, "admin"},
		"all of IPv4":                     {nil, "in-addr.arpa", []int64{1}, "admin"},
		"a network of IPv4":               {nil, "168.192.in-addr.arpa", []int64{1}, ""},
		"a classless network":             {nil, "0/25.2.0.192.in-addr.arpa", []int64{1}, ""},
		"all of IPv6":                     {nil, "ip6.arpa", []int64{1}, "admin"},
		"more labels than names have":     {[]int64{aUpdate}, "x." + deep, []int64{1}, "admin"},
		"as many labels as names have":    {[]int64{aUpdate}, deep, []int64{1}, ""},
		"a right to zones of others":      {[]int64{12}, "x.a.com", []int64{1}, "ZONE#1#UPDATE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := namesWorld(c.holds...).By(guest, zone(10, "mine.net", 3))
			create := must(dns.NewCreateZone(zoneInput(c.zone, "master", c.views...)))
			rename := must(dns.NewUpdateZone(10, zoneInput(c.zone, "master", c.views...), nil))
			inBatch := must(batch.New([]batch.Operation{batch.Of(create, nil)}))
			for how, command := range map[string]domain.Command{"create": create, "rename": rename} {
				outcome := world.As(guest).When(command)
				if c.text != "" {
					outcome.ThenError(t, domain.CodeForbidden, c.text)
				} else if outcome.Err != nil || len(outcome.Events) != 1 {
					t.Errorf("%s: %v %v", how, outcome.Events, outcome.Err)
				}
				if outcome := world.As(admin).When(command); outcome.Err != nil {
					t.Errorf("%s by admin: %v", how, outcome.Err)
				}
			}
			if outcome := world.As(guest).When(inBatch); (outcome.Err != nil) != (c.text != "") {
				t.Errorf("in a batch: %v", outcome.Err)
			}
		})
	}
}

// A link is asked about as a new zone is, but only in the view that is new.
func TestLinksBelowZones(t *testing.T) {
	t.Parallel()
	mine := namesWorld().By(guest, zone(10, "x.a.com", 3))
	link := func(name string, views ...int64) domain.Command {
		return must(dns.NewUpdateZone(10, zoneInput(name, "master", views...), nil))
	}
	mine.As(guest).When(link("x.a.com", 1, 3)).ThenError(t, domain.CodeForbidden, "ZONE#1#UPDATE")
	mine.As(guest).When(link("x.a.com", 1)).ThenError(t, domain.CodeForbidden, "ZONE#1#UPDATE")
	above := mine.By(other, relinked(1, "a.com", []int64{1, 2}, []int64{1, 2, 3}))
	above.As(guest).When(link("X.a.com", 3)).Then(t, dns.ZoneUpdated{ID: 10, Before: master("x.a.com", 3), After: master("X.a.com", 3)})
	above.As(guest).When(link("y.a.com", 3)).ThenError(t, domain.CodeForbidden, "ZONE#1#UPDATE")
	above.As(guest).When(link("z.x.a.com", 3)).ThenError(t, domain.CodeForbidden, "ZONE#1#UPDATE")
	own := namesWorld().By(guest, zone(10, "mine.net", 1))
	own.As(guest).When(link("x.mine.net", 1)).Then(t, dns.ZoneUpdated{ID: 10, Before: master("mine.net", 1), After: master("x.mine.net", 1)})
	suffix := namesWorld(privilegeOf(10)+1).By(admin, zone(10, "co.uk", 1))
	suffix.As(guest).When(link("co.uk", 1, 3)).ThenError(t, domain.CodeForbidden, "admin")
	if outcome := suffix.As(guest).When(must(dns.NewUpdateZone(10, forwarding("1.1.1.1", zoneInput("co.uk", "forward only", 1)), nil))); outcome.Err != nil {
		t.Errorf("what leaves the name as it is: %v", outcome.Err)
	}
	outside := dns.ZoneCreated{ID: 10, Privilege: privilegeOf(10), Zone: external("mine.net")}
	rename := func(name string) domain.Command {
		return must(dns.NewUpdateZone(10, zoneInput(name, "master"), nil))
	}
	namesWorld().By(guest, outside).As(guest).When(rename("x.a.com")).Then(t, dns.ZoneUpdated{ID: 10, Before: external("mine.net"), After: external("x.a.com")})
	namesWorld().By(guest, outside).As(guest).When(rename("co.uk")).ThenError(t, domain.CodeForbidden, "admin")
}

// In a batch, an operation meets the zones of those before it.
func TestNamesInABatch(t *testing.T) {
	t.Parallel()
	create := func(name string, views ...int64) batch.Operation {
		return batch.Of(must(dns.NewCreateZone(zoneInput(name, "master", views...))), nil)
	}
	both := must(batch.New([]batch.Operation{create("c.com", 1), create("x.c.com", 1)}))
	if outcome := namesWorld().As(guest).When(both); outcome.Err != nil {
		t.Errorf("below a zone of one's own: %v", outcome.Err)
	}
	hidden := must(batch.New([]batch.Operation{create("c.com", 1), create("x.a.com", 1)}))
	if outcome := namesWorld().As(guest).When(hidden); outcome.Err == nil {
		t.Error("the second operation is not asked about")
	}
}

// What comes above a name, in the meantime, fails the append.
func TestNamesBelowZonesRaces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone     string
		between  domain.Event
		conflict bool
	}{
		"a zone above":               {"x.c.com", zone(20, "c.com", 1), true},
		"a zone above, by a name":    {"x.c.com", dns.ZoneUpdated{ID: 20, Before: master("d.com", 1), After: master("c.com", 1)}, true},
		"a zone above is linked":     {"x.b.a.com", relinked(2, "b.a.com", []int64{2}, []int64{1, 2}), true},
		"a zone above is gone":       {"x.b.a.com", deletedZone(2, "b.a.com", 2), true},
		"another zone above is gone": {"x.c.com", deletedZone(2, "b.a.com", 2), false},
		"a zone beside":              {"x.c.com", zone(20, "y.c.com", 1), false},
		"an external zone above":     {"x.c.com", dns.ZoneCreated{ID: 20, Privilege: 80, Zone: external("c.com")}, false},
		"a record":                   {"x.b.a.com", record(1, 1, 1, "www", "A", "1.1.1.1"), false},
	} {
		outcome := namesWorld(6, 9).As(guest).When(must(dns.NewCreateZone(zoneInput(c.zone, "master", 1))))
		if outcome.Err != nil {
			t.Fatalf("%s: %v", name, outcome.Err)
		}
		if got := outcome.ConflictsBy(other, c.between); got != c.conflict {
			t.Errorf("%s: conflict %v", name, got)
		}
	}
}
