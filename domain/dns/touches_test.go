package dns_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Every event type is looked at: does it change what name servers serve, or their configuration?
func TestTouches(t *testing.T) {
	t.Parallel()
	zone := dns.ZoneData{Name: "a.test", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}
	outside := dns.ZoneData{Name: "a.test", Group: dns.GroupExternal, Type: dns.ZoneMaster}
	hijack, linked := zone, zone
	hijack.Group, linked.ViewIDs = dns.GroupHijack, []int64{1, 2}
	record := dns.RecordData{ViewID: 1, Host: "a", Type: "A", Value: "192.0.2.1"}
	comment, other := record, dns.RecordData{ViewID: 0, Host: "a", Type: "A", Value: "192.0.2.1"}
	comment.Comment = "c"
	looked := map[string]bool{}
	for _, c := range []struct {
		event domain.Event
		want  bool
	}{
		{dns.ZoneCreated{Zone: zone}, true}, {dns.ZoneCreated{Zone: outside}, false},
		{dns.ZoneDeleted{Zone: zone}, true}, {dns.ZoneDeleted{Zone: outside}, false},
		{dns.ZoneRestored{After: zone}, true}, {dns.ZoneRestored{After: outside}, false},
		{dns.ZoneUpdated{Before: zone, After: linked}, true}, {dns.ZoneUpdated{Before: zone, After: hijack}, false},
		{dns.RecordAdded{Record: record}, true}, {dns.RecordAdded{Record: other}, false},
		{dns.RecordDeleted{Record: record}, true}, {dns.RecordDeleted{Record: other}, false},
		{dns.RecordUpdated{Before: record, After: other}, true}, {dns.RecordUpdated{Before: record, After: comment}, false},
		{dns.RecordsStaged{}, true}, {dns.ZoneImported{}, false}, {dns.ImportBegun{}, false}, {dns.ImportVoided{}, false},
		{dns.ZoneSettingsChanged{}, true}, {dns.ZonesRenumbered{}, true}, {dns.BindConfChanged{}, true},
		{dns.ViewCreated{}, true}, {dns.ViewUpdated{}, true}, {dns.ViewDeleted{}, true}, {dns.ViewsOrdered{}, true},
		{dns.RolloutStageReached{}, true}, {dns.RolloutEnded{}, true},
		// Of these the events that are in their change touch.
		{dns.RolloutStarted{}, false}, {dns.RolloutStopped{}, false}, {dns.RolloutPlanned{}, false},
		// What follows from another fleet is compared as a whole.
		{dns.FleetChanged{}, false}, {dns.ServerCreated{}, false}, {dns.ServerUpdated{}, false}, {dns.ServerDeleted{}, false},
		{dns.ServerEnrolled{}, false}, {dns.ServerProved{}, false}, {dns.ServerWithdrawn{}, false},
		{dns.ServerSettingsChanged{}, false}, {dns.DriftFound{}, false},
	} {
		looked[c.event.EventType()] = true
		if got := dns.Touches(c.event); got != c.want {
			t.Errorf("%#v: %v", c.event, got)
		}
	}
	for _, d := range dns.Events() {
		if !looked[d.Name] {
			t.Errorf("%s is not looked at", d.Name)
		}
	}
}
