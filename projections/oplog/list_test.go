package oplog_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

func idOf(o oplog.Entry) int64 { return o.ID }

func TestFilters(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", modeltest.ListsLog().Events, 1000)
	r, all := oplog.NewReader(pool), modeltest.PageOf(1, 10)
	for _, test := range []struct {
		name  string
		f     oplog.Filter
		page  query.Page
		ids   []int64
		total int
	}{
		{"entries by target", oplog.Filter{TargetType: "Zone", TargetID: "2"}, all, []int64{23}, 1},
		{"entries by types", oplog.Filter{TargetTypes: []string{oplog.TargetZone, oplog.TargetUser}}, modeltest.PageOf(1, 2), []int64{25, 23}, 3},
		{"entries of no type", oplog.Filter{TargetTypes: []string{}}, all, nil, 0},
		{"entries by type", oplog.Filter{TargetType: "View"}, modeltest.PageOf(2, 2), []int64{11, 7}, 5},
		{"entries by operator", oplog.Filter{Operator: "user2"}, modeltest.PageOf(1, 2), []int64{19, 15}, 5},
		{"entries by operation", oplog.Filter{OperationType: "删除"}, all, nil, 0},
		{"entries by name", oplog.Filter{TargetName: "Alpha.example"}, all, []int64{21}, 1},
		{"a name is exact", oplog.Filter{TargetName: "Alpha"}, all, nil, 0},
		{"entry by id", oplog.Filter{ID: new(int64(21))}, all, []int64{21}, 1},
		{"entries past the end", oplog.Filter{}, modeltest.PageOf(9, 10), nil, 22},
	} {
		rows, total := modeltest.MustPage(r.Entries(t.Context(), rights.System(), test.f, test.page))
		if ids := modeltest.Column(rows, idOf); !slices.Equal(ids, test.ids) || total != test.total {
			t.Errorf("%s: %v of %d, want %v of %d", test.name, ids, total, test.ids, test.total)
		}
	}
}

// A page of the log, in tables that nobody has analysed, is read in the order of an index.
func TestPagesFollowIndexes(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", modeltest.BusyLog(10_000).Events, 5000)
	sql, args := oplog.ListEntries(query.Moment{}, rights.System(), oplog.Filter{}).SQL(modeltest.PageOf(1, 10))
	modeltest.FollowsIndexes(t, pool, "oplogs", sql, args)
}

// TestEntriesOfAllContexts shows that the list is the union, newest first.
func TestEntriesOfAllContexts(t *testing.T) {
	t.Parallel()
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", modeltest.ListsLog().Events, 1000)
	people := &modeltest.Chain{}
	people.Add(0, modeltest.Registered(1, "admin"))
	people.Events[0].Position = 14 // between two dns events
	people.Events[0].Credential, people.Events[0].Door = 5, domain.DoorDDNS
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", people.Events, 1)
	rows, total := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, modeltest.PageOf(2, 15)))
	modeltest.Same(t, "ids", modeltest.Column(rows, idOf), []int64{14, 13, 11, 9, 7, 5, 3, 1})
	modeltest.Same(t, "total", total, 23)
	modeltest.Same(t, "credentials", modeltest.Column(rows[:2], func(e oplog.Entry) domain.CredentialID { return e.Credential }), []domain.CredentialID{5, 0})
	modeltest.Same(t, "doors", modeltest.Column(rows[:2], func(e oplog.Entry) domain.Door { return e.Door }), []domain.Door{domain.DoorDDNS, ""})
}
