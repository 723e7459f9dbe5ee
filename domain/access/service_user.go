package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// AddServiceUser makes a user who never logs in and for whom programs act, with credentials.
// It takes the permission adduser; only an admin gives roles.
type AddServiceUser struct {
	name  string
	roles []int64
}

// NewAddServiceUser checks the form of the name and of the roles.
func NewAddServiceUser(username string, roles []int64) (AddServiceUser, error) {
	name, err := ParseUsername(username)
	if err != nil {
		return AddServiceUser{}, err
	}
	set := sortedIDs(roles)
	if len(set) > maxUserRoles {
		return AddServiceUser{}, domain.Invalid("role_ids", "不能超过%d个！", maxUserRoles)
	}
	return AddServiceUser{name: name, roles: set}, nil
}

// Allocates implements [domain.Allocator].
func (AddServiceUser) Allocates() []domain.Sequence { return []domain.Sequence{domain.SequenceUser} }

// Decide implements [domain.Command].
func (c AddServiceUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, err := Load(h, env.Actor)
	if err != nil {
		return nil, err
	}
	if err := Authorize(h, actor, Permitted(CodeAddUser)); err != nil {
		return nil, err
	}
	user := UserRegistered{Username: c.name, Source: SourceService}
	events, err := RegisterUser{User: user}.Decide(h, env)
	if err != nil || len(c.roles) == 0 {
		return events, err
	}
	if err := Authorize(h, actor, Administer()); err != nil {
		return nil, err
	}
	id := events[0].(UserRegistered).ID
	if err := checkRoles(h, id, nil, c.roles); err != nil {
		return nil, err
	}
	return slices.Concat(events, []domain.Event{UserRolesChanged{ID: id, Before: []int64{}, After: c.roles}}), nil
}
