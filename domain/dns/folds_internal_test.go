package dns

import (
	"reflect"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// foldLog has events of every type that concern the ids 1 and the names of every fold under test.
func foldLog() []domain.Recorded {
	s, s2 := ServerData{Host: "h", IP: "1.1.1.1"}, ServerData{Host: "h2", IP: "1.1.1.1"}
	z := ZoneData{Name: "a.com", Group: GroupInternal, Type: ZoneMaster, ViewIDs: []int64{1, 2}}
	z2 := ZoneData{Name: "a.com", Group: GroupInternal, Type: ZoneMaster, ViewIDs: []int64{1}}
	r, r2 := RecordData{ViewID: 1, Host: "www", Type: "A"}, RecordData{ViewID: 1, Host: "w2", Type: "A"}
	var out []domain.Recorded
	for i, e := range []domain.Event{
		ServerCreated{ID: 1, Server: s}, ServerUpdated{ID: 1, Before: s, After: s2}, ServerEnrolled{ID: 1, Unproved: true}, ServerProved{ID: 1},
		ServerCreated{ID: 2, Server: s}, ServerWithdrawn{ID: 1}, ServerDeleted{ID: 2, Server: s}, ServerDeleted{ID: 1, Server: s2},
		ViewCreated{ID: 1, View: ViewData{Name: "v"}}, ViewUpdated{ID: 1, Before: ViewData{Name: "v"}, After: ViewData{Name: "x"}},
		ViewUpdated{ID: 1, Before: ViewData{Name: "x"}, After: ViewData{Name: "v"}},
		ZoneCreated{ID: 1, Zone: z}, RecordAdded{ID: 1, ZoneID: 1, Record: r}, RecordAdded{ID: 2, ZoneID: 1, Record: r},
		RecordUpdated{ID: 1, ZoneID: 1, Before: r, After: r2}, RecordDeleted{ID: 2, ZoneID: 1, Record: r},
		ZoneUpdated{ID: 1, Before: z, After: z2}, ZoneUpdated{ID: 1, Before: z2, After: z}, BindConfChanged{Text: "a"},
		ZoneSettingsChanged{ID: 1, After: ZoneSettings{MName: "a."}}, FleetChanged{After: FleetData{NS: []string{"a."}}},
		ServerSettingsChanged{ID: 1, After: ServerSettings{OnDrift: DriftReport}}, DriftFound{ServerID: 1, Zone: "a.com", Adopted: 2},
		DriftFound{ServerID: 1, Zone: "b.com"}, DriftFound{ServerID: 1, Adopted: 1},
		ViewsOrdered{ViewIDs: []int64{2, 1}}, ViewsOrdered{ViewIDs: []int64{1}}, ZonesRenumbered{},
		RolloutPlanned{After: RolloutPlan{Order: [][]string{{"a"}}}}, RolloutStarted{Order: [][]string{{"a"}}}, RolloutStageReached{Rollout: 1, Stage: 2},
		RolloutEnded{Rollout: 1}, RolloutStopped{Rollout: 1},
		RecordDeleted{ID: 1, ZoneID: 1, Record: r2}, ZoneDeleted{ID: 1, Zone: z}, ViewDeleted{ID: 1, View: ViewData{Name: "v"}},
	} {
		out = append(out, domain.Recorded{Position: domain.Position(i + 1), Event: e})
	}
	return out
}

func everyFold() map[string]func() domain.Fold {
	return map[string]func() domain.Fold{
		"server":      func() domain.Fold { return newServerFold(1) },
		"settings":    func() domain.Fold { return newServerSettingsFold(1) },
		"drift":       func() domain.Fold { return newDriftFold(1) },
		"server host": func() domain.Fold { return serverWithHost("h") },
		"server ip":   func() domain.Fold { return serverWithIP("1.1.1.1") },
		"view":        func() domain.Fold { return newViewFold(1) },
		"view exists": func() domain.Fold { return newViewExists(1) },
		"view name":   func() domain.Fold { return viewNamed("v") },
		"view use":    func() domain.Fold { return newViewUse(1) },
		"zone":        func() domain.Fold { return newZoneFold(1) },
		"zone name":   func() domain.Fold { return zoneNamed(GroupHijack, "A.com") },
		"node":        func() domain.Fold { return newNodeFold(1, "WWW") },
		"records":     func() domain.Fold { return newZoneRecords(1) },
		"record":      func() domain.Fold { return newRecordFold(1) },
		"bind conf":   func() domain.Fold { return &bindConfFold{} },
		"fleet":       func() domain.Fold { return &fleetFold{} },
		"view order":  func() domain.Fold { return &viewOrder{} },
		"rollout":     func() domain.Fold { return newRolloutFold() },
		"renumbered":  func() domain.Fold { return &renumbered{} },
		"agents":      func() domain.Fold { return &servingUntil{} },
		"zones named": func() domain.Fold { return &zonesNamed{tag: TagZoneName(GroupHijack, "A.com")} },
		"views named": func() domain.Fold { return &viewsNamed{name: "v"} },
	}
}

func applyAll(f domain.Fold, log []domain.Recorded) {
	for _, r := range log {
		for _, tag := range r.Event.Tags() {
			if tag == f.Item().Tag {
				f.Apply(r)
			}
		}
	}
}

// A snapshot taken anywhere is not changed by what its fold, or a fold that was
// restored from it, applies later; and restoring it is the same as folding from the start.
func TestSnapshotsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	log := foldLog()
	for name, build := range everyFold() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := build()
			applyAll(whole, log)
			for cut := range log {
				f := build()
				applyAll(f, log[:cut])
				snapshot := f.Snapshot()
				applyAll(f, log[cut:])
				for range 2 {
					g := build()
					g.Restore(snapshot)
					applyAll(g, log[cut:])
					if !reflect.DeepEqual(g, whole) {
						t.Fatalf("cut at %d: restored and folded on: %+v, want %+v", cut, g, whole)
					}
				}
			}
		})
	}
}

// Guards are a part of what a fold reads; and the types are spelled as the events are.
func TestItemsNameKnownTypes(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, d := range Events() {
		known[d.Name] = true
	}
	for name, build := range everyFold() {
		item := build().Item()
		read := map[string]bool{}
		for _, typ := range item.Types {
			read[typ] = true
			if !known[typ] {
				t.Errorf("%s reads the unknown type %q", name, typ)
			}
		}
		for _, typ := range item.GuardTypes() {
			if !read[typ] {
				t.Errorf("%s guards %q, which it does not read", name, typ)
			}
		}
	}
}
