package bind

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// Zones that were deleted while the engine was away are not served any more when
// their deletion counts as applied, though only named can tell the engine of them.
func TestZonesDeletedMeanwhileAreGoneWhenApplied(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("one", "any")
	const zones = 40
	var deleted []domain.Event
	for i := range zones {
		id, data := h.zone(fmt.Sprintf("z%d.test", i), v)
		deleted = append(deleted, dns.ZoneDeleted{ID: id, Zone: data})
	}
	h.applied()
	h.stop()
	h.history = nil // a snapshot takes its place
	domainEvents(&h.position, deleted...)
	h.startFrom(Snapshot{Position: h.position, LastDNS: h.position, Rows: []protocol.SnapshotRow{viewRow(v)}})
	h.applied()
	// named itself is asked: it removes a zone from its database a moment after it
	// has ceased to serve the zone.
	for i := range zones {
		have, err := h.engine.showZone(t.Context(), zoneKey{view: v, zone: fmt.Sprintf("z%d.test.", i)})
		if err != nil || have.kind != "" {
			t.Errorf("deleted zone %d is there: %+v, %v", i, have, err)
		}
	}
}

// A deleted zone keeps its deletion from counting as applied also when the sweep
// has found it before the inventory did.
func TestInventoryCountsWhatTheSweepFound(t *testing.T) {
	t.Parallel()
	e, err := New(Config{Dir: t.TempDir(), Supervise: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.ports.release()
	const view = 1
	if err := e.Reset(t.Context(), Snapshot{Position: 5, LastDNS: 5, Rows: []protocol.SnapshotRow{viewRow(view)}}); err != nil {
		t.Fatal(err)
	}
	e.state.settings.begin()
	e.settleSettings(desiredSettings{views: e.state.views}, nil, nil)
	if err := e.layout.write(e.layout.zoneList(view), []byte("zone \"gone.test\" { type primary; file \"x\"; };\n")); err != nil {
		t.Fatal(err)
	}
	if err := e.compareLists(t.Context(), zoneLists{}); err != nil {
		t.Fatal(err)
	}
	if err := e.takeInventory(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := e.Status(); r.Applied != 0 {
		t.Errorf("all up to %d is applied while named has a zone that was deleted", r.Applied)
	}
}

// A view's zones are removed with it: a view of the same id, which another log may
// have, begins empty.
func TestFormerViewLeavesNoZones(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("one", "any")
	h.zone("old.test", v)
	h.applied()
	h.stop()
	h.history, h.position = nil, 3
	h.startFrom(Snapshot{Position: h.position, LastDNS: h.position}) // another log, without views yet
	h.applied()
	h.emit(dns.ViewCreated{ID: v, View: dns.ViewData{Name: "another", ACL: "any"}})
	h.zone("new.test", v)
	h.applied()
	list, err := h.engine.listZones(t.Context(), v)
	if err != nil || len(list) != 1 || list[0].zone != "new.test." {
		t.Errorf("the view has %+v, %v", list, err)
	}
}

func viewRow(id int64) protocol.SnapshotRow {
	return protocol.SnapshotRow{View: &protocol.SnapshotView{ID: id, View: dns.ViewData{Name: "one", ACL: "any"}, Changed: 1}}
}
