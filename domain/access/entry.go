package access

import (
	"github.com/opsledger/opsledger/domain"
)

// Entry is an entry of the operation log, as rights see it.
type Entry struct {
	// Actor is who did what the entry tells of.
	Actor domain.UserID
	// Target is the server, view, zone or record that the entry is on; nil if it is on
	// anything else.
	Target *Target
	// Code is the permission code by which the task, the machine or the ssh key that the
	// entry is on is read; 0 if it is on anything else.
	Code int
	// Zone is the one that a record lives in, or lived in.
	Zone Target
	// Deleted says that the target is gone, ZoneDeleted that Zone is.
	Deleted, ZoneDeleted bool
}

// Sees says whether the actor may read an entry of the operation log. It knows what
// [Actor.May] knows.
//
//  1. Admin sees every entry, and everybody sees the entries on what they did themselves.
//  2. Entries on users, roles, privileges and the BIND configuration are for admin.
//  3. Entries on views are for everybody.
//  4. Entries on a server, a zone or a record are for who may ACCESS it now.
//  5. Entries on a server or a zone that is gone are for its creator, and for who
//     holds a built-in role of its kind whose set was never replaced.
//  6. Entries on a record that is gone are for who sees those on its zone.
//  7. Entries on tasks, machines and ssh keys are for who holds the code to read them.
func (a *Actor) Sees(e Entry) bool {
	switch {
	case a.id == domain.System:
		return true
	case !a.state.registered:
		return false
	case a.Admin(), e.Actor == a.id:
		return true
	case e.Code != 0:
		return a.May(Permitted(e.Code))
	case e.Target == nil:
		return false
	}
	switch {
	case e.Target.Kind == KindView:
		return true
	case e.Target.Kind != KindRecord:
		return a.seesResource(*e.Target, e.Deleted)
	case e.Deleted: // whatever privilege there was for it alone
		return a.seesResource(e.Zone, e.ZoneDeleted)
	default:
		return a.May(OnRecord(*e.Target, e.Zone, OperationAccess))
	}
}

// seesResource says whether the actor sees the entries on a server or a zone.
func (a *Actor) seesResource(t Target, deleted bool) bool {
	t.Gone = deleted
	return a.May(On(t, OperationAccess))
}
