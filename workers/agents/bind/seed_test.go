package bind

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// estateOf is a log with so many zones, each in two views, and one forward-only zone.
func estateOf(zones int) Snapshot {
	rows := []protocol.SnapshotRow{viewRow(1), viewRow(2)}
	rows[0].View.View.ACL = "127.0.0.2"
	put := func(id int64, data dns.ZoneData) {
		data.Group, data.ViewIDs = 1, []int64{1, 2}
		changed := map[int64]domain.Position{1: domain.Position(id), 2: domain.Position(id)}
		rows = append(rows, protocol.SnapshotRow{Zone: &protocol.SnapshotZone{ID: id, Zone: data, Changed: changed}})
	}
	for i := range zones {
		put(int64(10+i), dns.ZoneData{Name: fmt.Sprintf("z%d.test", i), Type: dns.ZoneMaster})
	}
	put(9, dns.ZoneData{Name: "f.test", Type: dns.ZoneForwardOnly, Forwarders: []string{"127.53.0.1"}})
	for i := range zones {
		for _, view := range []int64{1, 2} {
			r := record(view, "www", "A", fmt.Sprintf("10.0.0.%d", view))
			rows = append(rows, protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: int64(20_000+2*i) + view, ZoneID: int64(10 + i), Record: r}})
		}
	}
	return Snapshot{Position: 90_000, LastDNS: 90_000, Rows: rows}
}

// A named that is new to the log starts with its zones, also if the engine was
// stopped in the middle of seeding. These zones are changed like zones that are
// added later, and named starts with them again.
func TestNamedStartsWithTheZonesOfTheLog(t *testing.T) {
	t.Parallel()
	const zones = 200
	log := estateOf(zones)
	h := &host{t: t, dir: t.TempDir(), ids: 100_000, position: log.Position}
	h.startFrom(log)
	h.stop()
	h.startFrom(log)
	t.Cleanup(func() { h.stop() })
	h.applied()
	if added := metric(t, h.engine.metrics.additions); added != 0 {
		t.Errorf("%v zones were added one by one", added)
	}
	for _, i := range []int{0, zones - 1} {
		h.expect("127.0.0.2", fmt.Sprintf("www.z%d.test", i), "A", "10.0.0.1")
		h.expect("127.0.0.3", fmt.Sprintf("www.z%d.test", i), "A", "10.0.0.2")
	}
	gone := dns.ZoneData{Name: "z1.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}
	h.emit(dns.ZoneDeleted{ID: 11, Zone: gone})
	h.zone("late.test", 1, 2)
	h.add(12, record(1, "new", "A", "10.0.0.9"))
	h.applied()
	h.expect("127.0.0.2", "www.z1.test", "A")
	h.expect("127.0.0.2", "new.z2.test", "A", "10.0.0.9")
	entries, err := os.ReadDir(h.engine.layout.databases())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), zoneListKind) {
			t.Errorf("%s is left behind", e.Name())
		}
	}

	h.stop()
	h.startFrom(log)
	for _, e := range h.history {
		if err := h.engine.Take(Change{Events: []domain.Recorded{e}}); err != nil {
			t.Fatal(err)
		}
	}
	h.applied()
	h.expect("127.0.0.2", "www.z1.test", "A")
	h.expect("127.0.0.2", "new.z2.test", "A", "10.0.0.9")
	h.expect("127.0.0.3", "late.test", "NS", "master.late.test.")
}

// Zones that named has not loaded yet, or does not transfer because it transfers too
// many others, are not broken: none of them is replaced after a start.
func TestStartOfManyZonesReplacesNone(t *testing.T) {
	t.Parallel()
	log := estateOf(300)
	for i := range 20_000 { // in one zone, which takes its time
		r := record(1, fmt.Sprintf("host%d", i), "A", "10.0.0.3")
		log.Rows = append(log.Rows, protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: int64(50_000 + i), ZoneID: 10, Record: r}})
	}
	log.Rows = append(log.Rows, protocol.SnapshotRow{BindConf: &protocol.SnapshotBindConf{
		Conf: dns.BindConfChanged{Text: "options { recursion no; transfers-out 2; };"}, Changed: 5}})
	h := &host{t: t, dir: t.TempDir(), ids: 100_000, position: log.Position}
	h.startFrom(log)
	t.Cleanup(func() { h.stop() })
	for range 2 {
		h.applied()
		if added, drift := metric(t, h.engine.metrics.additions), metric(t, h.engine.metrics.drift); added != 0 || drift != 0 {
			t.Errorf("%v zones were added, %v replaced", added, drift)
		}
		h.stop()
		h.startFrom(log)
	}
}

// A zone that somebody added by hand does not stand in the way of the log's.
func TestNewZoneReplacesOneAddedByHand(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	h.applied()
	if _, err := h.engine.addStub(t.Context(), zoneKey{view: v, zone: "a.test."}, []string{"127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.until("no failure, and all is applied", func(r protocol.Report) bool {
		if len(r.Failures) > 0 {
			t.Errorf("%+v", r.Failures)
		}
		return r.Applied == h.position
	})
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
}
