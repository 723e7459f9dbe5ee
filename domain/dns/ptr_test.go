package dns_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

func TestReversePrefix(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"in-addr.arpa": "0.0.0.0/0", "10.in-addr.arpa": "10.0.0.0/8", "2.0.192.IN-ADDR.arpa.": "192.0.2.0/24", "9.2.0.192.in-addr.arpa": "192.0.2.9/32",
		"ip6.arpa": "::/0", "8.b.d.0.1.0.0.2.ip6.arpa": "2001:db8::/32", "A.8.b.d.0.1.0.0.2.ip6.arpa": "2001:db8:a000::/36",
		"example.com": "", "arpa": "", "xin-addr.arpa": "", "0/26.2.0.192.in-addr.arpa": "", "256.in-addr.arpa": "", "01.in-addr.arpa": "",
		"1.9.2.0.192.in-addr.arpa": "", "10.ip6.arpa": "", "g.ip6.arpa": "", "x.10.in-addr.arpa": "",
	} {
		got, is := dns.ReversePrefix(zone)
		if is != (want != "") || is && got != netip.MustParsePrefix(want) {
			t.Errorf("%s is for %v, %v, want %q", zone, got, is, want)
		}
	}
}

// Invariant 1 of PTRSettings, and the place by which read models find a record's PTR.
func TestKeptPTR(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ reverse, host, rrtype, value, owner, target string }{
		{"2.0.192.in-addr.arpa", "www", "A", "192.0.2.7", "7", "www.example.com."},
		{"in-addr.arpa", "@", "A", " 192.0.2.7", "7.2.0.192", "example.com."},
		{"7.2.0.192.in-addr.arpa", "a.b", "A", "192.0.2.7", "@", "a.b.example.com."},
		{"2.0.192.in-addr.arpa", "www", "A", `\# 4 c0000207`, "7", "www.example.com."},
		{"8.b.d.0.1.0.0.2.ip6.arpa", "six", "AAAA", "2001:db8::A1", "1.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", "six.example.com."},
		{"ip6.arpa", "mapped", "AAAA", "::ffff:192.0.2.7", "7.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", "mapped.example.com."},
		{"2.0.192.in-addr.arpa", `a\.b`, "A", "192.0.2.7", "7", `a\.b.example.com.`},
		{"in-addr.arpa", "mapped", "AAAA", "::ffff:192.0.2.7", "", ""},
		{"2.0.192.in-addr.arpa", "www", "A", "192.0.3.7", "", ""},
		{"2.0.192.in-addr.arpa", "*", "A", "192.0.2.7", "", ""},
		{"2.0.192.in-addr.arpa", "*.www", "A", "192.0.2.7", "", ""},
		{"2.0.192.in-addr.arpa", "www", "TXT", "192.0.2.7", "", ""},
		{"example.org", "www", "A", "192.0.2.7", "", ""},
	} {
		d := dns.RecordData{ViewID: 3, Host: c.host, Type: c.rrtype, TTL: 77, Value: c.value, Comment: "c"}
		want := dns.RecordData{ViewID: 3, Host: c.owner, Type: "PTR", TTL: 77, Value: c.target}
		if c.owner == "" {
			want = dns.RecordData{}
		}
		got, is := dns.KeptPTR(c.reverse, "Example.com", d)
		if got != want || is != (c.owner != "") {
			t.Errorf("%s in %s: %+v, %v", c.value, c.reverse, got, is)
		}
		if is && !slices.Contains(dns.ReverseNames(d), c.reverse) {
			t.Errorf("%s may not be in %s", c.value, c.reverse)
		}
		if is && dns.ReversePlace(d) != dns.Place(dns.FullName(c.owner, c.reverse)) {
			t.Errorf("%s in %s has another place than its name", c.value, c.reverse)
		}
	}
	two := dns.RecordData{ViewID: 3, Host: "www", Type: "A", Value: "192.0.2.7"}
	want := []string{"in-addr.arpa", "192.in-addr.arpa", "0.192.in-addr.arpa", "2.0.192.in-addr.arpa", "7.2.0.192.in-addr.arpa"}
	if got := dns.ReverseNames(two); !slices.Equal(got, want) {
		t.Errorf("the name of %s may be in %q", two.Value, got)
	}
	if d := (dns.RecordData{Line: "x", Host: "www", Type: "A", Value: "192.0.2.7"}); dns.ReversePlace(d) != "" {
		t.Error("a record that a provider serves")
	}
}

func TestPTRSettings(t *testing.T) {
	t.Parallel()
	from := func(zones ...string) domain.Command {
		return must(dns.NewChangeZoneSettings(1, dns.ZoneSettingsInput{PTRFrom: dns.Setting[[]string]{Given: true, Value: &zones}}, nil, nil))
	}
	keeps := func(zones ...string) dns.ZoneSettings { return dns.ZoneSettings{PTR: &dns.PTRSettings{From: zones}} }
	changed := func(before, after dns.ZoneSettings) []domain.Event {
		return []domain.Event{dns.ZoneSettingsChanged{ID: 1, Before: before, After: after}}
	}
	given := users(view(1, "v1"), zone(1, "2.0.192.in-addr.arpa", 1), zone(2, "B.com", 1), zone(3, "a.com", 1))
	updates := func(privileges ...int64) []domain.Event {
		return slices.Concat(given, changed(dns.ZoneSettings{}, keeps("b.com")), []domain.Event{
			access.RoleCreated{ID: 8, Name: "r8", Privileges: append([]int64{privilegeOf(1) + 1}, privileges...)}, access.UserRolesChanged{ID: guest, After: []int64{8}},
		})
	}
	was := dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"b.com"}}}
	undo := dns.NewUndoZoneSettings(dns.ZoneSettingsChanged{ID: 1, Before: keeps("a.com"), After: keeps("b.com")})
	runDecisions(t, []decision{
		{name: "in order, in lower case", given: given, as: admin, when: from("B.COM.", "a.com"), then: changed(dns.ZoneSettings{}, keeps("a.com", "b.com"))},
		{name: "the same", given: slices.Concat(given, changed(dns.ZoneSettings{}, was)), as: admin, when: from("b.com")},
		{name: "none", given: slices.Concat(given, changed(dns.ZoneSettings{}, was)), as: admin, when: from(), then: changed(was, dns.ZoneSettings{})},
		{name: "no such zone", given: given, as: admin, when: from("a.com", "c.com"), code: domain.CodeInvalid, text: "ptr.from: "},
		{name: "a zone that has gone since", given: slices.Concat(given, changed(dns.ZoneSettings{}, was), []domain.Event{dns.ZoneDeleted{ID: 2, Zone: master("B.com", 1)}}),
			as: admin, when: from("b.com", "a.com"), then: changed(was, keeps("a.com", "b.com"))},
		{name: "no reverse zone", given: users(view(1, "v1"), zone(1, "b.com", 1)), as: admin, when: from("b.com"), code: domain.CodeInvalid, text: "ptr: "},
		{name: "a zone that one may not ACCESS", given: updates(), as: guest, when: from("a.com"), code: domain.CodeInvalid, text: "ptr.from: "},
		{name: "a zone that one may ACCESS", given: updates(privilegeOf(3)), as: guest, when: from("a.com"), then: changed(was, keeps("a.com"))},
		{name: "one that is there already", given: updates(privilegeOf(3)), as: guest, when: from("a.com", "b.com"), then: changed(was, keeps("a.com", "b.com"))},
		{name: "undone", given: updates(privilegeOf(3)), as: guest, when: undo, then: changed(was, keeps("a.com"))},
		{name: "undone without the right", given: updates(), as: guest, when: undo, code: domain.CodeForbidden, text: "ZONE#3#ACCESS"},
		{name: "undone once the zone has gone", given: slices.Concat(updates(), []domain.Event{dns.ZoneDeleted{ID: 3, Zone: master("a.com", 1)}}),
			as: guest, when: undo, then: changed(was, keeps("a.com"))},
	})
	runRaces(t, []race{
		{name: "the zone goes", given: given[4:], when: from("a.com"), between: dns.ZoneDeleted{ID: 3, Zone: master("a.com", 1)}, conflict: true},
		{name: "another change of settings", given: given[4:], when: from("a.com"), between: changed(dns.ZoneSettings{}, was)[0], conflict: true},
	})
}

// Whoever brings a reverse zone back has it serve the names of forward zones again.
func TestRestoresOfPTRSettings(t *testing.T) {
	t.Parallel()
	keeps := dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"b.com"}}}
	made, reverse := domain.Position(len(users()))+3, master("2.0.192.in-addr.arpa", 1)
	set := dns.ZoneSettingsChanged{ID: 1, After: keeps}
	gone := dns.ZoneDeleted{ID: 1, Zone: reverse, Privilege: privilegeOf(1)}
	given := func(privileges []int64, more ...domain.Event) []domain.Event {
		return slices.Concat(users(view(1, "v1"), zone(2, "B.com", 1), zone(1, reverse.Name, 1), set), []domain.Event{
			access.RoleCreated{ID: 8, Name: "r8", Privileges: append([]int64{access.PrivilegeZoneAdd}, privileges...)},
			access.UserRolesChanged{ID: guest, After: []int64{8}},
		}, more)
	}
	deleted := made + 4
	restore := dns.NewRestoreZone(gone, deleted)
	before := dns.NewZoneLife(1).After(domain.Recorded{Position: made, Event: zone(1, reverse.Name, 1)}).After(domain.Recorded{Position: made + 1, Event: set})
	revert := dns.NewRevertZone(before.After(domain.Recorded{Position: deleted, Event: gone}), before, map[int64]domain.Position{1: made})
	back := []domain.Event{dns.ZoneRestored{
		ID: 1, After: reverse, Privilege: privilegeOf(1), Created: made, Settings: keeps, Links: []dns.RestoredLink{{View: 1, Since: made, Until: deleted}},
	}}
	may := []int64{privilegeOf(2)}
	forwardGone := dns.ZoneDeleted{ID: 2, Zone: master("B.com", 1)}
	runDecisions(t, []decision{
		{name: "restored", given: given(may, gone), as: guest, when: restore, then: back},
		{name: "restored without the right", given: given(nil, gone), as: guest, when: restore, code: domain.CodeForbidden, text: "ZONE#2#ACCESS"},
		{name: "restored where the forward zone has gone", given: given(nil, gone, forwardGone), as: guest, when: restore, then: back},
		{name: "reverted", given: given(may, gone), as: guest, when: revert, then: back},
		{name: "reverted without the right", given: given(nil, gone), as: guest, when: revert, code: domain.CodeForbidden, text: "ZONE#2#ACCESS"},
	})
}

// What an event may change of addresses, and whether that concerns a reverse zone.
func TestAddressChanges(t *testing.T) {
	t.Parallel()
	keeps := dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"a.com"}}}
	a := dns.RecordData{ViewID: 1, Host: "www", Type: "A", Value: "192.0.2.1"}
	elsewhere, comment, text := a, a, a
	elsewhere.Value, comment.Comment, text.Type = "192.0.3.1", "c", "TXT"
	one, two, renamed := master("A.com", 1), master("A.com", 1, 2), master("b.com", 1, 2)
	for name, c := range map[string]struct {
		event domain.Event
		views []int64
	}{
		"added":              {dns.RecordAdded{ZoneID: 3, Record: a}, []int64{1}},
		"of another zone":    {dns.RecordAdded{ZoneID: 4, Record: a}, nil},
		"elsewhere":          {dns.RecordAdded{ZoneID: 3, Record: elsewhere}, nil},
		"no address":         {dns.RecordAdded{ZoneID: 3, Record: text}, nil},
		"deleted":            {dns.RecordDeleted{ZoneID: 3, Record: a}, []int64{1}},
		"changed":            {dns.RecordUpdated{ZoneID: 3, Before: elsewhere, After: a}, []int64{1}},
		"changed back":       {dns.RecordUpdated{ZoneID: 3, Before: a, After: elsewhere}, []int64{1}},
		"the comment":        {dns.RecordUpdated{ZoneID: 3, Before: a, After: comment}, nil},
		"imported":           {dns.ZoneImported{ZoneID: 3, ViewID: 2}, []int64{2}},
		"staged":             {dns.RecordsStaged{ZoneID: 3, ViewID: 2, Added: []dns.StagedRecord{{Record: a}}}, nil},
		"zone deleted":       {dns.ZoneDeleted{ID: 3, Zone: two}, []int64{1, 2}},
		"zone unlinked":      {dns.ZoneUpdated{ID: 3, Before: two, After: one}, []int64{2}},
		"zone linked":        {dns.ZoneUpdated{ID: 3, Before: one, After: two}, []int64{2}},
		"zone renamed":       {dns.ZoneUpdated{ID: 3, Before: two, After: renamed}, []int64{1, 2}},
		"zone renamed back":  {dns.ZoneUpdated{ID: 3, Before: renamed, After: two}, []int64{1, 2}},
		"zone restored":      {dns.ZoneRestored{ID: 3, After: two}, []int64{1, 2}},
		"the zone's setting": {dns.ZoneSettingsChanged{ID: 3}, nil},
	} {
		var views []int64
		for _, change := range dns.AddressChanges(c.event, func(id int64) string { return map[int64]string{3: "A.com", 4: "c.com"}[id] }) {
			if change.Concerns("2.0.192.in-addr.arpa", keeps) && !slices.Contains(views, change.View) {
				views = append(views, change.View)
			}
			if change.Concerns("2.0.192.in-addr.arpa", dns.ZoneSettings{}) || change.Concerns("example.com", keeps) {
				t.Errorf("%s: concerns a zone that keeps nothing", name)
			}
		}
		if slices.Sort(views); !slices.Equal(views, c.views) {
			t.Errorf("%s: views %v, want %v", name, views, c.views)
		}
	}
}
