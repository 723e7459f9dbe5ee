package projections

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// User is an account of either dialect.
type User struct {
	ID       domain.UserID
	Username string
	// Source is [access.SourceLocal] or [access.SourceLDAP].
	Source string
	// The personal fields, sealed with PersonalKey.
	Mail, Nickname, Phone, Position, Location access.Sealed
	// Credential names the password hash in the vault, empty for a directory user.
	Credential string
	// PersonalKey names the key in the vault.
	PersonalKey string
	// Roles are in ascending order of their ids.
	Roles       []Role
	MemberSince time.Time
	// Changed is the position of the user's last event.
	Changed domain.Position
}

// User returns one user, or [ErrNotFound].
func (r *Reader) User(ctx context.Context, id domain.UserID) (User, error) {
	l := listUsers()
	l.where("t.id = ?", int64(id))
	return first(l.read(ctx, r, Page{Number: 1, Size: 1}))
}

// UserByName returns the user of that name, compared without case, or [ErrNotFound].
func (r *Reader) UserByName(ctx context.Context, name string) (User, error) {
	l := listUsers()
	l.text("lower(t.username) = ?", lowerASCII(name))
	return first(l.read(ctx, r, Page{Number: 1, Size: 1}))
}

const userColumns = `u.id, u.username, u.source, u.mail, u.nickname, u.phone, u.position, u.location, u.credential, u.personal_key, u.member_since, u.changed,
	(SELECT coalesce(json_agg(json_build_object('ID', o.id, 'Name', o.name) ORDER BY o.id), '[]') FROM {schema}.user_roles m JOIN {schema}.roles o ON o.id = m.role_id WHERE m.user_id = u.id) AS roles`

func listUsers() *listing[User] {
	return &listing[User]{columns: inSchema("access", userColumns), from: "access.users u USING (id)", ids: "access.users t", scan: scanUser}
}

func scanUser(u *User) []any {
	return []any{&u.ID, &u.Username, &u.Source, &u.Mail, &u.Nickname, &u.Phone, &u.Position, &u.Location,
		&u.Credential, &u.PersonalKey, &u.MemberSince, &u.Changed, &u.Roles}
}
