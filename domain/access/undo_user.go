package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// UndoPermissions gives a user the permission codes back that they held before an event.
type UndoPermissions struct {
	event  UserPermissionsChanged
	before []int
}

// NewUndoPermissions returns the command for an event; former is the one before it, nil for none.
func NewUndoPermissions(e UserPermissionsChanged, former domain.Event) UndoPermissions {
	before, _ := former.(UserPermissionsChanged)
	return UndoPermissions{event: e, before: append([]int{}, before.Codes...)}
}

// Decide implements [domain.Command].
func (c UndoPermissions) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := ChangePermissions{id: c.event.ID, codes: c.before}.Decide(h, env)
	if err != nil {
		return nil, err
	}
	user := NewUser(c.event.ID)
	if err := h.Load(user); err != nil {
		return nil, err
	}
	if !slices.Equal(user.Codes, c.event.Codes) {
		return nil, domain.Changed(user.Changed, "the permissions of user %d were changed since", c.event.ID)
	}
	return events, nil
}

// UndoProfile gives a user the profile back that they had before an event. What was erased is not
// in it: it is sealed with a key that went with its user.
type UndoProfile struct{ event UserProfileChanged }

// NewUndoProfile returns the command for an event.
func NewUndoProfile(e UserProfileChanged) UndoProfile { return UndoProfile{event: e} }

// Decide implements [domain.Command].
func (c UndoProfile) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	was := c.event.Before
	events, err := UpdateUser{id: c.event.ID, change: UserChange{Profile: ProfileChange{
		Mail: &was.Mail, Nickname: &was.Nickname, Phone: &was.Phone, Position: &was.Position, Location: &was.Location,
		MailDigest: &was.MailDigest, Department: &was.Department,
	}}}.Decide(h, env)
	if err != nil {
		return nil, err
	}
	user := NewUser(c.event.ID)
	if err := h.Load(user); err != nil {
		return nil, err
	}
	if user.Profile != c.event.After {
		return nil, domain.Changed(user.Changed, "the profile of user %d was changed since", c.event.ID)
	}
	return events, nil
}
