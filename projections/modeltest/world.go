package modeltest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/projections/oplog"
)

// World is a random history of all contexts on one log: resources come, are
// renamed and go, while users get and lose roles and permission codes, and roles
// privileges; and machines, tasks and keys are handled. What the
// domain decides is asked of the log itself.
type World struct {
	t testing.TB
	*Naive
	clock  domain.Position
	Log    *domaintest.History
	People Chain
	Ops    Chain
	// Codes are the permission codes that each user holds now.
	Codes map[domain.UserID][]int
	// roles are the custom ones, Held what each user holds now, Manual what was made by hand.
	roles    []int64
	lastRole int64
	Held     map[domain.UserID][]int64
	Manual   map[int64]access.PrivilegeData
	// Sets are the roles' sets, Replaced when those of built-in roles were set, RoleChanged when
	// the roles were changed last.
	Sets                  map[int64][]int64
	Names                 map[int64]string
	Replaced, RoleChanged map[int64]domain.Position
	// formerSets are what roles had before their changes, goneRoles and goneManual what may come back.
	formerSets map[int64][]formerSet
	goneRoles  map[int64]formerSet
	goneManual map[int64]access.PrivilegeData
	// tasks and machines are those that there were, and whether they are there.
	tasks, machines map[int64]bool
	// zoneOf is where each record is, or was, actors who made the event at a position.
	zoneOf map[int64]int64
	actors map[int64]domain.UserID
}

// WorldUsers is how many users there are; user 1 is admin.
const WorldUsers = 4

// NewWorld returns a history that begins with its users.
func NewWorld(t testing.TB, seed uint64) *World {
	w := &World{
		t: t, Naive: NewNaive(seed), Log: domaintest.NewHistory(), lastRole: 7,
		Held: map[domain.UserID][]int64{}, Codes: map[domain.UserID][]int{}, Manual: map[int64]access.PrivilegeData{},
		Sets: map[int64][]int64{}, Names: map[int64]string{}, Replaced: map[int64]domain.Position{}, RoleChanged: map[int64]domain.Position{},
		formerSets: map[int64][]formerSet{}, goneRoles: map[int64]formerSet{}, goneManual: map[int64]access.PrivilegeData{},
		tasks: map[int64]bool{}, machines: map[int64]bool{},
		zoneOf: map[int64]int64{}, actors: map[int64]domain.UserID{},
	}
	for _, role := range access.BuiltinRoles() {
		w.Sets[role.ID], w.Names[role.ID] = role.Privileges, role.Name
	}
	w.Naive.clock, w.People.clock, w.Ops.clock = &w.clock, &w.clock, &w.clock
	for id := domain.UserID(1); id <= WorldUsers; id++ {
		w.person(domain.System, Registered(id, fmt.Sprint("user", id)))
	}
	w.person(domain.System, access.UserRolesChanged{ID: 1, After: []int64{access.RoleAdmin}})
	w.Held[1] = []int64{access.RoleAdmin}
	return w
}

func (w *World) person(actor domain.UserID, e domain.Event) {
	w.actors[int64(w.People.Add(actor, e))] = actor
	w.Log.AppendBy(actor, e)
}

// Live makes about n events.
func (w *World) Live(n int) {
	for end := w.clock + domain.Position(n); w.clock < end; {
		switch w.rng.IntN(9) {
		case 0, 1, 2:
			w.grant()
		case 3:
			w.operate()
		default:
			w.resource()
		}
	}
}

// resource makes an event of the dns context.
func (w *World) resource() {
	before := len(w.Events)
	w.step()
	for _, e := range w.Events[before:] {
		w.Log.AppendBy(e.Actor, e.Event)
		w.actors[int64(e.Position)] = e.Actor
	}
	for id, r := range w.Records {
		w.zoneOf[id] = r.ZoneID
	}
}

// operate makes an event of the ops context, which has an entry.
func (w *World) operate() {
	actor, e := domain.UserID(w.rng.IntN(5)), w.operation()
	w.actors[int64(w.Ops.Add(actor, e))] = actor
	w.Log.AppendBy(actor, e)
}

// May asks the domain, which reads the log.
func (w *World) May(user domain.UserID, key Key, o access.Operation) bool {
	actor, err := access.Load(w.Log, user)
	if err != nil {
		w.t.Fatal(err)
	}
	right := access.On(w.Targets[key], o)
	if key.Kind == access.KindRecord {
		right = access.OnRecord(access.Target{Kind: access.KindRecord, ID: key.ID}, w.Targets[Key{access.KindZone, w.zoneOf[key.ID]}], o)
	}
	return access.Authorize(w.Log, actor, right) == nil
}

// Sees asks the domain whether a user sees what a server, a zone or a record is or, if it is
// gone, was.
func (w *World) Sees(user domain.UserID, key Key) bool {
	target := w.target(key)
	if target.Gone = !w.Alive(key); key.Kind != access.KindRecord {
		return w.Actor(user).May(access.On(target, access.OperationAccess))
	}
	zone := Key{access.KindZone, w.zoneOf[key.ID]}
	in := w.target(zone)
	in.Gone = !w.Alive(zone)
	return w.Actor(user).May(access.OnRecord(target, in, access.OperationAccess))
}

// Actor is the user with all that they hold.
func (w *World) Actor(user domain.UserID) *access.Actor {
	actor, err := access.LoadWhole(w.Log, user)
	if err != nil {
		w.t.Fatal(err)
	}
	return actor
}

// Entry is an entry of the operation log as the domain sees it.
func (w *World) Entry(o oplog.Entry) access.Entry {
	kinds := map[string]access.Kind{
		oplog.TargetServer: access.KindServer, oplog.TargetView: access.KindView,
		oplog.TargetZone: access.KindZone, oplog.TargetRecord: access.KindRecord,
	}
	entry := access.Entry{Actor: w.actors[o.ID], Code: oplog.CodeOf(o.TargetType)}
	kind, ok := kinds[o.TargetType]
	if !ok {
		return entry
	}
	id, err := strconv.ParseInt(o.TargetID, 10, 64)
	if err != nil {
		w.t.Fatal(err)
	}
	target := w.target(Key{kind, id})
	entry.Target, entry.Deleted = &target, !w.Alive(Key{kind, id})
	if kind == access.KindRecord {
		zone := Key{access.KindZone, w.zoneOf[id]}
		entry.Zone, entry.ZoneDeleted = w.target(zone), !w.Alive(zone)
	}
	return entry
}

// target is a resource with the privileges made by hand that concern it.
func (w *World) target(key Key) access.Target {
	t := w.Targets[key]
	t.Kind, t.ID = key.Kind, key.ID
	for _, id := range SortedKeys(w.Manual) {
		p := w.Manual[id]
		byName := p.Zones != "" && key.Kind == access.KindZone &&
			(&access.Restriction{Zones: []string{p.Zones}}).CoversZone(t.Name)
		if byName || p.ResourceType == key.Kind && p.ResourceID == key.ID {
			t.Manual = append(t.Manual, access.ManualPrivilege{ID: id, Operation: p.Operation})
		}
	}
	return t
}

// Alive says whether there is the resource.
func (w *World) Alive(key Key) (exists bool) {
	switch key.Kind {
	case access.KindServer:
		_, exists = w.Servers[key.ID]
	case access.KindView:
		_, exists = w.Views[key.ID]
	case access.KindZone:
		_, exists = w.Zones[key.ID]
	default:
		_, exists = w.Records[key.ID]
	}
	return exists
}

// grant makes an event of the access context.
func (w *World) grant() {
	const admin = access.AdminID
	switch k := w.rng.IntN(12); {
	case k == 10:
		w.grantBack()
	case k == 11:
		w.undoRole()
	case k < 3:
		user := domain.UserID(2 + w.rng.IntN(WorldUsers-1))
		roles := w.some(append([]int64{access.RoleAdmin, 2, 3, 6, 7}, w.roles...), 3)
		w.person(admin, access.UserRolesChanged{ID: user, Before: w.Held[user], After: roles})
		w.Held[user] = roles
	case k < 4 && len(w.roles) < 6:
		w.lastRole++
		w.roles = append(w.roles, w.lastRole)
		w.Sets[w.lastRole], w.Names[w.lastRole] = w.someSet(), fmt.Sprint("role", w.lastRole)
		w.person(admin, access.RoleCreated{ID: w.lastRole, Name: w.Names[w.lastRole], Privileges: w.Sets[w.lastRole]})
		w.RoleChanged[w.lastRole] = w.clock
	case k < 6:
		role := w.some(append([]int64{2, 3, 6, 7}, w.roles...), 1)
		if len(role) == 1 {
			former := formerSet{w.Names[role[0]], w.Sets[role[0]], w.Replaced[role[0]]}
			w.formerSets[role[0]] = append(w.formerSets[role[0]], former)
			w.Sets[role[0]], w.Names[role[0]] = w.someSet(), fmt.Sprint("role", w.rng.IntN(99))
			w.person(admin, access.RoleChanged{ID: role[0], Name: w.Names[role[0]], FormerName: "f", Privileges: w.Sets[role[0]]})
			w.Replaced[role[0]], w.RoleChanged[role[0]] = w.clock, w.clock
		}
	case k < 7 && len(w.roles) > 0:
		role := w.roles[w.rng.IntN(len(w.roles))]
		for _, roles := range w.Held {
			if slices.Contains(roles, role) {
				return
			}
		}
		w.roles = slices.DeleteFunc(w.roles, func(id int64) bool { return id == role })
		w.person(admin, access.RoleDeleted{ID: role, Name: "gone"})
		w.goneRoles[role] = formerSet{w.Names[role], w.Sets[role], 0}
		delete(w.formerSets, role)
		delete(w.Sets, role)
	case k < 8:
		user := domain.UserID(2 + w.rng.IntN(WorldUsers-1))
		codes := []int{[]int{access.CodeAdmin, access.CodeAddTask, access.CodeGetTask, access.CodeGetMachine, access.CodeGetSSHKey}[w.rng.IntN(5)]}
		w.person(admin, access.UserPermissionsChanged{ID: user, Codes: codes})
		w.Codes[user] = codes
	default:
		w.byHand()
	}
}

// byHand makes, changes or deletes a privilege.
func (w *World) byHand() {
	id := Pick(w.Naive, w.Manual)
	data := w.someRight()
	switch k := w.rng.IntN(5); {
	case k < 3 || id == 0:
		id = w.NewPrivilege()
		w.person(access.AdminID, access.PrivilegeCreated{ID: id, Privilege: data})
		w.Manual[id] = data
	case k == 3:
		w.person(access.AdminID, access.PrivilegeChanged{ID: id, Before: w.Manual[id], After: data})
		w.Manual[id] = data
	default:
		w.person(access.AdminID, access.PrivilegeDeleted{ID: id, Privilege: w.Manual[id]})
		w.goneManual[id] = w.Manual[id]
		delete(w.Manual, id)
	}
}

// someRight is on something that lives, or on nothing.
func (w *World) someRight() access.PrivilegeData {
	d := access.PrivilegeData{
		Name: fmt.Sprint("p", w.number()), Operation: access.Operation(max(0, w.rng.IntN(6)-3)), ResourceType: access.Kind(w.rng.IntN(5)), Comment: "c",
	}
	switch d.ResourceType {
	case access.KindServer:
		d.ResourceID = Pick(w.Naive, w.Servers)
	case access.KindZone:
		if w.rng.IntN(2) == 0 {
			d.Zones = []string{"*.example", "**.team.example", "zone1.**", "*.*.example"}[w.rng.IntN(4)]
			d.Name = fmt.Sprintf("ZONE~%s#%s#%d", d.Zones, d.Operation, w.number())
			break
		}
		d.ResourceID = Pick(w.Naive, w.Zones)
	case access.KindRecord:
		d.ResourceID = Pick(w.Naive, w.Records)
	default:
		d.ResourceID = int64(w.rng.IntN(9)) // a view's, or nothing's
	}
	return d
}

// some are up to n of the ids, ascending.
func (w *World) some(ids []int64, n int) []int64 {
	chosen := []int64{}
	for range w.rng.IntN(n + 1) {
		chosen = append(chosen, ids[w.rng.IntN(len(ids))])
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

// someSet is a set of privileges: built-in, made by hand, of live resources.
func (w *World) someSet() []int64 {
	all := slices.Concat([]int64{1, 2, 3, 4}, SortedKeys(w.Manual), SortedKeys(w.Manual), SortedKeys(w.Manual))
	add := func(key Key) {
		first := w.Targets[key].Privilege
		all = append(all, first, first, first+1, first+2)
	}
	for _, id := range SortedKeys(w.Servers) {
		add(Key{access.KindServer, id})
	}
	for _, id := range SortedKeys(w.Zones) {
		add(Key{access.KindZone, id})
	}
	return w.some(all, 12)
}
