package bind

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// snapshot is what the control plane would give to an engine that starts now. Its positions of
// zones are those of events about them alone, as in the read model.
func snapshot(s *desiredState) Snapshot {
	out := Snapshot{Position: s.seen, LastDNS: s.seen}
	add := func(row protocol.SnapshotRow) { out.Rows = append(out.Rows, row) }
	for id, server := range s.servers {
		add(protocol.SnapshotRow{Server: &protocol.SnapshotServer{ID: id, Server: server.ServerData, Enrolled: server.Enrolled, Serves: server.Serves}})
	}
	add(protocol.SnapshotRow{Fleet: &protocol.SnapshotFleet{Fleet: s.fleet, Changes: s.changes}})
	for id, view := range s.views {
		add(protocol.SnapshotRow{View: &protocol.SnapshotView{ID: id, View: view}})
	}
	add(protocol.SnapshotRow{Order: &protocol.SnapshotOrder{ViewIDs: s.order}})
	for name, base := range s.bases {
		add(protocol.SnapshotRow{Base: &protocol.SnapshotBase{Zone: name.Zone, View: name.View, Base: base}})
	}
	for id, zone := range s.zones {
		changed := map[int64]domain.Position{}
		for view, c := range zone.copies {
			changed[view] = c.changed
		}
		add(protocol.SnapshotRow{Zone: &protocol.SnapshotZone{ID: id, Zone: zone.data, Settings: zone.settings, Changed: changed}})
	}
	return out
}

// numbers are the serials that follow from a state.
func numbers(s *desiredState) map[zoneKey]uint32 {
	out := map[zoneKey]uint32{}
	for key, z := range s.inView {
		if z.want != nil {
			out[key] = s.number(z.job(s.fallback, true)).serial
		}
	}
	return out
}

// An engine that starts from a snapshot has the serials of one that saw every event, after
// each of them, and no serial of a name in a view ever falls.
func TestSerialsDoNotDependOnWhatWasSeen(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	last := map[zoneKey]uint32{}
	check := func(e domain.Event) domain.Position {
		t.Helper()
		p := emit(e)
		late := newDesiredState()
		if err := late.reset(withRecords(snapshot(s), s)); err != nil {
			t.Fatal(err)
		}
		now := numbers(s)
		if other := numbers(late); !maps.Equal(now, other) {
			t.Errorf("%T: serials %v, from a snapshot %v", e, now, other)
		}
		for key, serial := range now {
			if was, had := last[key]; had && was != serial && !dns.SerialLater(serial, was) {
				t.Errorf("%T: serial of %s fell from %d to %d", e, key.zone, was, serial)
			}
			last[key] = serial
		}
		return p
	}
	zone := zoneKey{view: 1, zone: "a.test."}
	wantMoved := func(what string, p domain.Position, moved bool) {
		t.Helper()
		if got := numbers(s)[zone] == uint32(p); got != moved {
			t.Errorf("%s: moved %v, want %v", what, got, moved)
		}
	}
	master := dns.ServerData{Host: "m", IP: "192.0.2.1", Type: "master"}
	other := dns.ServerData{Host: "n", IP: "192.0.2.2", Type: "master"}
	check(dns.ServerCreated{ID: 1, Server: master})
	wantMoved("the first agent of the only server", check(dns.ServerEnrolled{ID: 1}), false)
	wantMoved("a row that nobody serves behind", check(dns.ServerCreated{ID: 2, Server: other}), false)
	wantMoved("an agent that has not proved anything", check(dns.ServerEnrolled{ID: 2, Unproved: true}), false)
	wantMoved("a server that begins to serve", check(dns.ServerProved{ID: 2}), true)
	ns := record(1, "@", "NS", "ns")
	check(dns.RecordAdded{ID: 9, ZoneID: 5, Record: ns})
	wantMoved("a name server of its own without an address", check(dns.ServerWithdrawn{ID: 2}), true)
	address := record(1, "ns", "A", "10.0.0.1")
	check(dns.RecordAdded{ID: 10, ZoneID: 5, Record: address})
	wantMoved("a zone that has all it needs", check(dns.ServerEnrolled{ID: 2}), false)
	wantMoved("names that it does not use", check(dns.FleetChanged{After: dns.FleetData{NS: []string{"ns.x."}}}), false)
	commented := address
	commented.Comment = "new"
	wantMoved("a comment", check(dns.RecordUpdated{ID: 10, ZoneID: 5, Before: address, After: commented}), false)
	check(dns.RecordDeleted{ID: 9, ZoneID: 5, Record: ns})
	wantMoved("addresses that no name needs", check(dns.ServerWithdrawn{ID: 2}), false)
	wantMoved("another name", check(dns.FleetChanged{Before: dns.FleetData{NS: []string{"ns.x."}}, After: dns.FleetData{NS: []string{"ns.y."}}}), true)
	wantMoved("all", check(dns.ZonesRenumbered{}), true)
	check(dns.ZoneSettingsChanged{ID: 5, Raise: &dns.SerialRaise{Zone: "a.test", Views: []int64{1}, To: 2026112802}})
	data := dns.ZoneData{Name: "a.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}
	check(dns.ZoneDeleted{ID: 5, Zone: data})
	check(dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v"}, After: dns.ViewData{Name: "w", ACL: "any"}})
	data.Name = "A.test"
	check(dns.ZoneCreated{ID: 6, Zone: data})
	if got := numbers(s)[zone]; got <= 2026112802 {
		t.Errorf("serial %d of a zone made again", got)
	}
	check(dns.ZoneDeleted{ID: 6, Zone: data})
	check(dns.ViewDeleted{ID: 1, View: dns.ViewData{Name: "w", ACL: "any"}})
	check(dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}})
	data.ViewIDs = []int64{2}
	check(dns.ZoneCreated{ID: 7, Zone: data})
	if got := numbers(s)[zoneKey{view: 2, zone: "a.test."}]; got <= 2026112802 {
		t.Errorf("serial %d in a view made again", got)
	}
}

// Under the next name of a view another one may have given out later serials than the view's
// own zones have: none falls there.
func TestSerialsUnderAnotherViewName(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	zone := func(name string, views ...int64) dns.ZoneData {
		return dns.ZoneData{Name: name, Group: 1, Type: dns.ZoneMaster, ViewIDs: views}
	}
	emit(dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}})
	in := zone("b.test", 1)
	emit(dns.ZoneCreated{ID: 6, Zone: in})
	emit(dns.ZoneUpdated{ID: 6, Before: in, After: zone("b.test", 1, 2)})
	emit(dns.ZoneSettingsChanged{ID: 6, Raise: &dns.SerialRaise{Zone: "b.test", Views: []int64{2}, To: 5000, IfLower: true}})
	emit(dns.RecordAdded{ID: 9, ZoneID: 6, Record: record(2, "www", "A", "10.0.0.1")})
	served := numbers(s)[zoneKey{view: 2, zone: "b.test."}]
	plain := emit(dns.ZoneUpdated{ID: 6, Before: zone("b.test", 1, 2), After: in})
	emit(dns.ViewDeleted{ID: 2, View: dns.ViewData{Name: "w", ACL: "any"}})
	prove(t, s)
	p := emit(dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v", ACL: "any"}, After: dns.ViewData{Name: "w", ACL: "any"}})
	now := numbers(s)
	if got := now[zoneKey{view: 1, zone: "b.test."}]; !dns.SerialLater(got, served) {
		t.Errorf("serial %d, and secondaries of the name hold %d", got, served)
	}
	if got := now[zoneKey{view: 1, zone: "a.test."}]; got != uint32(p) || domain.Position(got) <= plain {
		t.Errorf("serial %d of a zone without base, want %d", got, p)
	}
	if jobs := prove(t, s); len(jobs) != 2 {
		t.Errorf("%d zones to be worked on, want 2", len(jobs))
	}
	emit(dns.ViewCreated{ID: 3, View: dns.ViewData{Name: "v", ACL: "any"}})
	if base := s.bases[dns.SerialName{Zone: "b.test", View: "w"}]; base == 0 || len(s.bases) != 1 {
		t.Errorf("bases %v", s.bases)
	}
}

// withRecords adds the rows of the records.
func withRecords(out Snapshot, s *desiredState) Snapshot {
	for id, zone := range s.zones {
		for view, c := range zone.copies {
			for key, records := range c.sets {
				for _, r := range records {
					data := dns.RecordData{ViewID: view, Host: key.owner, Type: mdns.TypeToString[key.rrtype], TTL: r.ttl, Value: r.value}
					out.Rows = append(out.Rows, protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: r.id, ZoneID: id, Record: data}})
				}
			}
		}
	}
	return out
}

// Two engines, each with a named of its own, serve the same serials: one that follows
// everything, and one that begins in the end with nothing but the state.
func TestTwoNamedsHaveOneSerial(t *testing.T) {
	t.Parallel()
	first := newHost(t)
	v := first.view("all", "any")
	bare, _ := first.zone("bare.test", v)
	first.zone("own.test", v)
	first.add(bare, record(v, "www", "A", "10.0.0.1"))
	first.emit(dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "m", IP: "192.0.2.1", Type: "master"}})
	first.emit(dns.ServerEnrolled{ID: 1})
	first.applied()
	p := first.emit(dns.FleetChanged{After: dns.FleetData{NS: []string{"NS1.own.test.", "ns.fleet.test."}, Addresses: []string{"192.0.2.53"}}})
	first.applied()
	if got := first.serial("127.0.0.1", "bare.test"); got != uint32(p) {
		t.Errorf("serial %d, want %d", got, p)
	}
	first.expect("127.0.0.1", "own.test", "NS", "ns.fleet.test.", "ns1.own.test.")
	first.expect("127.0.0.1", "ns1.own.test", "A", "192.0.2.53")
	first.emit(dns.ZoneSettingsChanged{
		ID: bare, Raise: &dns.SerialRaise{Zone: "bare.test", Views: []int64{v}, To: 2026112802},
		After: dns.ZoneSettings{MName: "ns.fleet.test.", RName: `host\.master.fleet.test.`, Refresh: new(uint32(7200)), DefaultTTL: new(uint32(77))},
	})
	first.applied()
	first.expect("127.0.0.1", "bare.test", "SOA", `ns.fleet.test. host\.master.fleet.test. 2026112802 7200 600 604800 60`)
	for _, rr := range first.ask("127.0.0.1", "bare.test", mdns.TypeNS).Answer {
		if rr.Header().Ttl != 77 {
			t.Errorf("TTL of what is generated: %s", rr)
		}
	}

	second := &host{t: t, dir: t.TempDir(), ids: 100, position: first.position, history: slices.Clone(first.history)}
	first.engine.mu.Lock()
	state := withRecords(snapshot(first.engine.state), first.engine.state)
	first.engine.mu.Unlock()
	second.startFrom(state)
	t.Cleanup(second.stop)
	second.applied()
	for _, zone := range []string{"bare.test", "own.test"} {
		if a, b := first.serial("127.0.0.1", zone), second.serial("127.0.0.1", zone); a != b {
			t.Errorf("%s: serial %d and %d", zone, a, b)
		}
	}
}

// Views are matched in the order that an admin gives them, the others behind by id.
func TestViewsInOrder(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	var views []int64
	for i, acl := range []string{"any", "127.0.0.2", "127.0.0.0/8"} {
		view := h.view(fmt.Sprint("v", i), acl)
		zone, _ := h.zone(fmt.Sprintf("z%d.test", i), view)
		h.add(zone, record(view, "www", "A", fmt.Sprintf("10.0.0.%d", i)))
		views = append(views, view)
	}
	h.applied()
	h.expect("127.0.0.2", "www.z0.test", "A", "10.0.0.0")
	h.emit(dns.ViewsOrdered{ViewIDs: []int64{views[1], views[2]}})
	h.applied()
	h.expect("127.0.0.2", "www.z1.test", "A", "10.0.0.1")
	h.expect("127.0.0.3", "www.z2.test", "A", "10.0.0.2")
}
