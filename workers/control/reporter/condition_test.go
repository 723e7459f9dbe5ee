package reporter

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// What is known of a zone on a server is what its agent said lately, and nothing of one that is away.
func TestZoneOnServers(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000, 0)
	lately, before := now.Add(-time.Second), now.Add(-offlineAfter)
	said := func(applied domain.Position, at time.Time, failures ...protocol.Failure) *lastReport {
		w := &lastReport{}
		w.take(protocol.Report{Boot: uuid.New(), Seq: 1, Applied: applied, Seen: applied, Failures: failures}, at)
		return w
	}
	zone := ZoneInView{ID: 5, ViewID: 1, Name: "z", Content: 10}
	for name, c := range map[string]struct {
		said    *lastReport
		applied bool
		proved  domain.Position
		failed  string
	}{
		"never heard":                    {nil, false, 0, ""},
		"has it":                         {said(12, lately), true, 12, ""},
		"had it, is away":                {said(12, before), false, 0, ""},
		"is behind":                      {said(9, lately), false, 9, ""},
		"refuses it":                     {said(12, lately, protocol.Failure{Since: 8, ZoneID: 5, ViewID: 1, Message: "no"}), false, 7, "no"},
		"refused it, is away":            {said(12, before, protocol.Failure{Since: 8, ZoneID: 5, ViewID: 1, Message: "no"}), false, 0, ""},
		"refuses another":                {said(12, lately, protocol.Failure{Since: 8, ZoneID: 6, ViewID: 1, Message: "no"}), true, 12, ""},
		"refuses another since the same": {said(12, lately, protocol.Failure{Since: 10, ZoneID: 6, ViewID: 1, Message: "no"}), true, 12, ""},
		"refuses it in another view":     {said(12, lately, protocol.Failure{Since: 10, ZoneID: 5, ViewID: 2, Message: "no"}), true, 12, ""},
		"refused it before the change":   {said(9, lately, protocol.Failure{Since: 8, ZoneID: 5, ViewID: 1, Message: "no"}), false, 9, ""},
		"refuses the configuration":      {said(12, lately, protocol.Failure{Since: 11, Message: "no"}), true, 12, ""},
		"cannot remove what was there":   {said(12, lately, protocol.Failure{Since: 8, Zone: "Z", ViewID: 1, Message: "no"}), false, 7, "no"},
		"clients of the view get none":   {said(12, lately, protocol.Failure{Now: true, ViewID: 1, Message: "no"}), false, 0, "no"},
		"clients get another":            {said(12, lately, protocol.Failure{Now: true, ZoneID: 5, ViewID: 1, Message: "no"}), false, 0, "no"},
		"clients of another one":         {said(12, lately, protocol.Failure{Now: true, ZoneID: 5, ViewID: 2, Message: "no"}), true, 12, ""},
	} {
		servers := []dnsmodel.Server{{ID: 1, ServerData: dns.ServerData{Host: "ns1"}}}
		got := zoneOn(zone, servers, map[int64]*lastReport{1: c.said}, now)[0]
		if got.Applied != c.applied || got.Proved != c.proved || got.Error != c.failed || got.Host != "ns1" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w := said(12, lately)
	w.report.Condition = &protocol.Condition{Port: true}
	if got := conditionOf(w, 15, now); got.Condition == nil || got.Lag != 3 || got.Applied != 12 {
		t.Errorf("said lately: %+v", got)
	}
	w.received = before
	if got := conditionOf(w, 15, now); got.Condition != nil || got.Online {
		t.Errorf("said before: %+v", got)
	}
}
