package dns

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// Invariant 1 of afterHistory: what the store was given to fill is as it was read, though
// the judge has seen the event.
func TestJudgesLeaveFoldsAlone(t *testing.T) {
	t.Parallel()
	zone, view, host, rrtype, value := int64(1), "v", "www.sub", "A", "192.0.2.2"
	cmd := domaintest.Must(NewAddRecord(RecordInput{ZoneID: &zone, ViewName: &view, Host: &host, Type: &rrtype, Value: &value}))
	read := &readHistory{History: domaintest.NewHistory(
		access.UserRegistered{ID: 1, Username: "admin"}, access.UserRolesChanged{ID: 1, After: []int64{access.RoleAdmin}},
		ViewCreated{ID: 1, View: ViewData{Name: view, ACL: "any"}},
		ZoneCreated{ID: 1, Zone: ZoneData{Name: "a.com", Group: GroupInternal, Type: ZoneMaster, ViewIDs: []int64{1}}},
		RecordAdded{ID: 1, ZoneID: 1, Record: RecordData{ViewID: 1, Host: host, Type: "A", TTL: 600, Value: "192.0.2.1"}},
	)}
	var warnings []domain.Warning
	env := domaintest.Env(1, cmd).Warning(&warnings)
	events, err := cmd.DecidePart(read, env)
	if err != nil || len(events) != 1 {
		t.Fatalf("decided %v, %v", events, err)
	}
	if err := cmd.Judge(read.with(env, events), env, events); err != nil {
		t.Fatal(err)
	}
	node := afterHistory{readHistory: read}.find(newNodeFold(1, host)).(*recordsFold)
	if _, changed := node.get(domaintest.FirstID); changed || !node.single() {
		t.Errorf("the store's fold was changed: %+v", node.recordSet)
	}
}
