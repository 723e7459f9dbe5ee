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
	// Department is in clear.
	Department string
	// MailDigest is the keyed digest of the mail address, empty without one.
	MailDigest string
	// Credential names the password hash in the vault, empty for a directory user.
	Credential string
	// PersonalKey names the key in the vault.
	PersonalKey string
	// Codes are the permission codes of the operations dialect, ascending.
	Codes []int
	// Roles are in ascending order of their ids.
	Roles       []Role
	MemberSince time.Time
	// LastSeen is the time of the last login, MemberSince before the first.
	LastSeen time.Time
	// Changed is the position of the user's last event; a login is none.
	Changed domain.Position
}

// UserFilter restricts a list of users; what is nil or empty does not.
type UserFilter struct {
	ID *int64
	// Username matches as a substring, without case.
	Username string
	// Matching tells which of some users match: the personal fields are sealed, so
	// no query can. With it, all users that the rest lets through are read, and
	// it is asked, in the list's order, about up to 1000 at a time.
	Matching func(ctx context.Context, users []User) ([]bool, error)
}

// Users lists the users. Deleted ones are in no list.
func (r *Reader) Users(ctx context.Context, f UserFilter, page Page) ([]User, int, error) {
	l := listUsers()
	equal(&l.query, "t.id", f.ID)
	l.containsFolded("t.username", f.Username)
	if f.Matching == nil {
		return l.read(ctx, r, page)
	}
	users, _, err := l.read(ctx, r, everything)
	if err != nil {
		return nil, 0, err
	}
	if users, err = matching(ctx, users, f.Matching); err != nil {
		return nil, 0, err
	}
	from := min(page.offset(), int64(len(users)))
	to := min(from+int64(page.Size), int64(len(users)))
	return users[from:to], len(users), nil
}

// matching keeps the users that match.
func matching(ctx context.Context, users []User, match func(context.Context, []User) ([]bool, error)) ([]User, error) {
	const chunk = 1000
	kept := []User{}
	for len(users) > 0 {
		n := min(chunk, len(users))
		matches, err := match(ctx, users[:n])
		if err != nil {
			return nil, err
		}
		for i, user := range users[:n] {
			if matches[i] {
				kept = append(kept, user)
			}
		}
		users = users[n:]
	}
	return kept, nil
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

const (
	userColumns = `u.id, u.username, u.source, u.mail, u.nickname, u.phone, u.position, u.location, u.department, u.mail_digest, u.credential, u.personal_key,
		u.codes, u.member_since, u.last_seen, u.changed`
	namesOfRoles = `(SELECT coalesce(json_agg(json_build_object('ID', o.id, 'Name', o.name) ORDER BY o.id), '[]')
		FROM access.user_roles m JOIN access.roles o ON o.id = m.role_id WHERE m.user_id = u.id AND m.until = ` + forEver + `) AS roles`
)

func listUsers() *listing[User] {
	return &listing[User]{
		query:   query{conditions: []string{"t.deleted = " + forEver}},
		columns: userColumns + ", " + namesOfRoles, from: "access.users u USING (id)", ids: "access.users t",
		scan: func(u *User) []any { return append(scanUser(u), &u.Roles) },
	}
}

func scanUser(u *User) []any {
	return []any{&u.ID, &u.Username, &u.Source, &u.Mail, &u.Nickname, &u.Phone, &u.Position, &u.Location, &u.Department, &u.MailDigest, &u.Credential, &u.PersonalKey,
		&u.Codes, &u.MemberSince, &u.LastSeen, &u.Changed}
}
