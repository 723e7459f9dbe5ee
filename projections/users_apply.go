package projections

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// userRow is a row of users. Its Roles are not used: who holds what is in the
// timeline, what a role is called in the roles.
type userRow struct {
	User
	// deleted is the position of the user's deletion, or forever.
	deleted domain.Position
}

func (b *accessBatch) userRegistered(e domain.Recorded, event access.UserRegistered) error {
	user := userRow{deleted: forever, User: User{
		ID: event.ID, Username: event.Username, Source: event.Source,
		Credential: event.Credential, PersonalKey: event.PersonalKey, MemberSince: e.At, LastSeen: e.At, Changed: e.Position,
	}}
	user.setProfile(event.Profile())
	if err := b.users.Add(user.ID, user); err != nil {
		return err
	}
	return b.logUser(e, OperationAdd, user, "")
}

func (b *accessBatch) userProfileChanged(e domain.Recorded, event access.UserProfileChanged) error {
	return b.changeUser(e, event.ID, changedFields(event.Before, event.After), func(u *userRow) { u.setProfile(event.After) })
}

func (b *accessBatch) userPasswordChanged(e domain.Recorded, event access.UserPasswordChanged) error {
	return b.changeUser(e, event.ID, []string{"密码"}, func(u *userRow) { u.Credential = event.Credential })
}

func (b *accessBatch) userLinked(e domain.Recorded, event access.UserLinked) error {
	return b.changeUser(e, event.ID, []string{"来源"}, func(u *userRow) { u.Source, u.Credential = access.SourceLDAP, "" })
}

func (b *accessBatch) userPermissionsChanged(e domain.Recorded, event access.UserPermissionsChanged) error {
	return b.changeUser(e, event.ID, []string{"权限代码"}, func(u *userRow) { u.Codes = event.Codes })
}

func (b *accessBatch) userRolesChanged(e domain.Recorded, event access.UserRolesChanged) error {
	for _, id := range event.After {
		if _, err := b.roles.Find(id); err != nil {
			return err
		}
	}
	return b.changeUser(e, event.ID, []string{"角色"}, func(u *userRow) { b.userRoles.replace(int64(u.ID), event.After, e.Position) })
}

// changeUser logs the user as they were, and which fields change, then changes them.
func (b *accessBatch) changeUser(e domain.Recorded, id domain.UserID, fields []string, change func(*userRow)) error {
	user, err := b.user(id)
	if err != nil {
		return err
	}
	if err := b.logUser(e, OperationChange, user, beforeChange, fields...); err != nil {
		return err
	}
	change(&user)
	user.Changed = e.Position
	b.users.Put(id, user)
	return nil
}

// userDeleted keeps the name, which the operation log of what the user did needs.
func (b *accessBatch) userDeleted(e domain.Recorded, event access.UserDeleted) error {
	user, err := b.user(event.ID)
	if err != nil {
		return err
	}
	if err := b.logUser(e, OperationDelete, user, ""); err != nil {
		return err
	}
	b.userRoles.replace(int64(user.ID), nil, e.Position)
	bare := User{ID: user.ID, Username: user.Username, Source: user.Source, MemberSince: user.MemberSince, LastSeen: user.MemberSince, Changed: e.Position}
	b.users.Put(user.ID, userRow{User: bare, deleted: e.Position})
	return nil
}

// userLoggedIn changes nothing of the user that a decision could depend on.
func (b *accessBatch) userLoggedIn(e domain.Recorded, event access.UserLoggedIn) {
	if user, err := b.user(event.ID); err == nil {
		user.LastSeen = e.At
		b.users.Put(user.ID, user)
	}
}

// user returns a user who was not deleted.
func (b *accessBatch) user(id domain.UserID) (userRow, error) {
	user, exists := b.users.Get(id)
	if !exists || user.deleted != forever {
		return user, fmt.Errorf("user %d does not exist", id)
	}
	return user, nil
}

func (u *User) setProfile(p access.Profile) {
	u.Mail, u.Nickname, u.Phone, u.Position, u.Location = p.Mail, p.Nickname, p.Phone, p.Position, p.Location
	u.Department, u.MailDigest = p.Department, p.MailDigest
}

// changedFields names the fields of a profile that differ; what they hold is nobody's business.
func changedFields(before, after access.Profile) []string {
	var fields []string
	for _, f := range []struct {
		label         string
		before, after access.Sealed
	}{
		{"邮箱", before.Mail, after.Mail}, {"中文名", before.Nickname, after.Nickname}, {"手机号", before.Phone, after.Phone},
		{"职位", before.Position, after.Position}, {"地址", before.Location, after.Location},
		{"部门", access.Sealed(before.Department), access.Sealed(after.Department)},
	} {
		if f.before != f.after {
			fields = append(fields, f.label)
		}
	}
	return fields
}

// logUser writes an entry that shows the given state of a user, and names the
// fields that the event changes.
func (b *accessBatch) logUser(e domain.Recorded, operation string, shown userRow, heading string, fields ...string) error {
	var d detail
	d.WriteString(heading)
	d.number("id", int64(shown.ID))
	d.line("用户名", shown.Username)
	d.line("来源", shown.Source)
	d.names("角色", b.rolesOf(shown.ID))
	d.numbers("权限代码", Column(shown.Codes, func(code int) int64 { return int64(code) }))
	if len(fields) > 0 {
		d.names("修改项", fields)
	}
	return b.log(e, operation, TargetUser, shown.Username, int64(shown.ID), d.String())
}

// rolesOf returns the names of a user's roles in the order of their ids.
func (b *accessBatch) rolesOf(user domain.UserID) []string {
	return Column(b.userRoles.of(int64(user)), func(id int64) string { role, _ := b.roles.Get(id); return role.Name })
}
