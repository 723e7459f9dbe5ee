package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// Actor is who a command acts for, as a fold over the events of that user. A
// decision loads it with its other folds and asks [Authorize].
//
// Invariants:
//  1. An append conflicts with any newer change of what the actor holds: no
//     command outlives the right that it was decided with.
//  2. The system may do everything; nobody else may before they are registered,
//     or after they are deleted.
//  3. What [Actor.Within] a credential may, its user may.
type Actor struct {
	id    domain.UserID
	state actorState
	// credential bounds what the user may; nil for a login. It is no part of the fold.
	credential *CredentialState
	// roles are the held roles that were loaded, see Hold. They are no part of
	// the fold.
	roles []*Role
}

type actorState struct {
	registered bool
	// roles and codes are replaced, never changed in place.
	roles []int64
	codes []int
}

// NewActor returns the fold of the given user.
func NewActor(id domain.UserID) *Actor { return &Actor{id: id} }

// Load reads the actor of a decision that needs no other fold at the same time.
func Load(h domain.History, id domain.UserID) (*Actor, error) {
	a := NewActor(id)
	return a, h.Load(a)
}

// LoadWhole reads the actor with the roles that they hold, so that [Actor.May]
// knows all about them.
func LoadWhole(h domain.History, id domain.UserID) (*Actor, error) {
	a, err := Load(h, id)
	if err != nil || a.Admin() {
		return a, err
	}
	return a, a.load(h, a.state.roles)
}

// Item implements [domain.Fold].
func (a *Actor) Item() domain.Item {
	return domain.Item{Tag: TagUser(a.id), Types: actorTypes, Guards: actorGuards}
}

// These lists say which events tell who may do what, and which of them guard a
// decision. Read only.
var (
	actorGuards = []string{UserRolesChanged{}.EventType(), UserPermissionsChanged{}.EventType(), UserDeleted{}.EventType()}
	actorTypes  = append([]string{UserRegistered{}.EventType()}, actorGuards...)
)

// Apply implements [domain.Fold].
func (a *Actor) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		a.state.registered = true
	case UserRolesChanged:
		a.state.roles, a.roles = e.After, nil
	case UserPermissionsChanged:
		a.state.codes = e.Codes
	case UserDeleted:
		a.state, a.roles = actorState{}, nil
	}
}

// Snapshot implements [domain.Fold].
func (a *Actor) Snapshot() any { return a.state }

// Restore implements [domain.Fold].
func (a *Actor) Restore(s any) { a.state, a.roles = s.(actorState), nil }

// ID is the user.
func (a *Actor) ID() domain.UserID { return a.id }

// Registered says whether the user exists.
func (a *Actor) Registered() bool { return a.state.registered }

// Admin says whether the actor may do everything.
func (a *Actor) Admin() bool { return a.administers() && !a.narrow() }

// administers says whether the user holds the role that may do everything.
func (a *Actor) administers() bool { return slices.Contains(a.state.roles, RoleAdmin) }

// Codes are the permission codes that the user holds (ascending). Read only.
func (a *Actor) Codes() []int { return a.state.codes }

// Hold tells the actor what roles grant. It ignores roles that the user does not
// hold.
func (a *Actor) Hold(roles ...*Role) {
	for _, r := range roles {
		if slices.Contains(a.state.roles, r.id) && !slices.ContainsFunc(a.roles, func(known *Role) bool { return known.id == r.id }) {
			a.roles = append(a.roles, r)
		}
	}
}

// load reads some of the actor's roles, in one round trip.
func (a *Actor) load(h domain.History, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	folds := make([]domain.Fold, len(ids))
	roles := make([]*Role, len(ids))
	for i, id := range ids {
		roles[i] = NewRole(id)
		folds[i] = roles[i]
	}
	if err := h.Load(folds...); err != nil {
		return err
	}
	a.Hold(roles...)
	return nil
}
