package accessmodel

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// User is an account of either dialect.
type User struct {
	ID       domain.UserID
	Username string
	// Source is [access.SourceLocal], [access.SourceLDAP] or [access.SourceService].
	Source string
	// The personal fields, sealed with PersonalKey.
	Mail, Nickname, Phone, Position, Location access.Sealed
	// Department is in clear.
	Department string
	// MailDigest is the keyed digest of the mail address, empty without one.
	MailDigest string
	// PasswordHash names the password hash in the vault, empty for a directory user.
	PasswordHash string
	// PersonalKey names the key in the vault.
	PersonalKey string
	// Codes are the permission codes of the operations dialect, ascending.
	Codes []int
	// Roles are in ascending order of their ids.
	Roles       []Role
	MemberSince time.Time
	// LastSeen is the time of the last login, MemberSince before the first. It has no past: of
	// a user of the past it may be a later login.
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
func (r *Reader) Users(ctx context.Context, f UserFilter, page query.Page) ([]User, int, error) {
	l := listUsers(query.MomentOf(ctx))
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.ContainsFolded("t.username", f.Username)
	if f.Matching == nil {
		return l.Read(ctx, r.pool, page)
	}
	users, _, err := l.Read(ctx, r.pool, query.Everything())
	if err != nil {
		return nil, 0, err
	}
	if users, err = matching(ctx, users, f.Matching); err != nil {
		return nil, 0, err
	}
	from := min(page.Offset(), int64(len(users)))
	to := min(from+int64(page.Size), int64(len(users)))
	return users[from:to], len(users), nil
}

// SearchUsers looks for a text in the usernames with ids below a number, the newest first.
func (r *Reader) SearchUsers(ctx context.Context, text string, before int64, limit int) ([]User, error) {
	l := listUsers(query.MomentOf(ctx))
	l.ContainsFolded("t.username", text)
	return l.Before(ctx, r.pool, before, limit)
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

// User returns one user, or [query.ErrNotFound].
func (r *Reader) User(ctx context.Context, id domain.UserID) (User, error) {
	l := listUsers(query.MomentOf(ctx))
	l.Where("t.id = ?", int64(id))
	return query.First(l.Read(ctx, r.pool, query.One()))
}

// UserByName returns the user of that name, as [access.FoldUsername] compares, or [query.ErrNotFound].
func (r *Reader) UserByName(ctx context.Context, name string) (User, error) {
	l := listUsers(query.MomentOf(ctx))
	l.Text("t.folded = ?", access.FoldUsername(name))
	return query.First(l.Read(ctx, r.pool, query.One()))
}

func (u *User) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &u.ID),
		table.Col("username", table.Bytewise|table.Fixed, &u.Username),
		table.Col("source", table.Text, &u.Source),
		table.Col("mail", table.Text, &u.Mail),
		table.Col("nickname", table.Text, &u.Nickname),
		table.Col("phone", table.Text, &u.Phone),
		table.Col("position", table.Text, &u.Position),
		table.Col("location", table.Text, &u.Location),
		table.Col("department", table.Text, &u.Department),
		table.Col("mail_digest", table.Text, &u.MailDigest),
		table.Col("password_hash", table.Text, &u.PasswordHash),
		table.Col("personal_key", table.Text, &u.PersonalKey),
		table.Col("codes", table.Numbers, &u.Codes),
		table.Col("member_since", table.Time|table.Fixed, &u.MemberSince),
		table.Col("last_seen", table.Time, &u.LastSeen),
		table.Col("changed", table.Number, &u.Changed),
	}
}

// listed are the columns of the row u, with the user's roles.
func (u *User) listed() []table.Column {
	return append(table.Of("u", u.columns()), table.Column{Name: namesOfRoles, Place: &u.Roles})
}

var namesOfRoles = `(SELECT coalesce(json_agg(json_build_object('ID', o.id, 'Name', o.name) ORDER BY o.id), '[]')
	FROM ` + userRoles.In("access") + ` m JOIN ` + table.At("access.roles", "id, name") + ` o ON o.id = m.role_id WHERE m.user_id = u.id)`

func listUsers(at query.Moment) *query.List[User] {
	l := &query.List[User]{At: at, Columns: (*User).listed, From: users.In("access") + " u USING (id)", IDs: users.In("access") + " t"}
	l.And("t.deleted = " + table.ForEver)
	return l
}

// usersAscending is the list of users as the operations dialect reads it.
func usersAscending(order string) string {
	return `SELECT n.total, p.* FROM (SELECT count(*) AS total FROM ` + table.At("access.users", "deleted") + ` d
			WHERE deleted = ` + table.ForEver + `) n
		LEFT JOIN (SELECT ` + table.Names((&User{}).listed()) + ` FROM ` + users.In("access") + ` u WHERE u.deleted = ` + table.ForEver + `
		ORDER BY u.id` + order + ` OFFSET $1 LIMIT $2) p ON true ORDER BY p.id` + order
}

// UsersAscending returns a part of the list of users, which is by ascending id unless the
// range says otherwise, and the number of all.
func (r *Reader) UsersAscending(ctx context.Context, part query.Range) ([]User, int, error) {
	rows, err := query.Rows(ctx, r.pool, usersAscending(part.Order()), part.Start, part.Count)
	if err != nil {
		return nil, 0, err
	}
	return query.Collect(rows, (*User).listed)
}
