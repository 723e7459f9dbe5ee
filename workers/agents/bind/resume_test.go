package bind

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
)

// resume runs a new engine on the host's directory, which goes on from what is stored. between is called before it may
// work. It returns at which position it went on.
func (h *host) resume(between func()) (from Origin) {
	h.t.Helper()
	h.run()
	from, stored := h.engine.Stored()
	if !stored {
		h.t.Fatal("nothing is stored")
	}
	if err := h.engine.Resume(); err != nil {
		h.t.Fatal(err)
	}
	for _, e := range h.history {
		if e.Position > from.LastDNS {
			if err := h.engine.Take(Change{Events: []domain.Recorded{e}}); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	between()
	h.engine.Begin()
	return from
}

// kill ends the engine as if it was killed: it stores nothing.
func (h *host) kill() {
	h.engine.mu.Lock()
	h.engine.program = ""
	h.engine.mu.Unlock()
	h.end()
}

// The next engine compares nothing but what may be otherwise than it was proved, whatever happened in between, and
// leaves named alone before it has all changes.
func TestEngineResumes(t *testing.T) {
	t.Parallel()
	h := outliving(t)
	v, w := h.view("one", "127.0.0.2"), h.view("two", "any")
	var zones []int64
	for i := range 20 {
		z, _ := h.zone(fmt.Sprintf("z%d.test", i), v, w)
		h.add(z, record(v, "www", "A", "192.0.2.1"))
		zones = append(zones, z)
	}
	reverse, _ := h.zone("2.0.192.in-addr.arpa", v)
	h.emit(dns.ZoneSettingsChanged{ID: reverse, After: dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"z1.test"}}}})
	h.applied()

	nothing := func() {}
	h.end()
	h.resume(nothing)
	h.applied()
	if got := metric(t, h.engine.metrics.transfers); got != 0 {
		t.Errorf("%v of 41 zones were compared although nothing happened", got)
	}
	h.expect("127.0.0.2", "1.2.0.192.in-addr.arpa", "PTR", "www.z1.test.")

	// what the log, and what strangers changed
	h.end()
	h.tamper(w, "z3.test.", "evil.z3.test. 5 IN A 10.6.6.6")
	if _, err := h.engine.control(t.Context(), "delzone z4.test IN "+viewName(v)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine.addStub(t.Context(), zoneKey{view: v, zone: "stray.test."}, []string{"127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	h.history = append(h.history, domainEvents(&h.position,
		dns.ZoneDeleted{ID: zones[5], Zone: dns.ZoneData{Name: "z5.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{v, w}}},
		dns.RecordAdded{ID: h.id(), ZoneID: zones[6], Record: record(w, "late", "A", "192.0.2.9")})...)
	h.resume(nothing)
	h.applied()
	h.expect("127.0.0.3", "evil.z3.test", "A")
	h.expect("127.0.0.2", "www.z4.test", "A", "192.0.2.1")
	h.expect("127.0.0.2", "www.z5.test", "A")
	h.expect("127.0.0.3", "late.z6.test", "A", "192.0.2.9")
	testkit.Eventually(t, "the stray is gone", func() bool {
		have, err := h.engine.showZone(t.Context(), zoneKey{view: v, zone: "stray.test."})
		return err == nil && have.kind == ""
	})

	// an engine that was killed has stored less than named has, which keeps that
	h.add(zones[7], record(w, "kept", "A", "192.0.2.7"))
	h.applied()
	h.kill()
	from := h.resume(func() {
		if applied := h.engine.Status().Applied; applied != 0 {
			t.Errorf("it works before it may, and has applied %d", applied)
		}
		h.expect("127.0.0.3", "kept.z7.test", "A", "192.0.2.7")
	})
	if from.LastDNS >= h.position {
		t.Errorf("went on from %d", from.LastDNS)
	}
	h.applied()
	h.expect("127.0.0.3", "kept.z7.test", "A", "192.0.2.7")

	// of another start of named nothing is believed
	before := h.engine.orphan()
	h.end()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.resume(nothing)
	h.applied()
	if got := metric(t, h.engine.metrics.transfers); got != 39 {
		t.Errorf("%v of 39 zones were compared after another start of named", got)
	}
}

// A zone that shows the serial which the log wants now was not proved under it: somebody else's change has the same number.
func TestForeignSerialIsNoProof(t *testing.T) {
	t.Parallel()
	h := outliving(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	h.end()
	h.tamper(v, "a.test.", "evil.a.test. 5 IN A 10.6.6.6") // named counts on by one, as the log does
	h.history = append(h.history, domainEvents(&h.position, dns.RecordAdded{ID: h.id(), ZoneID: z, Record: record(v, "www", "A", "192.0.2.1")})...)
	if got := h.serial("127.0.0.1", "a.test"); got != uint32(h.position) {
		t.Fatalf("serial %d, want %d", got, h.position)
	}
	h.resume(func() {})
	h.applied()
	h.expect("127.0.0.1", "evil.a.test", "A")
	h.expect("127.0.0.1", "www.a.test", "A", "192.0.2.1")
}

// Invariants 1 and 2 of the stored state.
func TestStoredState(t *testing.T) {
	t.Parallel()
	s := sampleState(t)
	c := s.cut()
	c.Program, c.Boot = "this", "then"
	data, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state")
	read := func(data []byte, program string) (*stored, error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return readStored(path, program)
	}
	again, err := read(data, "this")
	if err != nil {
		t.Fatal(err)
	}
	next := newDesiredState()
	if err := next.resetWith(again.snapshot(), again.fill); err != nil {
		t.Fatal(err)
	}
	if next.origin != s.origin || again.Boot != "then" || !reflect.DeepEqual(next.zones, s.zones) || !reflect.DeepEqual(next.views, s.views) ||
		!reflect.DeepEqual(next.servers, s.servers) || !reflect.DeepEqual(next.bases, s.bases) || !reflect.DeepEqual(next.changes, s.changes) ||
		!reflect.DeepEqual(next.order, s.order) || next.conf.Text != s.conf.Text || !reflect.DeepEqual(next.fleet, s.fleet) {
		t.Errorf("another state was read than was stored")
	}
	for name, wrong := range map[string]struct {
		data    []byte
		program string
		want    error
	}{
		"another program": {data, "that", errOtherProgram},
		"no program":      {data, "", errOtherProgram},
		"empty":           {nil, "this", errStoredCorrupt},
		"longer":          {append(bytes.Clone(data), 0), "this", errStoredCorrupt},
	} {
		if _, err := read(wrong.data, wrong.program); !errors.Is(err, wrong.want) {
			t.Errorf("%s: %v, want %v", name, err, wrong.want)
		}
	}
	for i := range data {
		flipped := bytes.Clone(data)
		flipped[i] ^= 1 << (i % 8)
		if _, err := read(flipped, "this"); !errors.Is(err, errStoredCorrupt) {
			t.Fatalf("octet %d was changed: %v", i, err)
		}
		if _, err := read(data[:i], "this"); !errors.Is(err, errStoredCorrupt) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := readStored(filepath.Join(t.TempDir(), "none"), "this"); !errors.Is(err, errNothingStored) {
		t.Error(err)
	}
}

// sampleState has some of everything.
func sampleState(t *testing.T) *desiredState {
	t.Helper()
	s := newDesiredState()
	if err := s.reset(Snapshot{Log: logOfTests}); err != nil {
		t.Fatal(err)
	}
	zone := func(name string) dns.ZoneData {
		return dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}
	}
	var at domain.Position
	for _, e := range domainEvents(&at,
		dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "ns1", IP: "192.0.2.53"}}, dns.ServerEnrolled{ID: 1},
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "in", ACL: "192.0.2.0/24"}}, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "out", ACL: "any"}},
		dns.ViewsOrdered{ViewIDs: []int64{2, 1}},
		dns.BindConfChanged{Text: "options { recursion no; };"},
		dns.ZoneCreated{ID: 1, Zone: zone("a.test")}, dns.ZoneCreated{ID: 2, Zone: zone("2.0.192.in-addr.arpa")},
		dns.ZoneCreated{ID: 3, Zone: dns.ZoneData{Name: "f.test", Group: 1, Type: dns.ZoneForwardOnly, Forwarders: []string{"192.0.2.1"}, ViewIDs: []int64{1}}},
		dns.ZoneSettingsChanged{ID: 2, After: dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"a.test"}}}},
		dns.RecordAdded{ID: 1, ZoneID: 1, Record: record(1, "www", "A", "192.0.2.1")},
		dns.RecordAdded{ID: 2, ZoneID: 1, Record: record(1, "www", "A", "192.0.2.2")},
		dns.RecordAdded{ID: 3, ZoneID: 1, Record: record(2, "t", "TXT", strings.Repeat("long ", 40))},
		dns.RecordAdded{ID: 4, ZoneID: 2, Record: record(1, "9", "PTR", "by-hand.a.test.")},
		dns.ViewUpdated{ID: 2, Before: dns.ViewData{Name: "out", ACL: "any"}, After: dns.ViewData{Name: "outside", ACL: "any"}},
	) {
		if err := s.apply(Change{Events: []domain.Recorded{e}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
