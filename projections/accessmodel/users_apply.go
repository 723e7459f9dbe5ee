package accessmodel

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/table"
)

// userRow is a row of users. Its Roles are not used: who holds what is in the
// timeline, what a role is called in the roles.
type userRow struct {
	User
	// deleted is the position of the user's deletion, or forever.
	deleted domain.Position
}

var users = table.Keeping(table.Table[userRow]{
	Name: "users", Key: "id",
	Columns: func(u *userRow) []table.Column {
		folded := access.FoldUsername(u.Username)
		return append(u.columns(), table.Col("deleted", table.Number, &u.deleted), table.Col("folded", table.Bytewise|table.Fixed, &folded))
	},
	Indexes: []string{"CREATE INDEX ON {schema}.users (folded) WHERE deleted = " + table.ForEver},
}).ListedWhole()

// sameUser says that a user who logs in is no other state of the user.
func sameUser(was, is userRow) bool { return was.Changed == is.Changed }

// erase leaves of what deleted users were the names and what decided what they might do.
const erase = `UPDATE {schema}.users_past SET mail = '', nickname = '', phone = '', position = '', location = '', department = '',
	mail_digest = '', password_hash = '', personal_key = '' WHERE id = ANY ($1)`

// userRoles is who holds which role.
var userRoles = holdingTable("user_roles", "user_id", "role_id")

func (b *batch) userRegistered(e domain.Recorded, event access.UserRegistered) error {
	user := userRow{deleted: table.Forever, User: User{
		ID: event.ID, Username: event.Username, Source: event.Source,
		PasswordHash: event.PasswordHash, PersonalKey: event.PersonalKey, MemberSince: e.At, LastSeen: e.At, Changed: e.Position,
	}}
	user.setProfile(event.Profile())
	if err := b.users.Add(user); err != nil {
		return err
	}
	return b.log(e, oplog.OperationAdd, userTarget(user), oplog.Stated(b.userDetail(user)))
}

func (b *batch) userProfileChanged(e domain.Recorded, event access.UserProfileChanged) error {
	return b.changeUser(e, event.ID, changedFields(event.Before, event.After), func(u *userRow) { u.setProfile(event.After) })
}

func (b *batch) userPasswordChanged(e domain.Recorded, event access.UserPasswordChanged) error {
	return b.changeUser(e, event.ID, []string{"密码"}, func(u *userRow) { u.PasswordHash = event.PasswordHash })
}

func (b *batch) userLinked(e domain.Recorded, event access.UserLinked) error {
	return b.changeUser(e, event.ID, []string{"来源"}, func(u *userRow) { u.Source, u.PasswordHash = access.SourceLDAP, "" })
}

func (b *batch) userPermissionsChanged(e domain.Recorded, event access.UserPermissionsChanged) error {
	return b.changeUser(e, event.ID, []string{"权限代码"}, func(u *userRow) { u.Codes = event.Codes })
}

func (b *batch) userRolesChanged(e domain.Recorded, event access.UserRolesChanged) error {
	for _, id := range event.After {
		if _, err := b.roles.Find(id); err != nil {
			return err
		}
	}
	return b.changeUser(e, event.ID, []string{"角色"}, func(u *userRow) { b.userRoles.replace(int64(u.ID), event.After) })
}

// changeUser changes a user, and logs them as they were, which fields changed, and as
// they are.
func (b *batch) changeUser(e domain.Recorded, id domain.UserID, fields []string, change func(*userRow)) error {
	user, err := b.user(id)
	if err != nil {
		return err
	}
	was := b.userDetail(user)
	was.Names("修改项", fields)
	change(&user)
	user.Changed = e.Position
	b.users.Put(user)
	return b.log(e, oplog.OperationChange, userTarget(user), oplog.Changed(was, b.userDetail(user)))
}

// userDeleted keeps the name, which the operation log of what the user did needs.
func (b *batch) userDeleted(e domain.Recorded, event access.UserDeleted) error {
	user, err := b.user(event.ID)
	if err != nil {
		return err
	}
	if err := b.log(e, oplog.OperationDelete, userTarget(user), oplog.Stated(b.userDetail(user))); err != nil {
		return err
	}
	b.userRoles.replace(int64(user.ID), nil)
	b.erased = append(b.erased, int64(user.ID))
	bare := User{
		ID: user.ID, Username: user.Username, Source: user.Source, MemberSince: user.MemberSince, LastSeen: user.MemberSince, Changed: e.Position,
	}
	b.users.Put(userRow{User: bare, deleted: e.Position})
	return nil
}

// userLoggedIn changes nothing of the user that a decision could depend on.
func (b *batch) userLoggedIn(e domain.Recorded, event access.UserLoggedIn) {
	if user, err := b.user(event.ID); err == nil {
		user.LastSeen = e.At
		b.users.Put(user)
	}
}

// user returns a user who was not deleted.
func (b *batch) user(id domain.UserID) (userRow, error) {
	user, exists := b.users.Get(id)
	if !exists || user.deleted != table.Forever {
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

func userTarget(u userRow) oplog.Target {
	return oplog.Target{Type: oplog.TargetUser, Name: u.Username, ID: int64(u.ID)}
}

// userDetail shows a user with the roles that they hold now.
func (b *batch) userDetail(u userRow) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", int64(u.ID))
	d.Line("用户名", u.Username)
	d.Line("来源", u.Source)
	d.Names("角色", b.rolesOf(u.ID))
	codes := make([]int64, len(u.Codes))
	for i, code := range u.Codes {
		codes[i] = int64(code)
	}
	d.Numbers("权限代码", codes)
	return d
}

// rolesOf returns the names of a user's roles in the order of their ids.
func (b *batch) rolesOf(user domain.UserID) []string {
	held := b.userRoles.of(int64(user))
	names := make([]string, len(held))
	for i, id := range held {
		role, _ := b.roles.Get(id)
		names[i] = role.Name
	}
	return names
}
