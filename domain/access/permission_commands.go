package access

import "github.com/opsledger/opsledger/domain"

// ChangePermissions replaces a user's set of permission codes. It takes the
// permission updateuser. Only codes that come or go count: a set that is as it
// was changes nothing, and everybody may send it of themselves.
//
// Invariants:
//  1. Every code that a user holds is in the catalogue.
//  2. Nobody gives or takes a code that they lack.
//  3. Nobody changes their own codes, whatever they hold.
//  4. Nobody changes those of a user who has more than they have, see [RequireOutranks].
type ChangePermissions struct {
	id      domain.UserID
	codes   []int
	ifMatch *domain.Position
}

// NewChangePermissions checks the codes.
func NewChangePermissions(id domain.UserID, codes []int, ifMatch *domain.Position) (ChangePermissions, error) {
	if id <= 0 {
		return ChangePermissions{}, noUser(id)
	}
	set, err := checkCodes(codes)
	return ChangePermissions{id: id, codes: set, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c ChangePermissions) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	user, actor, err := loadUser(h, env, c.id, Permitted(CodeUpdateUser), true, c.ifMatch)
	if err != nil {
		return nil, err
	}
	changed := differing(user.Codes, c.codes)
	if len(changed) == 0 {
		return nil, nil
	}
	if env.Actor == c.id {
		return nil, domain.Forbidden("无权限！不能修改自己的权限")
	}
	if err := checkOutranks(h, actor, user); err != nil {
		return nil, err
	}
	if err := checkGrants(actor, changed); err != nil {
		return nil, err
	}
	return []domain.Event{UserPermissionsChanged{ID: c.id, Codes: c.codes}}, nil
}

// AddUser makes a user for somebody else, with permission codes. It takes the
// permission adduser; otherwise it is as [RegisterUser], whose invariants hold,
// and those of [ChangePermissions].
type AddUser struct {
	register RegisterUser
	codes    []int
}

// NewAddUser checks the codes. The user is as for [RegisterUser].
func NewAddUser(user UserRegistered, codes []int) (AddUser, error) {
	set, err := checkCodes(codes)
	return AddUser{register: RegisterUser{User: user}, codes: set}, err
}

// Allocates implements [domain.Allocator].
func (c AddUser) Allocates() []domain.Sequence { return c.register.Allocates() }

// Decide implements [domain.Command]. The first event is the [UserRegistered].
func (c AddUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, err := Load(h, env.Actor)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireCode(CodeAddUser); err != nil {
		return nil, err
	}
	if err := checkGrants(actor, c.codes); err != nil {
		return nil, err
	}
	events, err := c.register.Decide(h, env)
	if err != nil || len(c.codes) == 0 {
		return events, err
	}
	user := events[0].(UserRegistered)
	return append(events, UserPermissionsChanged{ID: user.ID, Codes: c.codes}), nil
}
