package dns_test

import (
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
	bases.Rename("v", "x")
	want("a view takes its bases along", at("a.test", "x"), 51, 8)
	want("and leaves none", at("a.test", "v"), 51, 51)
	bases.Rename("w", "x")
	want("what another view left is void", at("a.test", "x"), 61, 7)
}

// What named gives out without agents' own settings is the log's alone.
func TestFleetOfServers(t *testing.T) {
	t.Parallel()
	server := func(ip, kind string, enrolled bool) dns.FleetServer {
		return dns.FleetServer{ServerData: dns.ServerData{IP: ip, Type: kind}, Enrolled: enrolled}
	}
	master, planned := server("192.0.2.1", "master", true), server("192.0.2.2", "master", false)
	slave, old := server("192.0.2.3", "slave", true), server("0.0.0.4.0", "master", true)
	for _, c := range []struct {
		name    string
		servers []dns.FleetServer
		data    dns.FleetData
		want    string
	}{
		{"those that serve", []dns.FleetServer{planned, slave, master, old}, dns.FleetData{}, "192.0.2.1"},
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
			Zone: "a.com", Views: []int64{1}, To: to, Unserved: unserved,
		}}}
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
		{name: "below", given: served, when: at(3, 5), then: raised(3, 4, false)},
		{name: "opposite", given: served, when: at(5, 5+1<<31), code: domain.CodeInvalid, text: "serial_at_least: "},
		{name: "the same again", given: slices.Concat(served, raised(7, 8, false)), when: at(7, 5)},
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

func TestHiddenViews(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		acls   []string
		hidden []int64
	}{
		{"any before", []string{"any", "10.0.0.0/8"}, []int64{2}},
		{"any behind", []string{"10.0.0.0/8", "any"}, nil},
		{"only one family", []string{"0.0.0.0/0", "any"}, nil},
		{"both families", []string{"0.0.0.0/0", "::/0", "any", "2001:db8::1"}, []int64{3, 4}},
		{"halves", []string{"10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/8"}, []int64{3}},
		{"all but one", []string{"!10.0.0.1 10.0.0.0/8", "10.0.0.1", "10.0.0.2"}, []int64{3}},
		{"negated later counts for nothing", []string{"10.0.0.0/8 !10.0.0.1", "10.0.0.1"}, []int64{2}},
		{"the edges", []string{"!255.255.255.255 !0.0.0.0 any", "255.255.255.255", "0.0.0.0", "::"}, []int64{4}},
		{"without addresses", []string{"any", "none"}, nil},
	} {
		var views []dns.MatchedView
		for i, acl := range c.acls {
			views = append(views, dns.MatchedView{ID: int64(i + 1), ViewData: dns.ViewData{Name: "v", ACL: acl}})
		}
		var got []int64
		for _, h := range dns.HiddenViews(views) {
			got = append(got, h.View.ID)
		}
		if !slices.Equal(got, c.hidden) {
			t.Errorf("%s: %v, want %v", c.name, got, c.hidden)
		}
	}
}
