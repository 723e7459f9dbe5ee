package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// Role is what a role grants, as a fold.
//
// Invariants:
//  1. A resource's creation and deletion change no role: what a built-in role
//     grants of each resource of its kind follows from the resource's position,
//     not from a list.
//  2. A decision that a role allowed conflicts with any newer change of the role.
type Role struct {
	id    int64
	state roleState
}

type roleState struct {
	exists bool
	name   string
	// privileges are the ids of the explicit set, ascending; replaced, never changed in place.
	privileges []int64
	// replaced is the position of the change by which the role got its set, 0 for none. A built-in
	// role grants of itself what is younger.
	replaced domain.Position
	// changed is the position of the role's last event, 0 for none.
	changed domain.Position
	// lastName and lastPrivileges are what a deleted role had. It grants nothing of them.
	lastName       string
	lastPrivileges []int64
}

// endedAs says whether a deleted role had a name and a set.
func (s roleState) endedAs(name string, privileges []int64) bool {
	return s.lastName == name && slices.Equal(s.lastPrivileges, privileges)
}

// NewRole returns the fold of the given role. A built-in role exists from the start.
func NewRole(id int64) *Role {
	r := &Role{id: id}
	if b, ok := builtinRole(id); ok {
		r.state = roleState{exists: true, name: b.Name, privileges: b.Privileges}
	}
	return r
}

var (
	roleGuards = []string{RoleChanged{}.EventType(), RoleDeleted{}.EventType()}
	roleTypes  = append([]string{RoleCreated{}.EventType()}, roleGuards...)
)

// Item implements [domain.Fold].
func (f *Role) Item() domain.Item {
	return domain.Item{Tag: TagRole(f.id), Types: roleTypes, Guards: roleGuards}
}

// Apply implements [domain.Fold].
func (f *Role) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case RoleCreated:
		f.state.exists, f.state.name, f.state.privileges = true, e.Name, e.Privileges
	case RoleChanged:
		f.state.name, f.state.privileges, f.state.replaced = e.Name, e.Privileges, e.ReplacedAt(r.Position)
	case RoleDeleted:
		f.state = roleState{lastName: f.state.name, lastPrivileges: f.state.privileges}
	default:
		return
	}
	f.state.changed = r.Position
}

// ReplacedAt is the position of the change by which the role got the set that it has after the
// event, which is at a position itself.
func (e RoleChanged) ReplacedAt(p domain.Position) domain.Position {
	if e.Replaced != nil {
		return *e.Replaced
	}
	return p
}

// Snapshot implements [domain.Fold].
func (f *Role) Snapshot() any { return f.state }

// Restore implements [domain.Fold].
func (f *Role) Restore(s any) { f.state = s.(roleState) }

// ID is the role's id.
func (f *Role) ID() int64 { return f.id }

// holds says whether the privilege is in the role's explicit set.
func (f *Role) holds(privilege int64) bool {
	_, found := slices.BinarySearch(f.state.privileges, privilege)
	return found
}

// grants says whether the role allows an operation on a server, view or zone by
// the resource's own privileges. Those of one that is gone are gone, too, but for what a
// built-in role whose set was never replaced grants.
func (f *Role) grants(t *Target, o Operation) bool {
	if t.Privilege > 0 && !t.Gone && f.holds(t.Privilege+int64(o)) {
		return true
	}
	b, ok := builtinRole(f.id)
	young := t.Created > f.state.replaced && (!t.Gone || f.state.replaced == 0)
	return ok && b.Kind == t.Kind && (!b.Guest || o == OperationAccess) && young
}

// grantsManually says whether the role allows it by a privilege made by hand.
func (f *Role) grantsManually(t *Target, o Operation) bool {
	for _, m := range t.Manual {
		if !t.Gone && m.Operation == o && f.holds(m.ID) {
			return true
		}
	}
	return false
}
