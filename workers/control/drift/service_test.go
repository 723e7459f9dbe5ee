package drift_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/nameserver"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// told is a plane with a server, whose agent tells of drift.
type told struct {
	*testing.T
	*planetest.Plane
	tell func(context.Context, protocol.DriftFinding) (protocol.DriftVerdict, error)
}

func newTold(t *testing.T, mode dns.DriftMode) *told {
	t.Helper()
	p := planetest.Start(t)
	if err := projections.Prepare(t.Context(), p.Pool, p.Store, accessmodel.New()); err != nil { // of which zones' rights are read
		t.Fatal(err)
	}
	p.Enroll(1, dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"})
	p.Append(dns.ServerSettingsChanged{ID: 1, Before: dns.DefaultServerSettings(), After: dns.ServerSettings{OnDrift: mode}},
		dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v", ACL: "any"}})
	for i, zone := range []string{"a.test", "b.test", "c.test"} {
		id := int64(10 + i)
		p.Append(dns.ZoneCreated{ID: id, Zone: dns.ZoneData{Name: zone, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{2}}, Privilege: 100 + 3*id},
			dns.RecordAdded{ID: 1000 + id, ZoneID: id, Record: dns.RecordData{ViewID: 2, Host: "www", Type: "A", TTL: 60, Value: "192.0.2.1"}})
	}
	key, _ := p.Signer.Known(t.Context())
	return &told{t, p, nameserver.Drift(testkit.Connect(t, p.Server, nameserver.Options(1)...), 1, key)}
}

// find tells of a finding, and returns the types of the events that came with it.
func (d *told) find(f protocol.DriftFinding) (v protocol.DriftVerdict, types []string) {
	d.Helper()
	before, err := d.Store.Head(d.Context())
	if err == nil {
		v, err = d.tell(d.Context(), f)
	}
	if err != nil {
		d.Fatal(err)
	}
	events, err := d.Store.Read(d.Context(), before.Position, 100)
	if err != nil {
		d.Fatal(err)
	}
	for _, e := range events {
		if types = append(types, e.Type); e.Actor != domain.System || e.Door != domain.DoorAgent {
			d.Errorf("%s is by %d through %q", e.Type, e.Actor, e.Door)
		}
	}
	return v, types
}

func finding(id int64, zone string) protocol.DriftFinding {
	return protocol.DriftFinding{ID: uuid.New(), ZoneID: id, Zone: zone, ViewID: 2, What: dns.DriftRecords, Expected: "x", Found: "y", Done: dns.DriftRepaired}
}

// update makes www have another address, if it had the given one.
func update(t *testing.T, zone, had string) []byte {
	t.Helper()
	m := new(mdns.Msg)
	m.SetUpdate(zone + ".")
	is := func(address string) *mdns.A {
		rr, err := mdns.NewRR("www." + zone + ". 60 A " + address)
		if err != nil {
			t.Fatal(err)
		}
		return rr.(*mdns.A)
	}
	required := is(had)
	required.Hdr.Ttl = 0
	m.Used([]mdns.RR{required})
	m.Remove([]mdns.RR{is(had)})
	m.Insert([]mdns.RR{is("192.0.2.9")})
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func TestDriftIsNoted(t *testing.T) {
	t.Parallel()
	d := newTold(t, dns.DriftAdopt)
	adopted := finding(10, "a.test")
	adopted.Update = update(t, "a.test", "192.0.2.1")
	v, types := d.find(adopted)
	if v.Done != dns.DriftAdopted || v.Await == 0 || len(types) < 2 || types[0] != "DriftFound" || !slices.Contains(types, "RecordAdded") {
		t.Errorf("adopted: %+v, %v", v, types)
	}
	if again, more := d.find(adopted); again != v || len(more) != 0 {
		t.Errorf("repeated: %+v, %v", again, more)
	}
	if v, types := d.find(finding(10, "a.test")); v.Done != "" || len(types) != 0 {
		t.Errorf("within the minute: %+v, %v", v, types)
	}

	refused := finding(11, "b.test")
	refused.Update = update(t, "b.test", "192.0.2.7")
	v, types = d.find(refused)
	if v.Done != dns.DriftRepaired || v.Await != 0 || !strings.HasPrefix(v.Reason, "not adopted: NXRRSET") || !slices.Equal(types, []string{"DriftFound"}) {
		t.Errorf("refused: %+v, %v", v, types)
	}

	above := finding(12, "c.test")
	above.What, above.Serial = dns.DriftSerial, new(uint32(1_000_000))
	v, types = d.find(above)
	if v.Done != dns.DriftRepaired || v.Await == 0 || !slices.Equal(types, []string{"DriftFound", "ZoneSettingsChanged"}) {
		t.Errorf("above: %+v, %v", v, types)
	}
	d.Projected(v.Await)
	if serials, err := d.Reader.Serials(t.Context(), 12); err != nil || len(serials) != 1 || serials[0] != 1_000_001 {
		t.Errorf("serials %v, %v", serials, err)
	}
}

func TestOnlyWhatIsAdoptedChangesRecords(t *testing.T) {
	t.Parallel()
	d := newTold(t, dns.DriftRepair)
	f := finding(10, "a.test")
	f.Update = update(t, "a.test", "192.0.2.1")
	if v, types := d.find(f); v.Done != dns.DriftRepaired || !slices.Equal(types, []string{"DriftFound"}) {
		t.Errorf("%+v, %v", v, types)
	}
	for name, bad := range map[string]protocol.DriftFinding{
		"no id": {What: dns.DriftMany, Done: dns.DriftRepaired}, "adopted by itself": {ID: uuid.New(), What: dns.DriftMany, Done: dns.DriftAdopted},
		"no kind": {ID: uuid.New(), What: "?", Done: dns.DriftRepaired},
	} {
		if v, err := d.tell(t.Context(), bad); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
	stranger := nameserver.Drift(testkit.Connect(t, d.Server, nameserver.Options(2)...), 2, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if v, err := stranger(ctx, finding(10, "a.test")); err == nil {
		t.Errorf("a stranger is answered %+v", v)
	}
}
