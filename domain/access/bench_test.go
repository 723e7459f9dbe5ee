package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// privileged is a guest with ten roles of a thousand privileges each, and what
// none of them grants.
func privileged(tb testing.TB) (*access.Actor, access.Right) {
	tb.Helper()
	events, roles := given(), []int64{}
	for r := range int64(10) {
		privileges := make([]int64, 1000)
		for i := range privileges {
			privileges[i] = access.FirstPrivilege + 2*(int64(i)*10+r)
		}
		roles = append(roles, 8+r)
		events = append(events, access.RoleCreated{ID: 8 + r, Privileges: privileges})
	}
	actor, err := access.LoadWhole(domaintest.NewHistory(append(events, holding(roles...))...), guest)
	if err != nil {
		tb.Fatal(err)
	}
	zone := access.Target{Kind: access.KindZone, ID: 1, Privilege: 10_005, Manual: []access.ManualPrivilege{{ID: 6, Operation: 1}, {ID: 8, Operation: 1}}}
	record := access.Target{Kind: access.KindRecord, ID: 1, Manual: []access.ManualPrivilege{{ID: 10, Operation: 1}}}
	return actor, access.OnRecord(record, zone, access.OperationUpdate)
}

func TestMayAllocatesNothing(t *testing.T) {
	actor, right := privileged(t)
	if actor.May(right) {
		t.Fatal("the longest way is not gone to its end")
	}
	if n := testing.AllocsPerRun(100, func() { actor.May(right) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A decision for a user with 10,000 privileges; the issue allows 5 µs.
func BenchmarkMay(b *testing.B) {
	actor, right := privileged(b)
	b.ReportAllocs()
	for b.Loop() {
		actor.May(right)
	}
}

// The same on the log, where a zone_admin's decision about a record begins.
func BenchmarkAuthorizeZoneAdmin(b *testing.B) {
	h := domaintest.NewHistory(given(holding(access.RoleZoneAdmin))...)
	actor := access.NewActor(guest)
	if err := h.Load(actor); err != nil {
		b.Fatal(err)
	}
	state, zone := actor.Snapshot(), zone7(50)
	b.ReportAllocs()
	for b.Loop() {
		actor := access.NewActor(guest)
		actor.Restore(state)
		if err := access.Authorize(remembering{}, actor, access.OnRecords(zone, access.OperationUpdate)); err != nil {
			b.Fatal(err)
		}
	}
}

// remembering is a log of which nothing need be read.
type remembering struct{}

func (remembering) Load(folds ...domain.Fold) error {
	for _, f := range folds {
		_ = f.Item()
	}
	return nil
}
