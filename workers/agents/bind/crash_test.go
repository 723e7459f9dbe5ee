package bind

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// tamper sends an update with the view's own key, as a person on the host might.
func (h *host) tamper(view int64, zone string, rrs ...string) {
	h.t.Helper()
	if rcode := h.tampered(view, zone, rrs...); rcode != mdns.RcodeSuccess {
		h.t.Fatalf("tamper: %s", mdns.RcodeToString[rcode])
	}
}

// tampered is tamper with an update that may be refused.
func (h *host) tampered(view int64, zone string, rrs ...string) (rcode int) {
	h.t.Helper()
	ctx := context.Background()
	c, err := dnsclient.Dial(ctx, h.engine.dialAddr())
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	m := new(mdns.Msg)
	m.SetUpdate(zone)
	for _, text := range rrs {
		rr, err := mdns.NewRR(text)
		if err != nil {
			h.t.Fatal(err)
		}
		m.Insert([]mdns.RR{rr})
	}
	reply, err := c.Exchange(ctx, h.engine.viewKey(view), m)
	if err != nil {
		h.t.Fatalf("tamper: %v", err)
	}
	return reply.Rcode
}

func TestKilledNamedConverges(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	for i := range 3 {
		pid := h.engine.orphan()
		if pid == 0 {
			t.Fatal("no named")
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		h.add(z, record(v, fmt.Sprintf("x%d", i), "A", "10.0.0.2"))
		_, _ = h.zone(fmt.Sprintf("z%d.test", i), v)
		h.applied()
		h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
		h.expect("127.0.0.1", fmt.Sprintf("x%d.a.test", i), "A", "10.0.0.2")
		h.expect("127.0.0.1", fmt.Sprintf("z%d.test", i), "NS", fmt.Sprintf("master.z%d.test.", i))
	}
}

func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	// found by the serial, which is ours again afterwards
	h.tamper(v, "a.test.", "evil.a.test. 5 IN A 10.6.6.6", "a.test. 600 IN SOA m.a.test. h.a.test. 90000 1 1 1 1")
	testkit.Eventually(t, "the stranger is gone", func() bool { return len(h.answers("127.0.0.1", "evil.a.test", "A")) == 0 })
	testkit.Eventually(t, "the SOA is ours", func() bool {
		r := h.ask("127.0.0.1", "a.test", mdns.TypeSOA)
		return r.Answer[0].(*mdns.SOA).Ns == "master.a.test." && r.Answer[0].(*mdns.SOA).Serial == uint32(h.position)
	})
	// found on the way of a change: the update requires the SOA that was read
	h.tamper(v, "a.test.", "evil.a.test. 5 IN A 10.6.6.6", "www.a.test. 5 IN A 10.6.6.6")
	h.add(z, record(v, "www", "A", "10.0.0.2"))
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1", "10.0.0.2")
	h.expect("127.0.0.1", "evil.a.test", "A")

	// zones removed and added behind the engine's back
	ctx := context.Background()
	if _, err := h.engine.control(ctx, "delzone a.test IN "+viewName(v)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine.addStub(ctx, zoneKey{view: v, zone: "stray.test."}, []string{"127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the zone is back", func() bool { return len(h.answers("127.0.0.1", "www.a.test", "A")) == 2 })
	testkit.Eventually(t, "the stray is gone", func() bool {
		have, err := h.engine.showZone(ctx, zoneKey{view: v, zone: "stray.test."})
		return err == nil && have.kind == ""
	})
	h.applied()
}

// A new engine on the same directory takes nothing for granted.
func TestNewEngineConverges(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v, w := h.view("one", "127.0.0.2"), h.view("two", "any")
	var zones []int64
	for i := range 20 {
		z, _ := h.zone(fmt.Sprintf("z%d.test", i), v, w)
		h.add(z, record(v, "www", "A", "10.0.0.1"))
		zones = append(zones, z)
	}
	h.cancel() // in the middle of it
	if err := <-h.ended; err != nil {
		t.Fatal(err)
	}
	h.start()
	h.applied()
	h.tamper(v, "z3.test.", "evil.z3.test. 5 IN A 10.6.6.6", "z3.test. 600 IN SOA m.a.test. h.a.test. 90000 1 1 1 1")
	h.cancel()
	if err := <-h.ended; err != nil {
		t.Fatal(err)
	}
	h.history = append(h.history, domainEvents(&h.position,
		dns.ZoneDeleted{ID: zones[5], Zone: dns.ZoneData{Name: "z5.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{v, w}}},
		dns.RecordAdded{ID: h.id(), ZoneID: zones[6], Record: record(w, "late", "A", "10.0.0.9")})...)
	h.start()
	h.applied()
	h.expect("127.0.0.2", "evil.z3.test", "A")
	h.expect("127.0.0.2", "www.z3.test", "A", "10.0.0.1")
	h.expect("127.0.0.2", "www.z5.test", "A")
	h.expect("127.0.0.3", "late.z6.test", "A", "10.0.0.9")
	if got := metric(t, h.engine.metrics.reconfigs); got != 0 {
		t.Errorf("%v reconfigurations after a start with the same configuration", got)
	}
}

func TestBootstrapFromSnapshot(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	rows := []protocol.SnapshotRow{{View: &protocol.SnapshotView{ID: 1, View: dns.ViewData{Name: "all", ACL: "any"}, Changed: 1}}}
	const zones = 300
	for i := range int64(zones) {
		rows = append(rows, protocol.SnapshotRow{Zone: &protocol.SnapshotZone{ID: 10 + i,
			Zone:    dns.ZoneData{Name: fmt.Sprintf("z%d.test", i), Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}},
			Changed: map[int64]domain.Position{1: domain.Position(1000 + i)}}})
	}
	for i := range int64(zones) {
		rows = append(rows, protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: 1000 + i, ZoneID: 10 + i, Record: record(1, "www", "A", "10.0.0.1")}})
	}
	started := time.Now()
	if err := h.engine.Reset(context.Background(), Snapshot{Position: 5000, LastDNS: 4000, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	h.position = 5000
	// a change is not held up by the rest
	e := dns.RecordAdded{ID: 9999, ZoneID: 200, Record: record(1, "new", "A", "10.0.0.2")}
	h.emit(e)
	h.applied()
	t.Logf("%d zones in %s", zones, time.Since(started))
	h.expect("127.0.0.1", "new.z190.test", "A", "10.0.0.2")
	// another snapshot, in which all that was there is gone with its view
	rows = []protocol.SnapshotRow{{View: &protocol.SnapshotView{ID: 2, View: dns.ViewData{Name: "other", ACL: "any"}, Changed: 1}}}
	defer func() {
		if err := h.engine.Reset(context.Background(), Snapshot{Position: 6000, LastDNS: 6000, Rows: rows}); err != nil {
			t.Fatal(err)
		}
		h.position = 6000
		h.applied()
	}()
	if got := h.serial("127.0.0.1", "z299.test"); got != 1299 {
		t.Errorf("serial %d, want 1299", got)
	}
	if got := h.serial("127.0.0.1", "z190.test"); got != 5001 {
		t.Errorf("serial %d, want 5001", got)
	}
}
