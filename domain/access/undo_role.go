package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// UndoRoleChanged gives a role the name and the set back that it had before an event. A built-in
// role grants of itself what it granted then.
type UndoRoleChanged struct {
	event  RoleChanged
	at     domain.Position
	before roleState
}

// NewUndoRoleChanged returns the command for an event at a position; former is the role's event
// before it, nil for none.
func NewUndoRoleChanged(e RoleChanged, at domain.Position, former *domain.Recorded) UndoRoleChanged {
	return UndoRoleChanged{event: e, at: at, before: roleAfter(e.ID, former)}
}

// roleAfter is what a role is after an event, nil for none.
func roleAfter(id int64, e *domain.Recorded) roleState {
	role := NewRole(id)
	if e != nil {
		role.Apply(*e)
	}
	role.state.privileges = append([]int64{}, role.state.privileges...) // which an event never has null
	return role.state
}

// Decide implements [domain.Command]. A set that the role had may have privileges that are gone: they
// grant nothing, unless they come back.
func (c UndoRoleChanged) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	id, role, name := c.event.ID, NewRole(c.event.ID), roleNamed(c.event.FormerName)
	if err := administering(h, env, role, name); err != nil {
		return nil, err
	}
	_, builtin := builtinRole(id)
	switch s := role.state; {
	case !s.exists:
		return nil, domain.Changed(s.changed, "role %d is gone", id)
	case s.name != c.event.Name || !slices.Equal(s.privileges, c.event.Privileges) ||
		builtin && s.replaced != c.event.ReplacedAt(c.at):
		return nil, domain.Changed(s.changed, "role %d was changed since", id)
	case name.HeldByOther(id):
		return nil, errRoleTwice()
	}
	return []domain.Event{RoleChanged{
		ID: id, Name: c.event.FormerName, FormerName: c.event.Name, Privileges: c.before.privileges, Replaced: &c.before.replaced,
	}}, nil
}

// RestoreRole brings a deleted role back, as it was when it was deleted: no user had it. One that the
// same change deletes is to be what the event deleted.
type RestoreRole struct {
	event  RoleDeleted
	at     domain.Position
	before roleState
}

// NewRestoreRole returns the command for a deletion at a position; former is the role's event
// before it.
func NewRestoreRole(e RoleDeleted, at domain.Position, former *domain.Recorded) RestoreRole {
	return RestoreRole{event: e, at: at, before: roleAfter(e.ID, former)}
}

// Decide implements [domain.Command].
func (c RestoreRole) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	id, role, name := c.event.ID, NewRole(c.event.ID), roleNamed(c.event.Name)
	if err := administering(h, env, role, name); err != nil {
		return nil, err
	}
	switch changed := role.state.changed; {
	case role.state.exists || changed != c.at && !changed.Pending():
		return nil, domain.Changed(changed, "role %d was restored since", id)
	case changed.Pending() && !role.state.endedAs(c.event.Name, c.before.privileges):
		return nil, domain.Changed(changed, "role %d was changed since", id)
	case name.HeldByOther(id):
		return nil, errRoleTwice()
	}
	return []domain.Event{RoleCreated{ID: id, Name: c.event.Name, Privileges: c.before.privileges}}, nil
}

// RestorePrivilege brings a deleted privilege back. It is in the sets of the roles again that had
// it, unless these were replaced since. One that the same change deletes is to be what the event
// deleted.
type RestorePrivilege struct {
	event PrivilegeDeleted
	at    domain.Position
}

// NewRestorePrivilege returns the command for a deletion at a position.
func NewRestorePrivilege(e PrivilegeDeleted, at domain.Position) RestorePrivilege {
	return RestorePrivilege{event: e, at: at}
}

// Decide implements [domain.Command].
func (c RestorePrivilege) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	id, privilege, name := c.event.ID, newPrivilegeFold(c.event.ID), privilegeNamed(c.event.Privilege.Name)
	if err := administering(h, env, privilege, name); err != nil {
		return nil, err
	}
	switch changed := privilege.changed; {
	case privilege.manual || changed != c.at && !changed.Pending():
		return nil, domain.Changed(changed, "privilege %d was restored since", id)
	case changed.Pending() && privilege.data != c.event.Privilege:
		return nil, domain.Changed(changed, "privilege %d was changed since", id)
	case name.HeldByOther(id):
		return nil, checkPrivilegeName(c.event.Privilege.Name, name, id)
	}
	return []domain.Event{PrivilegeCreated{ID: id, Privilege: c.event.Privilege}}, nil
}
