package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// Actor is who a command acts for, as a fold over the events of that user. A
// decision loads it with its other folds and asks it with [Actor.Require].
//
// Invariants:
//  1. An append conflicts with any newer change of the actor's roles: no
//     command outlives the right that it was decided with.
//  2. The system may do everything; nobody else may before they are registered.
type Actor struct {
	id    domain.UserID
	state actorState
}

type actorState struct {
	registered bool
	roles      []int64 // never changed in place
}

// NewActor returns the fold of the given user.
func NewActor(id domain.UserID) *Actor { return &Actor{id: id} }

// Load reads the actor of a decision that needs no other fold at the same time.
func Load(h domain.History, id domain.UserID) (*Actor, error) {
	a := NewActor(id)
	return a, h.Load(a)
}

// Item implements [domain.Fold].
func (a *Actor) Item() domain.Item {
	return domain.Item{
		Tag:    TagUser(a.id),
		Types:  []string{UserRegistered{}.EventType(), UserRolesChanged{}.EventType()},
		Guards: []string{UserRolesChanged{}.EventType()},
	}
}

// Apply implements [domain.Fold].
func (a *Actor) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		a.state.registered = true
	case UserRolesChanged:
		a.state.roles = e.After
	}
}

// Snapshot implements [domain.Fold].
func (a *Actor) Snapshot() any { return a.state }

// Restore implements [domain.Fold].
func (a *Actor) Restore(s any) { a.state = s.(actorState) }

// Require returns nil when the actor has the right, else a [domain.Error]:
// CodeUnauthenticated when the user does not exist, CodeForbidden otherwise.
func (a *Actor) Require(r Right) error {
	switch {
	case a.id == domain.System:
		return nil
	case !a.state.registered:
		return &domain.Error{Code: domain.CodeUnauthenticated, Message: "Token is invalid!"}
	case slices.Contains(a.state.roles, RoleAdmin):
		return nil
	default:
		return domain.Forbidden("无权限！缺少权限：%s", r.Name())
	}
}
