package projections

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// world is a random history of both contexts on one log: resources come, are
// renamed and go, while users get and lose roles, and roles privileges. What the
// domain decides is asked of the log itself.
type world struct {
	t testing.TB
	*naive
	clock  domain.Position
	log    *domaintest.History
	people chain
	// roles are the custom ones, held what each user holds now, manual what was made by hand.
	roles    []int64
	lastRole int64
	held     map[domain.UserID][]int64
	manual   map[int64]access.PrivilegeData
	// sets are the roles' sets, replaced when those of built-in roles were set.
	sets     map[int64][]int64
	names    map[int64]string
	replaced map[int64]domain.Position
	// dead says who could access what when it died.
	dead map[resourceKey]map[domain.UserID]bool
	// zoneOf is where each record is, or was.
	zoneOf map[int64]int64
}

// users of a world: user 1 is admin.
const worldUsers = 4

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{
		t: t, naive: newNaive(seed), log: domaintest.NewHistory(), lastRole: 7, held: map[domain.UserID][]int64{},
		manual: map[int64]access.PrivilegeData{}, dead: map[resourceKey]map[domain.UserID]bool{}, zoneOf: map[int64]int64{},
	}
	w.sets, w.names, w.replaced = map[int64][]int64{}, map[int64]string{}, map[int64]domain.Position{}
	for _, role := range access.BuiltinRoles() {
		w.sets[role.ID], w.names[role.ID] = role.Privileges, role.Name
	}
	w.naive.clock, w.people.clock = &w.clock, &w.clock
	for id := domain.UserID(1); id <= worldUsers; id++ {
		w.person(domain.System, registered(id, fmt.Sprint("user", id)))
	}
	w.person(domain.System, access.UserRolesChanged{ID: 1, After: []int64{access.RoleAdmin}})
	w.held[1] = []int64{access.RoleAdmin}
	return w
}

func (w *world) person(actor domain.UserID, e domain.Event) {
	w.people.add(actor, e)
	w.log.AppendBy(actor, e)
}

// live makes about n events.
func (w *world) live(n int) {
	for end := w.clock + domain.Position(n); w.clock < end; {
		if w.rng.IntN(3) == 0 {
			w.grant()
		} else {
			w.resource()
		}
	}
}

// resource makes an event of the dns context, and judges who could access what went with it.
func (w *world) resource() {
	before, records := len(w.events), maps.Clone(w.records)
	w.step()
	for _, e := range w.events[before:] {
		w.log.AppendBy(e.Actor, e.Event)
		switch event := e.Event.(type) {
		case dns.ServerDeleted:
			w.judge(resourceKey{access.KindServer, event.ID})
		case dns.ZoneDeleted:
			w.judge(resourceKey{access.KindZone, event.ID})
		}
	}
	for id, r := range w.records {
		w.zoneOf[id] = r.ZoneID
	}
	for id := range records {
		if _, lives := w.records[id]; !lives {
			w.judge(resourceKey{access.KindRecord, id})
		}
	}
}

func (w *world) judge(key resourceKey) {
	w.dead[key] = map[domain.UserID]bool{}
	for user := domain.UserID(1); user <= worldUsers; user++ {
		w.dead[key][user] = w.may(user, key, access.OperationAccess)
	}
}

// may asks the domain, which reads the log.
func (w *world) may(user domain.UserID, key resourceKey, o access.Operation) bool {
	actor, err := access.Load(w.log, user)
	if err != nil {
		w.t.Fatal(err)
	}
	right := access.On(w.targets[key], o)
	if key.kind == access.KindRecord {
		right = access.OnRecord(access.Target{Kind: access.KindRecord, ID: key.id}, w.targets[resourceKey{access.KindZone, w.zoneOf[key.id]}], o)
	}
	return access.Authorize(w.log, actor, right) == nil
}

// sees says whether the user may access what lives, or could when it died.
func (w *world) sees(user domain.UserID, key resourceKey) bool {
	if verdict, died := w.dead[key]; died {
		return verdict[user]
	}
	return w.may(user, key, access.OperationAccess)
}

// grant makes an event of the access context.
func (w *world) grant() {
	const admin = access.AdminID
	switch k := w.rng.IntN(10); {
	case k < 3:
		user := domain.UserID(2 + w.rng.IntN(worldUsers-1))
		roles := w.some(append([]int64{access.RoleAdmin, 2, 3, 6, 7}, w.roles...), 3)
		w.person(admin, access.UserRolesChanged{ID: user, Before: w.held[user], After: roles})
		w.held[user] = roles
	case k < 4 && len(w.roles) < 6:
		w.lastRole++
		w.roles = append(w.roles, w.lastRole)
		w.sets[w.lastRole], w.names[w.lastRole] = w.someSet(), fmt.Sprint("role", w.lastRole)
		w.person(admin, access.RoleCreated{ID: w.lastRole, Name: w.names[w.lastRole], Privileges: w.sets[w.lastRole]})
		w.replaced[w.lastRole] = w.clock
	case k < 6:
		role := w.some(append([]int64{2, 3, 6, 7}, w.roles...), 1)
		if len(role) == 1 {
			w.sets[role[0]], w.names[role[0]] = w.someSet(), fmt.Sprint("role", w.rng.IntN(99))
			w.person(admin, access.RoleChanged{ID: role[0], Name: w.names[role[0]], FormerName: "f", Privileges: w.sets[role[0]]})
			w.replaced[role[0]] = w.clock
		}
	case k < 7 && len(w.roles) > 0:
		role := w.roles[w.rng.IntN(len(w.roles))]
		for _, roles := range w.held {
			if slices.Contains(roles, role) {
				return
			}
		}
		w.roles = slices.DeleteFunc(w.roles, func(id int64) bool { return id == role })
		w.person(admin, access.RoleDeleted{ID: role, Name: "gone"})
		delete(w.sets, role)
	default:
		w.byHand()
	}
}

// byHand makes, changes or deletes a privilege.
func (w *world) byHand() {
	id := pick(w.naive, w.manual)
	data := w.someRight()
	switch k := w.rng.IntN(5); {
	case k < 3 || id == 0:
		id = w.privilege()
		w.person(access.AdminID, access.PrivilegeCreated{ID: id, Privilege: data})
		w.manual[id] = data
	case k == 3:
		w.person(access.AdminID, access.PrivilegeChanged{ID: id, Before: w.manual[id], After: data})
		w.manual[id] = data
	default:
		w.person(access.AdminID, access.PrivilegeDeleted{ID: id, Privilege: w.manual[id]})
		delete(w.manual, id)
	}
}

// someRight is on something that lives, or on nothing.
func (w *world) someRight() access.PrivilegeData {
	d := access.PrivilegeData{Name: fmt.Sprint("p", w.id()), Operation: access.Operation(max(0, w.rng.IntN(6)-3)), ResourceType: access.Kind(w.rng.IntN(5)), Comment: "c"}
	switch d.ResourceType {
	case access.KindServer:
		d.ResourceID = pick(w.naive, w.servers)
	case access.KindZone:
		d.ResourceID = pick(w.naive, w.zones)
	case access.KindRecord:
		d.ResourceID = pick(w.naive, w.records)
	default:
		d.ResourceID = int64(w.rng.IntN(9)) // a view's, or nothing's
	}
	return d
}

// some are up to n of the ids, ascending.
func (w *world) some(ids []int64, n int) []int64 {
	chosen := []int64{}
	for range w.rng.IntN(n + 1) {
		chosen = append(chosen, ids[w.rng.IntN(len(ids))])
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

// someSet is a set of privileges: built-in, made by hand, of live resources.
func (w *world) someSet() []int64 {
	all := slices.Concat([]int64{1, 2, 3, 4}, sortedKeys(w.manual), sortedKeys(w.manual), sortedKeys(w.manual))
	add := func(key resourceKey) {
		first := w.targets[key].Privilege
		all = append(all, first, first, first+1, first+2)
	}
	for _, id := range sortedKeys(w.servers) {
		add(resourceKey{access.KindServer, id})
	}
	for _, id := range sortedKeys(w.zones) {
		add(resourceKey{access.KindZone, id})
	}
	return w.some(all, 12)
}
