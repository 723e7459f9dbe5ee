package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// The inverses of what made, changed or deleted a role, a privilege or what a user holds are the
// client's own commands, or stand beside one.
//
// Invariants:
//  1. Only an admin may undo such a change; of permission codes and profiles who may change them.
//  2. It holds only while its resource is as the event left it; else the refusal, with
//     [domain.CodeChanged], says by which event it is not.

// UndoRoleCreated removes a role that is as it was made, and that no user has.
type UndoRoleCreated struct{ event RoleCreated }

// NewUndoRoleCreated returns the command for an event.
func NewUndoRoleCreated(e RoleCreated) UndoRoleCreated { return UndoRoleCreated{event: e} }

// Decide implements [domain.Command].
func (c UndoRoleCreated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	id, role := c.event.ID, NewRole(c.event.ID)
	if err := administering(h, env, role); err != nil {
		return nil, err
	}
	switch s := role.state; {
	case !s.exists:
		return nil, domain.Changed(s.changed, "role %d is gone", id)
	case s.name != c.event.Name || !slices.Equal(s.privileges, c.event.Privileges):
		return nil, domain.Changed(s.changed, "role %d was changed since", id)
	}
	return DeleteRole{id: id}.Decide(h, env)
}

// UndoPrivilegeCreated removes a privilege that is as it was made.
type UndoPrivilegeCreated struct{ event PrivilegeCreated }

// NewUndoPrivilegeCreated returns the command for an event.
func NewUndoPrivilegeCreated(e PrivilegeCreated) UndoPrivilegeCreated {
	return UndoPrivilegeCreated{event: e}
}

// Decide implements [domain.Command].
func (c UndoPrivilegeCreated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := privilegeStands(h, env, c.event.ID, c.event.Privilege); err != nil {
		return nil, err
	}
	return DeletePrivilege{id: c.event.ID}.Decide(h, env)
}

// UndoPrivilegeChanged brings a privilege back to what it was before an event.
type UndoPrivilegeChanged struct{ event PrivilegeChanged }

// NewUndoPrivilegeChanged returns the command for an event.
func NewUndoPrivilegeChanged(e PrivilegeChanged) UndoPrivilegeChanged {
	return UndoPrivilegeChanged{event: e}
}

// Decide implements [domain.Command].
func (c UndoPrivilegeChanged) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	id, before, name := c.event.ID, c.event.Before, privilegeNamed(c.event.Before.Name)
	if err := privilegeStands(h, env, id, c.event.After, name); err != nil {
		return nil, err
	}
	if name.HeldByOther(id) {
		return nil, checkPrivilegeName(before.Name, name, id)
	}
	return []domain.Event{PrivilegeChanged{ID: id, Before: c.event.After, After: before}}, nil
}

// privilegeStands refuses if a privilege made by hand is not what it is said to be.
func privilegeStands(h domain.History, env domain.Env, id int64, is PrivilegeData, more ...domain.Fold) error {
	privilege := newPrivilegeFold(id)
	if err := administering(h, env, append(more, privilege)...); err != nil {
		return err
	}
	switch {
	case !privilege.manual:
		return domain.Changed(privilege.changed, "privilege %d is gone", id)
	case privilege.data != is:
		return domain.Changed(privilege.changed, "privilege %d was changed since", id)
	}
	return nil
}

// UndoUserRoles gives a user the roles back that they held before an event.
type UndoUserRoles struct{ event UserRolesChanged }

// NewUndoUserRoles returns the command for an event.
func NewUndoUserRoles(e UserRolesChanged) UndoUserRoles { return UndoUserRoles{event: e} }

// Decide implements [domain.Command].
func (c UndoUserRoles) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	user, before := NewUser(c.event.ID), sortedIDs(c.event.Before)
	if err := administering(h, env, user); err != nil {
		return nil, err
	}
	now := sortedIDs(user.Roles)
	switch {
	case !user.Exists:
		return nil, domain.Changed(user.Changed, "user %d is gone", c.event.ID)
	case !slices.Equal(now, sortedIDs(c.event.After)):
		return nil, domain.Changed(user.Changed, "the roles of user %d were changed since", c.event.ID)
	}
	if err := checkRoles(h, c.event.ID, now, before); err != nil {
		return nil, err
	}
	return []domain.Event{UserRolesChanged{ID: c.event.ID, Before: now, After: before}}, nil
}

// administering loads folds, and refuses all but an admin.
func administering(h domain.History, env domain.Env, folds ...domain.Fold) error {
	actor := NewActor(env.Actor)
	if err := h.Load(append(folds, actor)...); err != nil {
		return err
	}
	return Authorize(h, actor, Administer())
}
