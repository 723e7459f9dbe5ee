package dns_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// A serial is never 0, and each position's is later than the one before, across the end of
// the numbers as well.
func TestSerialsGrow(t *testing.T) {
	t.Parallel()
	for _, base := range []dns.SerialBase{0, 1, math.MaxUint32 - 5, 1 << 31, 3 * math.MaxUint32} {
		before := base.Serial(1)
		for p := domain.Position(2); p < 20; p++ {
			at := base.Serial(p)
			if at == 0 || !dns.SerialLater(at, before) {
				t.Errorf("base %d, position %d: %d after %d", base, p, at, before)
			}
			before = at
		}
	}
	if got := dns.SerialBase(0).Serial(12345); got != 12345 {
		t.Errorf("serial %d", got)
	}
}

func TestSerialBases(t *testing.T) {
	t.Parallel()
	at := func(zone, view string) dns.SerialName { return dns.SerialName{Zone: zone, View: view} }
	bases := dns.SerialBases{}
	raise := func(to uint32, unserved bool, p domain.Position, views ...string) {
		bases.Raise(dns.SerialRaise{Zone: "A.test", To: to, Unserved: unserved}, views, p)
	}
	want := func(what string, name dns.SerialName, p domain.Position, serial uint32) {
		t.Helper()
		if got := bases[name].Serial(p); got != serial {
			t.Errorf("%s: %d, want %d", what, got, serial)
		}
	}
	raise(2026112802, false, 10, "v", "w")
	want("raised", at("a.test", "v"), 10, 2026112802)
	want("in the other view", at("a.test", "w"), 12, 2026112804)
	want("another zone", at("b.test", "v"), 10, 10)
	raise(1000, false, 20, "v")
	want("lower", at("a.test", "v"), 20, 2026112812)
	raise(5, false, 30, "v")
	want("later by RFC 1982 only where it is", at("a.test", "v"), 30, 2026112822)
	raise(4000000000, false, 40, "v")
	want("in reach", at("a.test", "v"), 40, 4000000000)
	raise(7, false, 50, "v")
	want("across the end of the numbers", at("a.test", "v"), 50, 7)
	raise(6, true, 60, "w")
	want("not served yet", at("a.test", "w"), 60, 6)
	bases.Raise(dns.SerialRaise{Zone: "b.test", To: 2026112802}, []string{"v"}, 65)
	bases.Rename("v", "x", 70)
	want("a view takes its bases along", at("b.test", "x"), 71, 2026112808)
	want("and leaves them to the next of its name", at("b.test", "v"), 71, 2026112808)
	want("the later of two", at("a.test", "x"), 71, 71)
	want("is not what the view leaves", at("a.test", "v"), 71, 28)
	before := maps.Clone(bases)
	bases.Rename("z", "v", 90)
	want("a name that another view left", at("b.test", "v"), 91, 2026112828)
	for name, base := range before {
		if bases[name] < base {
			t.Errorf("%v fell from %d to %d", name, base, bases[name])
		}
	}
	lower := dns.SerialRaise{Zone: "n.test", To: 1000, IfLower: true}
	bases.Raise(lower, []string{"v"}, 500)
	want("a lower number", at("n.test", "v"), 500, 1000)
	bases.Raise(dns.SerialRaise{Zone: "n.test", To: 4294000000, IfLower: true, Unserved: true}, []string{"v"}, 510)
	bases.Raise(lower, []string{"v"}, 520)
	want("a higher number, which is not led around", at("n.test", "v"), 520, 4294000010)
	bases.Raise(dns.SerialRaise{Zone: "n.test", To: 5, IfLower: true, Unserved: true}, []string{"w"}, 530)
	want("a higher number that nobody was served", at("n.test", "w"), 530, 530)
}

// Two views' bases come together in the later serial, and none falls, however far the serials
// are apart.
func TestRenamedBasesOnlyGrow(t *testing.T) {
	t.Parallel()
	values := []dns.SerialBase{0, 1, 77, 1<<31 - 100, 1 << 31, 1<<31 + 100, 4294960000, math.MaxUint32, 5 * math.MaxUint32}
	for _, a := range values {
		for _, b := range values {
			of := func(view string) dns.SerialName { return dns.SerialName{Zone: "a.test", View: view} }
			bases := dns.SerialBases{of("v"): a, of("w"): b}
			bases.Rename("v", "w", 1000)
			got := bases[of("w")]
			opposite := a.Serial(1000)-b.Serial(1000)-dns.SerialReach < 3 // neither is later
			for _, was := range []dns.SerialBase{a, b} {
				if now, then := got.Serial(1001), was.Serial(1000); got < was || !opposite && !dns.SerialLater(now, then) {
					t.Errorf("bases %d and %d: %d, which gives %d after %d", a, b, got, now, then)
				}
			}
			if bases[of("v")] != a {
				t.Errorf("the former name's base fell from %d to %d", a, bases[of("v")])
			}
		}
	}
}

// What named gives out without agents' own settings is the log's alone.
func TestFleetOfServers(t *testing.T) {
	t.Parallel()
	server := func(ip, kind string, serves bool) dns.FleetServer {
		return dns.FleetServer{ServerData: dns.ServerData{IP: ip, Type: kind}, Enrolled: serves, Serves: serves}
	}
	fresh := dns.FleetServer{ServerData: dns.ServerData{IP: "192.0.2.4", Type: "master"}, Enrolled: true}
	master, planned := server("192.0.2.1", "master", true), server("192.0.2.2", "master", false)
	slave, old := server("192.0.2.3", "slave", true), server("0.0.0.4.0", "master", true)
	for _, c := range []struct {
		name    string
		servers []dns.FleetServer
		data    dns.FleetData
		want    string
	}{
		{"those that serve", []dns.FleetServer{planned, fresh, slave, master, old}, dns.FleetData{}, "192.0.2.1"},
		{"none serves yet", []dns.FleetServer{planned, fresh, slave}, dns.FleetData{}, "192.0.2.4"},
		{"none serves", []dns.FleetServer{planned, slave}, dns.FleetData{}, "192.0.2.2"},
		{"no master", []dns.FleetServer{slave}, dns.FleetData{}, "192.0.2.3"},
		{"nobody", nil, dns.FleetData{}, "127.0.0.1"},
		{"as an admin says", []dns.FleetServer{master}, dns.FleetData{Addresses: []string{"192.0.2.9"}}, "192.0.2.9"},
	} {
		f := dns.ResolveFleet(c.data, c.servers)
		if len(f.Addresses) != 1 || f.Addresses[0].String() != c.want {
			t.Errorf("%s: %v, want %s", c.name, f.Addresses, c.want)
		}
	}
}

func TestZoneSettingsDecisions(t *testing.T) {
	t.Parallel()
	value := func(n int64) dns.Setting[int64] { return dns.Setting[int64]{Given: true, Value: &n} }
	change := func(in dns.ZoneSettingsInput, present ...uint32) domain.Command {
		return must(dns.NewChangeZoneSettings(1, in, present, nil))
	}
	at := func(n int64, present ...uint32) domain.Command {
		return change(dns.ZoneSettingsInput{SerialAtLeast: value(n)}, present...)
	}
	raised := func(n, to uint32, unserved bool) []domain.Event {
		return []domain.Event{dns.ZoneSettingsChanged{ID: 1, After: dns.ZoneSettings{SerialAtLeast: &n}, Raise: &dns.SerialRaise{
			Zone: "a.com", Views: []int64{1}, To: to, Unserved: unserved, IfLower: to != 1,
		}}}
	}
	set := func(n uint32) []domain.Event {
		return []domain.Event{dns.ZoneSettingsChanged{ID: 1, After: dns.ZoneSettings{SerialAtLeast: &n}}}
	}
	again := func(n, to uint32) []domain.Event {
		e := raised(n, to, false)[0].(dns.ZoneSettingsChanged)
		e.Before = e.After
		return []domain.Event{e}
	}
	given := []domain.Event{view(1, "v1"), zone(1, "a.com", 1)}
	served := slices.Concat(given, []domain.Event{dns.ServerEnrolled{ID: 1}})
	ttl := dns.ZoneSettingsChanged{ID: 1, After: dns.ZoneSettings{DefaultTTL: new(uint32(60))}}
	runDecisions(t, []decision{
		{name: "above what secondaries hold", given: served, when: at(2026112801, 5), then: raised(2026112801, 2026112802, false)},
		{name: "as far as can be", given: served, when: at(5+dns.SerialReach, 5), then: raised(5+dns.SerialReach, 5+dns.SerialReach, false)},
		{name: "too far", given: served, when: at(6+dns.SerialReach, 5), code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "too far in one view", given: served, when: at(6+dns.SerialReach, 50, 5), code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "too far, and nothing was served yet", given: given, when: at(4000000000, 5), then: raised(4000000000, 4000000001, true)},
		{name: "across the end", given: served, when: at(math.MaxUint32, math.MaxUint32-9), then: raised(math.MaxUint32, 1, false)},
		{name: "below", given: served, when: at(3, 5), then: set(3)},
		{name: "below, and later by RFC 1982", given: served, when: at(1000, 4294000000), then: set(1000)},
		{name: "below in one view", given: served, when: at(1000, 4294000000, 5), then: raised(1000, 1001, false)},
		{name: "opposite", given: served, when: at(5+1<<31, 5), code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "the same again", given: slices.Concat(served, raised(7, 8, false)), when: at(7, 9)},
		{name: "the same again, where it does not hold", given: slices.Concat(served, raised(7, 8, false)), when: at(7, 9, 5), then: again(7, 8)},
		{name: "the same again, out of reach", given: slices.Concat(served, raised(4000000000, 4000000001, true)), when: at(4000000000, 5)},
		{name: "served once", given: slices.Concat(served, []domain.Event{dns.ServerWithdrawn{ID: 1}}),
			when: at(4000000000, 5), code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "served by a server that is gone", given: slices.Concat(served, []domain.Event{dns.ServerDeleted{ID: 1}}),
			when: at(4000000000, 5), code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "all servers were withdrawn before",
			given: slices.Concat([]domain.Event{dns.ServerEnrolled{ID: 1}, dns.ServerWithdrawn{ID: 1}}, given),
			when:  at(4000000000, 5), then: raised(4000000000, 4000000001, true)},
		{name: "a zone of the name was served", given: slices.Concat(given, []domain.Event{
			dns.ServerEnrolled{ID: 1}, dns.ZoneDeleted{ID: 1, Zone: master("a.com", 1)}, dns.ServerWithdrawn{ID: 1}, zone(2, "A.com", 1),
		}), when: must(dns.NewChangeZoneSettings(2, dns.ZoneSettingsInput{SerialAtLeast: value(4000000000)}, []uint32{5}, nil)),
			code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "back to the default", given: slices.Concat(served, []domain.Event{ttl}), when: change(dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true}}),
			then: []domain.Event{dns.ZoneSettingsChanged{ID: 1, Before: ttl.After}}},
		{name: "no zone", when: at(7), code: domain.CodeNotFound, text: "1"},
		{name: "guest", given: users(given...), as: guest, when: at(7), code: domain.CodeForbidden, text: "ZONE#1#UPDATE"},
	})
	runRaces(t, []race{
		{name: "settings of both", given: given, when: at(7), between: ttl, conflict: true},
		{name: "an agent comes", given: given, when: at(4000000000, 5), between: dns.ServerEnrolled{ID: 1}, conflict: true},
	})
}

// A serial that was asked for holds in views that are linked later, and under another name.
func TestSerialIsKept(t *testing.T) {
	t.Parallel()
	settings := dns.ZoneSettings{SerialAtLeast: new(uint32(4000000000))}
	kept := func(name string, to uint32, unserved bool, views ...int64) domain.Event {
		return dns.ZoneSettingsChanged{ID: 1, Before: settings, After: settings, Raise: &dns.SerialRaise{
			Zone: name, Views: views, To: to, Unserved: unserved, IfLower: true,
		}}
	}
	updated := func(name string, before, after []int64) domain.Event {
		return dns.ZoneUpdated{ID: 1, Before: master("a.com", before...), After: master(name, after...)}
	}
	update := func(name string, views ...int64) domain.Command {
		return must(dns.NewUpdateZone(1, zoneInput(name, "master", views...), nil))
	}
	given := []domain.Event{
		dns.ServerEnrolled{ID: 1}, view(1, "v1"), view(2, "v2"), view(3, "v3"), zone(1, "a.com", 1),
		dns.ZoneSettingsChanged{ID: 1, After: settings},
	}
	last := dns.ZoneSettings{SerialAtLeast: new(uint32(math.MaxUint32))}
	runDecisions(t, []decision{
		{name: "another view", given: given, when: update("a.com", 1, 2),
			then: []domain.Event{kept("a.com", 4000000001, true, 2), updated("a.com", []int64{1}, []int64{1, 2})}},
		{name: "a view that had the zone", given: slices.Concat(given, []domain.Event{
			relinked(1, "a.com", []int64{1}, []int64{1, 3}), relinked(1, "a.com", []int64{1, 3}, []int64{1}),
		}), when: update("a.com", 1, 2, 3), then: []domain.Event{
			kept("a.com", 4000000001, true, 2), kept("a.com", 4000000001, false, 3), updated("a.com", []int64{1}, []int64{1, 2, 3}),
		}},
		{name: "a view by the name of one that had the zone", given: slices.Concat(given, []domain.Event{
			dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "w", ACL: "any"}}, view(4, "v1"),
		}), when: update("a.com", 1, 4), then: []domain.Event{kept("a.com", 4000000001, false, 4), updated("a.com", []int64{1}, []int64{1, 4})}},
		{name: "another name", given: given, when: update("b.com", 1),
			then: []domain.Event{kept("b.com", 4000000001, true, 1), updated("b.com", []int64{1}, []int64{1})}},
		{name: "the name of another zone", given: slices.Concat(given, []domain.Event{zone(2, "b.com", 1), deletedZone(2, "b.com", 1)}),
			when: update("B.com", 1), then: []domain.Event{kept("B.com", 4000000001, false, 1), updated("B.com", []int64{1}, []int64{1})}},
		{name: "nobody serves", given: slices.Concat(given[1:], []domain.Event{zone(2, "b.com", 1), deletedZone(2, "b.com", 1)}),
			when: update("b.com", 1), then: []domain.Event{kept("b.com", 4000000001, true, 1), updated("b.com", []int64{1}, []int64{1})}},
		{name: "the same name, spelled otherwise", given: given, when: update("A.com", 1),
			then: []domain.Event{updated("A.com", []int64{1}, []int64{1})}},
		{name: "a view less", given: slices.Concat(given, []domain.Event{relinked(1, "a.com", []int64{1}, []int64{1, 3})}),
			when: update("a.com", 1), then: []domain.Event{updated("a.com", []int64{1, 3}, []int64{1})}},
		{name: "the last of all numbers",
			given: slices.Concat(given, []domain.Event{dns.ZoneSettingsChanged{ID: 1, Before: settings, After: last}}),
			when:  update("a.com", 1, 2), then: []domain.Event{
				dns.ZoneSettingsChanged{ID: 1, Before: last, After: last, Raise: &dns.SerialRaise{
					Zone: "a.com", Views: []int64{2}, To: math.MaxUint32, Unserved: true, IfLower: true,
				}}, updated("a.com", []int64{1}, []int64{1, 2}),
			}},
	})
	runRaces(t, []race{
		{name: "the view gets another name", given: given, when: update("a.com", 1, 2), conflict: true,
			between: dns.ViewUpdated{ID: 2, Before: dns.ViewData{Name: "v2", ACL: "any"}, After: dns.ViewData{Name: "w", ACL: "any"}}},
		{name: "an agent comes", given: given[1:], when: update("b.com", 1), conflict: true, between: dns.ServerEnrolled{ID: 1}},
	})
}
