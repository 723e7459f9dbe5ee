package oplog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// TestEntriesFollowTheDomain compares, on random histories, the entries that a list
// lets through and their number with what the domain decides, for every user.
func TestEntriesFollowTheDomain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool, w := modeltest.Serving(t), modeltest.NewWorld(t, seed)
			people, things, work := 0, 0, 0
			for range 2 {
				w.Live(300)
				modeltest.ApplyAll(t, pool, accessmodel.New(), "access", w.People.Events[people:], 1+int(seed)*7)
				modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", w.Events[things:], 1+int(seed)*20)
				modeltest.ApplyAll(t, pool, modeltest.NewOps(), "ops", w.Ops.Events[work:], 1+int(seed)*5)
				people, things, work = len(w.People.Events), len(w.Events), len(w.Ops.Events)
				for user := domain.UserID(1); user <= modeltest.WorldUsers; user++ {
					compareEntries(t, pool, w, user)
				}
			}
		})
	}
}

// compareEntries takes for granted which entries there are.
func compareEntries(t *testing.T, pool *pgxpool.Pool, w *modeltest.World, user domain.UserID) {
	t.Helper()
	r, actor := oplog.NewReader(pool), w.Actor(user)
	all := modeltest.Paged(func(p query.Page) ([]oplog.Entry, int, error) {
		return r.Entries(t.Context(), rights.System(), oplog.Filter{}, p)
	})
	for _, f := range []oplog.Filter{
		{}, {TargetType: oplog.TargetRecord}, {TargetTypes: []string{oplog.TargetZone, oplog.TargetServer, oplog.TargetUser}}, {OperationType: oplog.OperationDelete},
		{TargetTypes: []string{oplog.TargetTask, oplog.TargetMachine, oplog.TargetSSHKey}},
	} {
		var want []int64
		for _, o := range all.Rows {
			if fits(f, o) && actor.Sees(w.Entry(o)) {
				want = append(want, o.ID)
			}
		}
		for way, list := range map[string]func(rights.Caller, oplog.Filter, query.Page) ([]oplog.Entry, int, error){"by group": r.ByGroup(t.Context()), "in order": r.InOrder(t.Context())} {
			mine := modeltest.Paged(func(p query.Page) ([]oplog.Entry, int, error) {
				return list(rights.NewCaller(user, w.Held[user], w.Codes[user]...), f, p)
			})
			if ids := modeltest.Column(mine.Rows, func(o oplog.Entry) int64 { return o.ID }); !slices.Equal(ids, want) || mine.Total != len(want) {
				t.Errorf("user %d, roles %v, %+v, %s: %d entries, total %d, want %d", user, w.Held[user], f, way, len(ids), mine.Total, len(want))
			}
		}
	}
}

// fits says whether an entry is what the filter asks for.
func fits(f oplog.Filter, o oplog.Entry) bool {
	return (f.TargetType == "" || o.TargetType == f.TargetType) && (f.OperationType == "" || o.OperationType == f.OperationType) &&
		(f.TargetTypes == nil || slices.Contains(f.TargetTypes, o.TargetType))
}

// A record that went with its zone has a row until it is purged. A privilege of its
// own lets nothing through any more, also while there is one.
func TestDeadRecordsBeforeTheyArePurged(t *testing.T) {
	t.Parallel()
	const last = 600 // more than one event purges
	pool := modeltest.Serving(t)
	zone := dns.ZoneData{Name: "a.example", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}
	things, people := &modeltest.Chain{}, &modeltest.Chain{}
	things.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v"}, Privilege: 5})
	things.Add(1, dns.ZoneCreated{ID: 1, Zone: zone, Privilege: 8})
	for id := int64(1); id <= last; id++ {
		things.Add(1, dns.RecordAdded{ID: id, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: fmt.Sprint("h", id), Type: "A", Value: "192.0.2.1"}})
	}
	people.Add(domain.System, modeltest.Registered(1, "admin"))
	people.Add(1, access.PrivilegeCreated{ID: 11, Privilege: access.PrivilegeData{Name: "p", ResourceType: access.KindRecord, ResourceID: last}})
	people.Add(1, access.RoleCreated{ID: 8, Name: "r", Privileges: []int64{11}})
	modeltest.ApplyAll(t, pool, accessmodel.New(), "access", people.Events, 10)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", things.Events, 1000)
	seen := func() int {
		_, total := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.NewCaller(2, []int64{8}), oplog.Filter{TargetType: oplog.TargetRecord}, modeltest.PageOf(1, 10)))
		return total
	}
	modeltest.Same(t, "entries on a live record", seen(), 1)
	things.Add(1, dns.ZoneDeleted{ID: 1, Zone: zone})
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", things.Events[len(things.Events)-1:], 1)
	var rows int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM dns.records").Scan(&rows); err != nil || rows == 0 {
		t.Fatalf("the test is void: %d records are left, %v", rows, err)
	}
	modeltest.Same(t, "entries on a dead one", seen(), 0)
}

// The histories have every clause of the rule: each is what lets an entry through,
// or keeps it back, somewhere.
func TestHistoriesHaveEveryClause(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	for seed := range uint64(6) {
		pool, w := modeltest.Serving(t), modeltest.NewWorld(t, seed)
		w.Live(600)
		modeltest.ApplyAll(t, pool, accessmodel.New(), "access", w.People.Events, 100)
		modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", w.Events, 100)
		modeltest.ApplyAll(t, pool, modeltest.NewOps(), "ops", w.Ops.Events, 100)
		entries, _ := modeltest.MustPage(oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, modeltest.PageOf(1, 1000)))
		for user := domain.UserID(2); user <= modeltest.WorldUsers; user++ {
			actor := w.Actor(user)
			for _, o := range entries {
				e := w.Entry(o)
				met[fmt.Sprintf("%s deleted %v own %v seen %v", o.TargetType, e.Deleted, e.Actor == user, actor.Sees(e))] = true
				if e.Target != nil && e.Target.Kind == access.KindRecord && e.Deleted {
					met[fmt.Sprintf("record of a zone deleted %v seen %v", e.ZoneDeleted, actor.Sees(e))] = true
				}
			}
		}
	}
	for _, clause := range []string{
		"Server deleted false own false seen true", "Server deleted false own false seen false", "Server deleted true own false seen true", "Server deleted true own false seen false",
		"Zone deleted false own false seen true", "Zone deleted false own false seen false", "Zone deleted true own false seen true", "Zone deleted true own false seen false",
		"Record deleted false own false seen true", "Record deleted false own false seen false", "Zone deleted true own true seen true", "Record deleted true own true seen true",
		"record of a zone deleted false seen true", "record of a zone deleted false seen false", "record of a zone deleted true seen true", "record of a zone deleted true seen false",
		"View deleted false own false seen true", "View deleted true own false seen true", "User deleted false own false seen false", "Task deleted false own false seen true", "Task deleted false own false seen false", "Task deleted false own true seen true",
		"Machine deleted false own false seen true", "Machine deleted false own false seen false", "SshKey deleted false own false seen true", "SshKey deleted false own false seen false", "BindConf deleted false own true seen true",
	} {
		if !met[clause] {
			t.Errorf("no history has: %s", clause)
		}
	}
}
