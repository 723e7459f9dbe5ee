package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// ChangeRoles replaces the roles of a user. Only the system and an admin may.
type ChangeRoles struct {
	ID    domain.UserID
	Roles []int64
}

// Decide implements [domain.Command].
func (c ChangeRoles) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, user := NewActor(env.Actor), NewActor(c.ID)
	if err := h.Load(actor, user); err != nil {
		return nil, err
	}
	if err := actor.Require(Right{name: "admin"}); err != nil {
		return nil, err
	}
	if !user.state.registered {
		return nil, domain.NotFound("User %d 不存在！", c.ID)
	}
	roles := sortedIDs(c.Roles)
	if slices.Equal(user.state.roles, roles) {
		return nil, nil
	}
	before := user.state.roles
	if before == nil {
		before = []int64{}
	}
	return []domain.Event{UserRolesChanged{ID: c.ID, Before: before, After: roles}}, nil
}

// sortedIDs returns the ids ascending and without repeats, never nil.
func sortedIDs(ids []int64) []int64 {
	out := append([]int64{}, ids...)
	slices.Sort(out)
	return slices.Compact(out)
}
