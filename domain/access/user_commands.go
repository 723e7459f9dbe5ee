package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// UserChange is what a request changes of a user; what is nil stays.
type UserChange struct {
	Profile ProfileChange
	// Roles replace the set of roles. Only an admin may change it.
	Roles *[]int64
}

// ProfileChange is what changes of a person's data, sealed with the user's key.
// The caller leaves out a field that already has the value: sealed again, the
// same value would be another text.
type ProfileChange struct {
	// Mail goes with MailDigest: both or none are given.
	Mail, Nickname, Phone, Position, Location *Sealed
	MailDigest                                *string
	// Department is not sealed, see [ParseDepartment].
	Department *string
}

// UpdateUser changes a user's profile, roles, or both. Users may change their own
// profile, and holders of the permission updateuser that of others.
//
// Invariants:
//  1. Every role that a user holds exists.
//  2. At least one user has the role admin, always.
//  3. Only an admin changes roles: no user can widen what they may do by
//     themselves.
//  4. Nobody changes the mail address of a user who has more than they have.
type UpdateUser struct {
	id      domain.UserID
	change  UserChange
	ifMatch *domain.Position
}

// maxUserRoles bounds the roles of one user: each role is a part of the append
// conditions of that user's commands.
const maxUserRoles = 100

// NewUpdateUser checks the form of a change.
func NewUpdateUser(id domain.UserID, change UserChange, ifMatch *domain.Position) (UpdateUser, error) {
	if id <= 0 {
		return UpdateUser{}, noUser(id)
	}
	if change.Roles != nil {
		roles := sortedIDs(*change.Roles)
		if len(roles) > maxUserRoles {
			return UpdateUser{}, domain.Invalid("role_ids", "不能超过%d个！", maxUserRoles)
		}
		change.Roles = &roles
	}
	return UpdateUser{id: id, change: change, ifMatch: ifMatch}, nil
}

// Decide implements [domain.Command].
func (c UpdateUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	user, actor, err := loadUser(h, env, c.id, Permitted(CodeUpdateUser), true, c.ifMatch)
	if err != nil {
		return nil, err
	}
	var events []domain.Event
	if after := c.change.Profile.merge(user.Profile); after != user.Profile {
		if err := checkMail(h, actor, user, after); err != nil {
			return nil, err
		}
		events = append(events, UserProfileChanged{ID: c.id, Before: user.Profile, After: after})
	}
	if c.change.Roles == nil || slices.Equal(*c.change.Roles, user.Roles) {
		return events, nil
	}
	if err := Authorize(h, actor, Administer()); err != nil {
		return nil, err
	}
	roles := *c.change.Roles
	if err := checkRoles(h, c.id, user.Roles, roles); err != nil {
		return nil, err
	}
	return append(events, UserRolesChanged{ID: c.id, Before: sortedIDs(user.Roles), After: roles}), nil
}

func (c ProfileChange) merge(p Profile) Profile {
	set(&p.Mail, c.Mail)
	set(&p.Nickname, c.Nickname)
	set(&p.Phone, c.Phone)
	set(&p.Position, c.Position)
	set(&p.Location, c.Location)
	set(&p.MailDigest, c.MailDigest)
	set(&p.Department, c.Department)
	return p
}

// checkMail refuses an address that another user has, and to change that of a user
// who has more than the actor.
func checkMail(h domain.History, actor *Actor, user *User, after Profile) error {
	if after.MailDigest == user.Profile.MailDigest && after.Mail == user.Profile.Mail {
		return nil
	}
	if err := checkOutranks(h, actor, user); err != nil || after.MailDigest == "" {
		return err
	}
	mail := newTaken(TagMail(after.MailDigest))
	if err := h.Load(mail); err != nil {
		return err
	}
	if mail.HeldByOther(user.id) {
		return errMailTaken()
	}
	return nil
}

func errMailTaken() error { return domain.Refused("邮箱已存在！").Blame("email") }

// checkRoles refuses roles that do not exist, and taking the role admin from the
// last user who has it.
func checkRoles(h domain.History, user domain.UserID, before, after []int64) error {
	var folds []domain.Fold
	for _, id := range without(after, before) {
		folds = append(folds, newRoleExists(id))
	}
	if err := loadSome(h, folds); err != nil {
		return err
	}
	for _, f := range folds {
		if role := f.(*roleExists); !role.state.exists {
			return domain.Invalid("role_ids", "Role %d 不存在！", role.id)
		}
	}
	return checkLastAdmin(h, user, without(before, after))
}

// checkLastAdmin refuses to take the role admin, if it is among the lost roles,
// from the last user who has it.
func checkLastAdmin(h domain.History, user domain.UserID, lost []int64) error {
	if !slices.Contains(lost, RoleAdmin) {
		return nil
	}
	admins := newRoleUsers(RoleAdmin)
	if err := h.Load(admins); err != nil {
		return err
	}
	if admins.others(user) == 0 {
		return domain.Refused("至少要有一个拥有admin角色的用户，不能移除最后一个！")
	}
	return nil
}

// loadSome loads folds unless there are none.
func loadSome(h domain.History, folds []domain.Fold) error {
	if len(folds) == 0 {
		return nil
	}
	return h.Load(folds...)
}

// set replaces a field by what was given for it, if anything was.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// DeleteUser removes a user for good: the name and the mail address are free
// again, the credentials and webhooks end, and the personal key is to be destroyed. It takes the permission deleteuser.
type DeleteUser struct {
	id      domain.UserID
	ifMatch *domain.Position
}

// NewDeleteUser returns the command; ids start at 1.
func NewDeleteUser(id domain.UserID, ifMatch *domain.Position) (DeleteUser, error) {
	if id <= 0 {
		return DeleteUser{}, noUser(id)
	}
	return DeleteUser{id: id, ifMatch: ifMatch}, nil
}

// Decide implements [domain.Command]. The first event is the [UserDeleted].
func (c DeleteUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	user, actor, err := loadUser(h, env, c.id, Permitted(CodeDeleteUser), false, c.ifMatch)
	if err != nil {
		return nil, err
	}
	if err := checkOutranks(h, actor, user); err != nil {
		return nil, err
	}
	if err := checkLastAdmin(h, c.id, user.Roles); err != nil {
		return nil, err
	}
	credentials, hooks := newUserCredentials(c.id), newUserWebhooks(c.id)
	if err := h.Load(credentials, hooks); err != nil {
		return nil, err
	}
	deleted := UserDeleted{
		ID: c.id, Username: user.Username, MailDigest: user.Profile.MailDigest,
		PasswordHash: user.PasswordHash, PersonalKey: user.PersonalKey, Roles: user.Roles,
	}
	return slices.Concat([]domain.Event{deleted}, credentials.end(), hooks.end()), nil
}
