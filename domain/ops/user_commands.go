package ops

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// AddUser adds a user together with their public keys.
type AddUser struct {
	access.AddUser
	keys []string
}

// NewAddUser checks the codes and the keys, see [ParseKeys].
func NewAddUser(user access.UserRegistered, codes []int, lines []string) (AddUser, error) {
	add, err := access.NewAddUser(user, codes)
	if err != nil {
		return AddUser{}, err
	}
	keys, err := ParseKeys(lines)
	return AddUser{AddUser: add, keys: keys}, err
}

// Decide implements [domain.Command]. A new user may not log in anywhere yet, so that no
// machine is given the keys.
func (c AddUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.AddUser.Decide(h, env)
	if err != nil || len(c.keys) == 0 {
		return events, err
	}
	user := events[0].(access.UserRegistered)
	return append(events, UserKeysChanged{User: user.ID, Before: []string{}, After: c.keys}), nil
}

// DeleteUser deletes a user together with their keys and grants.
type DeleteUser struct {
	access.DeleteUser
	ID domain.UserID
}

// NewDeleteUser returns the command; ids start at 1.
func NewDeleteUser(id domain.UserID, ifMatch *domain.Position) (DeleteUser, error) {
	remove, err := access.NewDeleteUser(id, ifMatch)
	return DeleteUser{DeleteUser: remove, ID: id}, err
}

// Decide implements [domain.Command].
func (c DeleteUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.DeleteUser.Decide(h, env)
	if err != nil || len(events) == 0 {
		return events, err
	}
	user := newUserKeys(c.ID)
	user.name = events[0].(access.UserDeleted).Username
	if err := h.Load(user); err != nil {
		return nil, err
	}
	sets, err := user.spread(h, nil)
	if err != nil {
		return nil, err
	}
	if len(user.keys) > 0 {
		events = append(events, UserKeysChanged{User: c.ID, Before: user.keys, After: []string{}})
	}
	for i, a := range user.accounts() {
		events = append(events, AccountRevoked{User: c.ID, Username: user.name, Machine: a.machine, Account: a.name}, sets[i])
	}
	return events, nil
}
