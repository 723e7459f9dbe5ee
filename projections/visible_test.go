package projections

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// TestListsFollowTheDomain compares, on random histories, what the lists let
// through with what the domain decides, for every user.
func TestListsFollowTheDomain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool, w := serving(t), newWorld(t, seed)
			people, things := 0, 0
			for range 2 {
				w.live(250)
				applyAll(t, pool, NewAccessModel(), "access", w.people.events[people:], 1+int(seed)*7)
				applyAll(t, pool, newDNS(), "dns", w.events[things:], 1+int(seed)*20)
				people, things = len(w.people.events), len(w.events)
				w.comparePrivileges(t, NewReader(pool))
				for user := domain.UserID(1); user <= worldUsers; user++ {
					w.compareLists(t, pool, user)
				}
			}
		})
	}
}

// TestEntriesOfDeadRecords is about records that were to be seen by a privilege of
// their own: the rights of when they died count, whatever has become of them or of the zone's.
func TestEntriesOfDeadRecords(t *testing.T) {
	t.Parallel()
	pool, w := serving(t), newWorld(t, 1)
	thing := func(e domain.Event) {
		w.add(access.AdminID, e)
		w.target(w.events[len(w.events)-1])
		w.log.AppendBy(access.AdminID, e)
	}
	person := func(e domain.Event) { w.person(access.AdminID, e) }
	holds := func(user domain.UserID, roles ...int64) {
		person(access.UserRolesChanged{ID: user, Before: w.held[user], After: roles})
		w.held[user] = roles
	}
	mayAccess := func(kind access.Kind, id int64) (privilege int64) {
		privilege = w.privilege()
		data := access.PrivilegeData{Name: fmt.Sprint("p", privilege), ResourceType: kind, ResourceID: id}
		person(access.PrivilegeCreated{ID: privilege, Privilege: data})
		return privilege
	}
	record := dns.RecordData{Host: "www", Type: "TXT", Value: "v", ViewID: 1}
	thing(dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v", ACL: "any"}, Privilege: w.privilege()})
	for zone := range int64(2) {
		data := dns.ZoneData{Name: fmt.Sprint("zone", zone+1), Group: dns.GroupInternal, Type: dns.ZoneMaster, Forwarders: []string{}, ViewIDs: []int64{1}}
		thing(dns.ZoneCreated{ID: zone + 1, Zone: data, Privilege: w.privilege()})
	}
	for id := range int64(2) {
		thing(dns.RecordAdded{ID: id + 1, ZoneID: 1, Record: record})
		w.zoneOf[id+1] = 1
	}
	// One may access record 1; another could record 2, and may the zone of that number.
	const finder, stranger, forFinder, forStranger = 2, 3, 8, 9
	past, zone := mayAccess(access.KindRecord, 2), mayAccess(access.KindZone, 2)
	person(access.RoleCreated{ID: forFinder, Name: "finder", Privileges: []int64{mayAccess(access.KindRecord, 1)}})
	person(access.RoleCreated{ID: forStranger, Name: "stranger", Privileges: []int64{past, zone}})
	holds(finder, forFinder)
	holds(stranger, forStranger)
	person(access.RoleChanged{ID: forStranger, Name: "stranger", FormerName: "stranger", Privileges: []int64{zone}})
	for id := range int64(2) {
		w.judge(resourceKey{access.KindRecord, id + 1})
		thing(dns.RecordDeleted{ID: id + 1, ZoneID: 1, Record: record})
	}
	holds(finder, access.RoleZoneGuest, forFinder) // who sees the zone now

	applyAll(t, pool, NewAccessModel(), "access", w.people.events, 1)
	applyAll(t, pool, newDNS(), "dns", w.events, 1)
	for _, user := range []domain.UserID{finder, stranger} {
		w.compareEntries(t, fmt.Sprint("entries of user ", user), NewReader(pool), user, NewCaller(user, w.held[user]))
	}
	if !w.sees(finder, resourceKey{access.KindRecord, 1}) || w.sees(finder, resourceKey{access.KindRecord, 2}) || w.sees(stranger, resourceKey{access.KindRecord, 2}) {
		t.Error("the records died otherwise than they should")
	}
}

func (w *world) compareLists(t *testing.T, pool *pgxpool.Pool, user domain.UserID) {
	t.Helper()
	r, ctx, c := NewReader(pool), t.Context(), NewCaller(user, w.held[user])
	what := func(list string) string { return fmt.Sprintf("%s of user %d, roles %v", list, user, w.held[user]) }
	servers := paged(func(p Page) ([]Server, int, error) { return r.Servers(ctx, c, ServerFilter{}, p) })
	w.sameList(t, what("servers"), user, access.KindServer, Column(servers.rows, func(s Server) int64 { return s.ID }), servers.total, sortedKeys(w.servers))
	zones := paged(func(p Page) ([]Zone, int, error) { return r.Zones(ctx, c, ZoneFilter{}, p) })
	w.sameList(t, what("zones"), user, access.KindZone, Column(zones.rows, func(z Zone) int64 { return z.ID }), zones.total, sortedKeys(w.zones))
	named := paged(func(p Page) ([]Zone, int, error) { return r.Zones(ctx, c, ZoneFilter{Name: "1"}, p) })
	w.sameList(t, what("zones with a 1"), user, access.KindZone, Column(named.rows, func(z Zone) int64 { return z.ID }), named.total,
		slices.DeleteFunc(sortedKeys(w.zones), func(id int64) bool { return !slices.Contains([]byte(w.zones[id].Name), '1') }))
	records := func(f RecordFilter) got[Record] {
		return paged(func(p Page) ([]Record, int, error) { return r.Records(ctx, c, f, p) })
	}
	all := records(RecordFilter{})
	w.sameList(t, what("records"), user, access.KindRecord, Column(all.rows, func(r Record) int64 { return r.ID }), all.total, sortedKeys(w.records))
	for zone := range w.zones {
		mine := records(RecordFilter{ZoneID: &zone})
		w.sameList(t, what("records of a zone"), user, access.KindRecord, Column(mine.rows, func(r Record) int64 { return r.ID }), mine.total,
			slices.DeleteFunc(sortedKeys(w.records), func(id int64) bool { return w.records[id].ZoneID != zone }))
	}
	w.compareEntries(t, what("entries"), r, user, c)
	w.compareTargets(t, user, servers.rows, zones.rows, all.rows)
}

func (w *world) sameList(t *testing.T, what string, user domain.UserID, kind access.Kind, ids []int64, total int, all []int64) {
	t.Helper()
	want := slices.DeleteFunc(all, func(id int64) bool { return !w.sees(user, resourceKey{kind, id}) })
	slices.Reverse(want)
	if !slices.Equal(ids, want) || total != len(want) {
		t.Errorf("%s: %v, total %d, want %v", what, ids, total, want)
	}
}

// compareEntries takes what admin sees for granted.
func (w *world) compareEntries(t *testing.T, what string, r *Reader, user domain.UserID, c Caller) {
	t.Helper()
	all := paged(func(p Page) ([]Oplog, int, error) { return r.Oplogs(t.Context(), System(), OplogFilter{}, p) })
	kinds := map[string]access.Kind{TargetServer: access.KindServer, TargetZone: access.KindZone, TargetRecord: access.KindRecord}
	var want []int64
	for _, o := range all.rows {
		kind, judged := kinds[o.TargetType]
		id, _ := strconv.ParseInt(o.TargetID, 10, 64)
		if slices.Contains(w.held[user], access.RoleAdmin) || o.TargetType == TargetView || judged && w.sees(user, resourceKey{kind, id}) {
			want = append(want, o.ID)
		}
	}
	// Found by what they are about, and in their order; and of one kind, which are counted alone.
	for _, way := range []struct {
		upTo int
		f    OplogFilter
	}{{upTo: fewEntries}, {upTo: 0}, {0, OplogFilter{TargetType: TargetRecord}}, {fewEntries, OplogFilter{TargetTypes: []string{TargetZone, TargetServer}}}, {0, OplogFilter{OperationType: OperationDelete}}} {
		mine := paged(func(p Page) ([]Oplog, int, error) {
			l := listOplogs(c, way.f)
			l.upTo = way.upTo
			return l.read(t.Context(), r, p)
		})
		all := slices.DeleteFunc(slices.Clone(all.rows), func(o Oplog) bool { return !slices.Contains(want, o.ID) || !way.f.lets(o) })
		wanted := Column(all, func(o Oplog) int64 { return o.ID })
		if ids := Column(mine.rows, func(o Oplog) int64 { return o.ID }); !slices.Equal(ids, wanted) || mine.total != len(wanted) {
			t.Errorf("%s, %+v: %d of them, total %d, want %d", what, way, len(ids), mine.total, len(wanted))
		}
	}
}

// lets says whether an entry is of the types that the filter asks for.
func (f OplogFilter) lets(o Oplog) bool {
	return (f.TargetType == "" || o.TargetType == f.TargetType) && (f.OperationType == "" || o.OperationType == f.OperationType) &&
		(f.TargetTypes == nil || slices.Contains(f.TargetTypes, o.TargetType))
}

// compareTargets shows that a row has all that the domain needs to say what its reader may do.
func (w *world) compareTargets(t *testing.T, user domain.UserID, servers []Server, zones []Zone, records []Record) {
	t.Helper()
	actor, err := access.LoadWhole(w.log, user)
	if err != nil {
		t.Fatal(err)
	}
	check := func(key resourceKey, right func(access.Operation) access.Right) {
		for _, o := range []access.Operation{access.OperationAccess, access.OperationUpdate, access.OperationDelete} {
			if got, want := actor.May(right(o)), w.may(user, key, o); got != want {
				t.Errorf("user %d may %s %s %d by the row: %v, by the log: %v", user, o, key.kind, key.id, got, want)
			}
		}
	}
	for _, s := range servers {
		check(resourceKey{access.KindServer, s.ID}, func(o access.Operation) access.Right { return access.On(s.Target, o) })
	}
	for _, z := range zones {
		check(resourceKey{access.KindZone, z.ID}, func(o access.Operation) access.Right { return access.On(z.Target, o) })
	}
	for _, r := range records[:min(len(records), 20)] {
		check(resourceKey{access.KindRecord, r.ID}, func(o access.Operation) access.Right { return access.OnRecord(r.Target, r.Zone, o) })
	}
}

// got is a list read page by page.
type got[T any] struct {
	rows  []T
	total int
}

func paged[T any](list func(Page) ([]T, int, error)) (all got[T]) {
	for page := (Page{Number: 1, Size: 7}); ; page.Number++ {
		rows, total := mustPage(list(page))
		all.rows, all.total = append(all.rows, rows...), total
		if len(rows) < page.Size {
			return all
		}
		if page.Number == 2 { // the rest at once
			page = Page{Number: 1, Size: 1000}
			rest, _ := mustPage(list(page))
			all.rows = append(all.rows, rest[14:]...)
			return all
		}
	}
}
